package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

func attackParallelAttempts(t *testing.T) {
	b := newBank(t)
	p := b.halfWay(t, b.serve(t))
	code := b.code(loginService)
	asked := b.vendor.Requests()
	storm(100, func(i int) {
		attempt := fmt.Sprintf("%06d", i)
		if attempt != code {
			p.again().type_(attempt)
		}
	})
	assert.LessOrEqual(t, b.vendor.Requests()-asked, codeAttempts, "attempts that the vendor saw")
	p.type_(code)
	assert.False(t, p.in(), "the right code after the limit")
	a, _ := b.store.account("ada")
	assert.Equal(t, codeAttempts, a.Failures, "and no more were charged")
}

func attackAttemptsOverManyLogins(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.Cooldown = []time.Duration{0} })
	come := b.serve(t)
	b.halfWay(t, come)
	asked := b.vendor.Requests()
	for i := range 30 {
		q := come().logIn("ada").send("sms")
		for j := range 6 {
			if attempt := fmt.Sprintf("%03d%03d", i, j); attempt != b.code(loginService) {
				q.type_(attempt)
			}
		}
		assert.False(t, q.in())
	}
	a, _ := b.store.account("ada")
	assert.LessOrEqual(t, a.Failures, 25, "five sends of five attempts in ten minutes")
	assert.LessOrEqual(t, b.vendor.Requests()-asked, 4+25)
}

func attackTheRightCodeManyTimesAtOnce(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	p := come().logIn("ada").send("sms").type_(b.code(loginService))
	p.post("/transfer", "amount", "100", "payee", "Acme").send("sms")
	at, code := p.path, b.code(transferService)
	storm(40, func(int) { p.again().post(at+"/check", "code", code) })
	assert.Equal(t, "EUR 900.00", p.get("/").text("balance"), "the money moved once")
	p.post(at+"/check", "code", code)
	assert.Equal(t, "EUR 900.00", p.get("/").text("balance"))
}

// agreeable is a vendor that approves whatever it is asked, again and again: what
// some do with a used code is not documented.
type agreeable struct{ verify.Verifier }

func (agreeable) Check(context.Context, string, string, ...verify.CheckOption) error { return nil }

func attackAVendorThatApprovesTwice(t *testing.T) {
	b := newBank(t, func(c *config) { c.Verifier = agreeable{c.Verifier} })
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	p := come().logIn("ada").send("sms").type_("123456")
	p.post("/transfer", "amount", "100", "payee", "Acme").send("sms")
	at := p.path
	storm(20, func(int) { p.again().post(at+"/check", "code", "123456") })
	p.post(at+"/check", "code", "123456")
	assert.Equal(t, "EUR 900.00", p.get("/").text("balance"))
}

func attackReplayedCodes(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	p := b.halfWay(t, come)
	first, code := p.path, b.code(loginService)
	p.type_(code)
	require.True(t, p.in())

	q := come().logIn("ada")
	asked := b.vendor.Requests()
	q.type_(code)
	assert.False(t, q.in(), "in a login that was sent nothing")
	assert.Equal(t, asked, b.vendor.Requests(), "the vendor is not even asked")
	q.post(first+"/check", "code", code)
	assert.Equal(t, http.StatusNotFound, q.status)
	p.post("/logout").post(first+"/check", "code", code)
	assert.False(t, p.in(), "after logging out")
}

func attackACodeForSomethingElse(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	p := come().logIn("ada").send("sms").type_(b.code(loginService))
	require.True(t, p.in())
	come().logIn("ada").send("sms")
	p.post("/settings", "act", "codes").send("sms")
	loginCode, settingsCode := b.code(loginService), b.code(settingsService)
	require.NotEmpty(t, loginCode)

	p.post("/transfer", "amount", "100", "payee", "Acme").send("sms")
	at := p.path
	for _, code := range []string{loginCode, settingsCode} {
		if code != b.code(transferService) {
			p.post(at+"/check", "code", code)
			assert.Contains(t, p.text("notice"), "This code is wrong")
		}
	}
	assert.Equal(t, "EUR 1000.00", p.get("/").text("balance"))
	p.post(at+"/check", "code", b.code(transferService))
	assert.Equal(t, "EUR 900.00", p.text("balance"), "its own code does")
}

func attackAChangedTransfer(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	p := come().logIn("ada").send("sms").type_(b.code(loginService))

	p.post("/transfer", "amount", "1", "payee", "Acme").send("sms")
	small, code := p.path, b.code(transferService)
	p.post("/transfer", "amount", "900", "payee", "Mallory")
	p.type_(code)
	assert.Equal(t, "EUR 1000.00", p.get("/").text("balance"), "another amount, nothing sent for it")
	p.post(small+"/check", "code", code, "amount", "900", "payee", "Mallory")
	assert.Equal(t, "EUR 1000.00", p.get("/").text("balance"), "the first one was replaced")
}

func attackAChangedTransferInAnotherWindow(t *testing.T) {
	b := newBank(t, func(c *config) { c.Policy = never })
	come := b.serve(t)
	_, codes := b.enrolled(t, "ada", false)
	one := come().logIn("ada").post("/transfer", "amount", "1", "payee", "Acme").send("sms")
	code := b.code(transferService)
	come().logIn("ada").post("/transfer", "amount", "900", "payee", "Mallory")
	one.type_(code)
	assert.Equal(t, "EUR 1000.00", one.get("/").text("balance"), "it was replaced, and neither is made")

	one.post("/transfer", "amount", "900", "payee", "Mallory")
	one.post(one.path+"/recovery", "recovery-code", codes[0])
	assert.Equal(t, "EUR 1000.00", one.get("/").text("balance"), "a recovery code moves no money")
	assert.Equal(t, "10", one.text("codes-left"), "nor is it used up")
}

func attackANumberInAnotherWindow(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	one := come().signUp("mallory")
	v := b.onlyVisitor(t, "mallory")
	two := come().logIn("mallory")
	one.post("/enrol", "number", phone, "region", "US").send("sms")
	_, id, _ := strings.Cut(one.path, "/code/")
	c, _, _, err := b.site.claimAttempt(v, id, "")
	require.NoError(t, err)
	two.post("/enrol", "number", "+15017122661", "region", "US")
	_, _, err = b.site.settle(v, c, nil, origin{})
	require.ErrorIs(t, err, errGone, "the right code for one number, while the other one became pending")
	one.type_(b.code(""))
	a, _ := b.store.account("mallory")
	assert.False(t, a.On(), "a number of somebody else was never proven")
}

func attackTwoAnswersAtOnce(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	p.post("/settings", "act", "codes").send("sms")
	v := b.onlyVisitor(t, "ada")
	_, id, _ := strings.Cut(p.path, "/code/")
	c, _, _, err := b.site.claimAttempt(v, id, "")
	require.NoError(t, err)
	_, _, _, err = b.site.claimAttempt(v, id, "")
	require.NoError(t, err)
	_, _, err = b.site.settle(v, c, nil, origin{})
	require.NoError(t, err)
	_, _, err = b.site.settle(v, c, nil, origin{})
	require.ErrorIs(t, err, errSpent, "both were approved by the vendor, and one counts")
}

// onlyVisitor is the one login of an account.
func (b *bank) onlyVisitor(t *testing.T, name string) visitor {
	t.Helper()
	a, _ := b.store.account(name)
	v := visitor{account: a}
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		found := all[login](tx, logins, name+"/")
		require.Len(t, found, 1)
		for v.key, v.login = range found {
		}
		return nil
	}))
	return v
}

func attackAnothersChallenge(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	victim := b.halfWay(t, come)
	at, code, form := victim.path, b.code(loginService), victim.form()
	mallory := come().signUp("mallory")
	second := come().logIn("ada") // knows the password, and has a login of its own
	nobody := come()
	asked := b.vendor.Requests()
	for name, p := range map[string]*person{"mallory": mallory, "another login": second, "nobody": nobody} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			for _, step := range []func(){
				func() { p.get(at) },
				func() { p.post(at+"/send", "form", form, "channel", "sms") },
				func() { p.post(at+"/check", "code", code) },
				func() { p.post(at+"/recovery", "recovery-code", "AAAA-AAAA-AAAA-AAAA") },
			} {
				step()
				if name == "nobody" {
					assert.Equal(t, "/login", p.path)
				} else {
					assert.Equal(t, http.StatusNotFound, p.status)
				}
			}
		})
	}
	assert.Equal(t, asked, b.vendor.Requests(), "nobody could spend a try or a message of the victim's")
	victim.type_(code)
	assert.True(t, victim.in())
}

func attackOneRecoveryCodeManyTimesAtOnce(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	_, codes := b.enrolled(t, "ada", false)
	thieves := make([]*person, 9)
	for i := range thieves {
		thieves[i] = come().logIn("ada")
	}
	storm(len(thieves), func(i int) { thieves[i].post(thieves[i].path+"/recovery", "recovery-code", codes[0]) })
	inside := 0
	for _, p := range thieves {
		if p.in() {
			inside++
		}
	}
	assert.Equal(t, 1, inside)
}
