package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// attackANumberOfAnotherAccount has a thief with a password ask his own number in
// place of hers, by its id and by itself.
func attackANumberOfAnotherAccount(t *testing.T) {
	b := newBank(t, cooled)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	const his = second
	mallory := come().signUp("mallory").post("/enrol", "number", his, "region", "US").send("sms").type_(b.vendor.Code(his, ""))
	require.Equal(t, "/recovery", mallory.path, mallory.text("notice"))

	thief := come().logIn("ada")
	at, sent := thief.path, b.vendor.Effects()
	for _, number := range []string{b.numberOf(t, "mallory"), his, "", "0", "1"} {
		assert.Equal(t, http.StatusNotFound, thief.post(at+"/number", "number", number).status, number)
	}
	assert.Equal(t, http.StatusNotFound, mallory.post(at+"/number", "number", b.numberOf(t, "mallory")).status, "nor is it for another's login")
	thief.get(at).send("sms")
	assert.Equal(t, sent+1, b.vendor.Effects())
	assert.Equal(t, phone, b.lastTo(), "it goes to her")
	mallory.post("/logout").logIn("mallory").send("sms")
	thief.type_(b.vendor.Code(his, loginService))
	assert.False(t, thief.in(), "a code of his number opens nothing of hers")
}

// lastTo is whom the newest message went to.
func (b *bank) lastTo() string {
	all := b.vendor.Messages()
	return all[len(all)-1].To
}

// attackAnUnprovenNumber asks a number that is pending, and adds one without a proof
// by the factor that is there.
func attackAnUnprovenNumber(t *testing.T) {
	b := newBank(t, cooled)
	come := b.serve(t)
	ada, _ := b.enrolled(t, "ada", false)

	open := come().logIn("ada").send("sms").type_(b.code(loginService)) // a session somebody left open
	require.Equal(t, "Your account", open.text("title"))
	open.post("/enrol", "number", second, "region", "US")
	assert.Equal(t, confirmNumber, open.text("notice"))
	open.post("/settings", "act", grantMore)
	open.post("/enrol", "number", second, "region", "US")
	assert.Equal(t, confirmNumber, open.text("notice"), "asked for, and not confirmed")
	a, _ := b.store.account("ada")
	assert.Empty(t, a.Pending)

	ada.asksForNumber(b).post("/enrol", "number", second, "region", "US").send("sms")
	pending := b.vendor.Code(second, "")
	thief := come().logIn("ada")
	assert.False(t, thief.has("number-form"))
	for _, number := range []string{second, "", "pending"} {
		assert.Equal(t, http.StatusNotFound, thief.again().chooses(number).status, number)
	}
	thief.send("sms").type_(pending)
	assert.False(t, thief.in(), "nor does its code log in")
	a, _ = b.store.account("ada")
	assert.Equal(t, []string{phone}, a.phones())
	ada.post("/enrol", "number", "+15017122662", "region", "US")
	assert.Equal(t, confirmNumber, ada.text("notice"), "confirmed once")
}

// attackAttemptsOverTwoNumbers changes the number after every few attempts.
func attackAttemptsOverTwoNumbers(t *testing.T) {
	b := newBank(t, cooled)
	come := b.serve(t)
	ada, _ := b.enrolled(t, "ada", false)
	ada.addsNumber(b, second)
	ids := []string{b.firstNumber(t, "ada"), b.numberOf(t, "ada")}
	sent, asked := b.vendor.Effects(), b.vendor.Requests()
	thief := come().logIn("ada")
	at := thief.path
	for i := range 30 {
		thief.post(at+"/number", "number", ids[i%2])
		if thief.has("send-sms") {
			thief.send("sms")
		}
		for j := range 6 {
			if attempt := fmt.Sprintf("%03d%03d", i, j); attempt != b.code(loginService) && attempt != b.vendor.Code(second, loginService) {
				thief.get(at).type_(attempt)
			}
		}
	}
	assert.LessOrEqual(t, b.vendor.Effects()-sent, 5, "messages in ten minutes, over both")
	a, _ := b.store.account("ada")
	assert.LessOrEqual(t, a.Failures, 25)
	assert.LessOrEqual(t, b.vendor.Requests()-asked, 5+25)
	assert.False(t, thief.in())
}

// attackANumberChosenMeanwhile has another number asked between an attempt and its
// answer, and while a message is on its way.
func attackANumberChosenMeanwhile(t *testing.T) {
	b := newBank(t, cooled)
	ada, _ := b.enrolled(t, "ada", false)
	ada.addsNumber(b, second).post("/logout")
	other := b.numberOf(t, "ada")
	thief := b.visitor(t).logIn("ada").send("sms")
	v := b.halfOpen(t)
	_, id, _ := strings.Cut(thief.path, "/code/")
	c, _, _, err := b.site.claimAttempt(v, id, "")
	require.NoError(t, err)
	thief.chooses(other)
	_, _, err = b.site.settle(v, c, nil, origin{})
	require.ErrorIs(t, err, errGone)
	assert.False(t, thief.again().in())

	form := thief.form()
	claimed, to, err := b.site.claimSend(v, id, form, "192.0.2.1")
	require.NoError(t, err)
	assert.Equal(t, second, to.Phone)
	thief.chooses(b.firstNumber(t, "ada"))
	assert.True(t, thief.has("busy"), "not while one is on its way")
	claimed.Number = "another one's"
	require.NoError(t, b.site.noteSend(v, claimed, verify.Receipt{Channel: verify.ChannelSMS}, nil))
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		c, a, err := b.site.find(tx, v, id)
		require.NoError(t, err)
		assert.False(t, c.Live, "a message to another number makes no code of this one live")
		assert.Equal(t, second, c.to(a).Phone)
		return nil
	}))
}

// attackTheLastNumber removes both of two numbers, in two windows at once.
func attackTheLastNumber(t *testing.T) {
	for range 5 {
		b := newBank(t, cooled)
		come := b.serve(t)
		ada, _ := b.enrolled(t, "ada", false)
		assert.Equal(t, http.StatusNotFound, ada.post("/settings", "act", removeNumber+b.numberOf(t, "ada")).status, "the only one")
		ada.addsNumber(b, second)
		ids := []string{b.firstNumber(t, "ada"), b.numberOf(t, "ada")}
		for _, none := range []string{"", "x", phone} {
			assert.Equal(t, http.StatusNotFound, ada.post("/settings", "act", removeNumber+none).status)
		}
		two := come().logIn("ada").send("sms").type_(b.code(loginService))
		windows := []*person{ada, two}
		codes := make([]string, 2)
		for i, p := range windows {
			p.post("/settings", "act", removeNumber+ids[i]).chooses(ids[1-i]).send("sms")
			codes[i] = b.vendor.Code([]string{second, phone}[i], settingsService)
		}
		var removed atomic.Int64
		storm(2, func(i int) {
			if windows[i].type_(codes[i]).text("notice") == toldNumberRemoved {
				removed.Add(1)
			}
		})
		assert.EqualValues(t, 1, removed.Load(), "one of two")
		a, _ := b.store.account("ada")
		assert.Len(t, a.Numbers, 1)
	}
}

// attackARemovedNumber goes on with a log-in that asked a number which its owner
// has taken away meanwhile.
func attackARemovedNumber(t *testing.T) {
	b := newBank(t, cooled)
	come := b.serve(t)
	ada, _ := b.enrolled(t, "ada", false)
	ada.addsNumber(b, second)
	stolen := b.numberOf(t, "ada")
	thief := come().logIn("ada").chooses(stolen).send("sms")
	code := b.vendor.Code(second, loginService)
	ada.post("/settings", "act", removeNumber+stolen).send("sms").type_(b.code(settingsService))
	require.Equal(t, toldNumberRemoved, ada.text("notice"))
	thief.type_(code)
	assert.False(t, thief.in(), "its log-in has ended")
	again := come().logIn("ada")
	assert.False(t, again.has("number-form"))
	assert.Equal(t, http.StatusNotFound, again.again().chooses(stolen).status)
	again.send("sms").type_(code)
	assert.False(t, again.in())
}
