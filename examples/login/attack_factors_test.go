package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// attackAReplayedAppCode types a code of the app again that somebody has just seen.
func attackAReplayedAppCode(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	app := p.addsApp(b)
	thief := b.visitor(t).logIn("ada").typesApp(app.at(0))
	assert.Contains(t, thief.text("notice"), "used already", "it has confirmed the app")
	code := app.at(1)
	p.post("/logout").logIn("ada").typesApp(code)
	require.Equal(t, "Your account", p.text("title"), p.text("notice"))
	thief.logIn("ada").typesApp(code)
	assert.Contains(t, thief.text("notice"), "used already")
	thief.typesApp(app.at(0))
	assert.Contains(t, thief.text("notice"), "used already", "nor an earlier one")
	assert.False(t, thief.in())

	code = app.at(-1)
	var in atomic.Int64
	come := b.serve(t)
	storm(8, func(int) {
		q := come().logIn("ada").typesApp(code)
		if q.text("title") == "Your account" {
			in.Add(1)
		}
	})
	assert.Zero(t, in.Load())
}

// attackByBothFactors guesses by app and by text message in turns, with the password,
// for a day. Neither count lets more through because of the other.
func attackByBothFactors(t *testing.T) {
	inTime(t, func(b *bank, ada *person) {
		ada.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		app := ada.addsApp(b)
		mallory := b.visitor(ada.t)
		sent := b.vendor.Effects()
		for start := time.Now(); time.Since(start) < 24*time.Hour; time.Sleep(5 * time.Minute) {
			mallory.logIn("ada")
			for range 7 {
				mallory.typesApp(wrong(app.at(0)))
			}
			if mallory.has("send-sms") {
				mallory.send("sms")
			}
			for range 7 {
				mallory.type_(wrong("000000"))
			}
		}
		a, _ := b.store.account("ada")
		assert.LessOrEqual(t, a.Failures, maxFailures)
		assert.Greater(t, a.Failures, 50, "by text message")
		require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
			for _, r := range all[appRecord](tx, apps, "") {
				assert.Less(t, r.Failures, 40, "by app, where pauses grow to an hour")
				assert.Greater(t, r.Failures, 20)
			}
			return nil
		}))
		assert.Less(t, b.vendor.Effects()-sent, 100)
		assert.False(t, mallory.in())
		time.Sleep(2 * time.Hour)
		ada.post("/logout").logIn("ada").typesApp(app.at(0))
		assert.True(t, ada.in(), "the app has its own count, and a pause ends: %s", ada.text("notice"))
	})
}

// attackTwoAppsAtOnce has two logins confirm an app each, at the same moment.
func attackTwoAppsAtOnce(t *testing.T) {
	for range 5 {
		b := newBank(t, cooled)
		come := b.serve(t)
		p, _ := b.enrolled(t, "ada", false)
		p.post("/logout")
		var people [2]*person
		var theirs [2]authenticator
		for i := range people {
			people[i] = come().logIn("ada").send("sms").type_(b.code(loginService))
			people[i].asksForApp(b)
			theirs[i] = people[i].scans()
		}
		storm(2, func(i int) { people[i].post("/app", "code", theirs[i].at(0)) })
		won := 0
		for _, q := range people {
			if q.text("notice") == toldAppAdded {
				won++
			}
		}
		require.Equal(t, 1, won, "one is kept")
		in := 0
		for i := range people {
			q := come().logIn("ada").typesApp(theirs[i].at(1))
			if q.text("title") == "Your account" {
				in++
			}
		}
		assert.Equal(t, 1, in, "and opens the account")
	}
}

// attackAnAppOverAnother confirms an app where there is one, without a code of it:
// with a page that was open before, and by the engine itself.
func attackAnAppOverAnother(t *testing.T) {
	b := newBank(t, cooled)
	p, _ := b.enrolled(t, "ada", false)
	app := p.addsApp(b)
	theirs := p.get("/app").scans()
	for _, old := range []string{"", "000000", theirs.at(0), app.at(0)} {
		p.post("/app", "code", theirs.at(0), "old-code", old)
		assert.Equal(t, http.StatusUnprocessableEntity, p.status, old)
	}
	made, err := b.site.apps.Enroll(t.Context(), "ada")
	require.NoError(t, err)
	p.body = `href="` + made.URI + `"`
	require.ErrorIs(t, b.site.apps.Confirm(t.Context(), "ada", made.Token, p.scans().at(0)), verify.ErrBlocked)
	p.post("/logout").logIn("ada").typesApp(app.at(1))
	assert.Equal(t, "Your account", p.text("title"), "the old one is the one: %s", p.text("notice"))
}

// attackATokenOfAnotherAccount sets an app up in one account and confirms it in
// another one of the same browser.
func attackATokenOfAnotherAccount(t *testing.T) {
	b := newBank(t, cooled)
	mallory, _ := b.enrolled(t, "mallory", false)
	app := mallory.asksForApp(b).scans()
	victim, _ := b.enrolled(t, "ada", false)
	victim.post("/logout")
	mallory.logIn("ada").send("sms").type_(b.code(loginService))
	mallory.post("/app", "code", app.at(0))
	assert.Equal(t, "/", mallory.path, "no grant and no page of this login")
	mallory.asksForApp(b)
	mallory.post("/app", "code", app.at(0))
	assert.Contains(t, mallory.text("refusal"), "not the code that we expect")

	made, err := b.site.apps.Enroll(t.Context(), "mallory")
	require.NoError(t, err)
	mallory.body = `href="` + made.URI + `"`
	require.ErrorIs(t, b.site.apps.Confirm(t.Context(), "ada", made.Token, mallory.scans().at(0)), verify.ErrNotPending)
	a, _ := b.store.account("ada")
	assert.Zero(t, a.App)
}

// attackAnOldSetup confirms an app from a page that was open for long, or from
// before the app was removed.
func attackAnOldSetup(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		late := p.asksForApp(b).scans()
		time.Sleep(11 * time.Minute)
		p.post("/app", "code", late.at(0))
		assert.Equal(t, "/", p.path, "what was confirmed was confirmed ten minutes ago")

		old := p.addsApp(b)
		next := p.get("/app").scans()
		time.Sleep(16 * time.Minute)
		p.post("/app", "code", next.at(0), "old-code", old.at(0))
		assert.Contains(t, p.text("notice"), "open for too long")

		next = p.get("/app").scans()
		other := p.again()
		p.post("/settings", "act", "noapp").typesApp(old.at(0))
		require.Equal(t, toldAppRemoved, p.text("notice"))
		other.post("/app", "code", next.at(0), "old-code", old.at(1))
		a, _ := b.store.account("ada")
		assert.Zero(t, a.App, "after it was removed there is nothing to replace")
	})
}

// attackTheLastFactor removes the only factor that counts, or uses a weaker one.
func attackTheLastFactor(t *testing.T) {
	b := newBank(t, cooled)
	p, codes := b.enrolled(t, "ada", false)
	app := p.addsApp(b)
	b.site.factors = []factor{appFactor}
	p.post("/settings", "act", "noapp")
	assert.Equal(t, http.StatusNotFound, p.status)
	p.post("/settings", "act", "off")
	require.Contains(t, p.path, "/code/")
	assert.False(t, p.has("send-sms"), "a text message allows nothing any more")
	at := p.path
	p.post(at+"/send", "form", "x", "channel", "sms")
	assert.Equal(t, http.StatusNotFound, p.status)
	p.post(at+"/check", "code", "123456")
	assert.Equal(t, http.StatusNotFound, p.status)

	b.site.policy = always // where everybody has a second factor nobody turns it off
	p.post(at+"/recovery", "recovery-code", codes[0])
	assert.Equal(t, http.StatusNotFound, p.status)
	p.get("/")
	assert.Equal(t, "On", p.text("app-state"))
	p.post("/logout").logIn("ada").typesApp(app.at(1))
	assert.True(t, p.in())
}

// attackALockoutByAStranger has somebody without the password type codes of the app.
func attackALockoutByAStranger(t *testing.T) {
	inTime(t, func(b *bank, ada *person) {
		ada.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		app := ada.addsApp(b)
		ada.post("/logout").logIn("ada")
		at := ada.path
		mallory := b.visitor(ada.t)
		for i := range 300 {
			mallory.post(at+"/app", "code", fmt.Sprintf("%06d", i))
			require.Equal(t, "/login", mallory.path)
		}
		mallory.signUp("mallory")
		for i := range 20 {
			mallory.post(at+"/app", "code", fmt.Sprintf("%06d", i))
			require.Equal(t, http.StatusNotFound, mallory.status, "another's challenge")
		}
		ada.typesApp(app.at(1))
		assert.True(t, ada.in(), "nothing was counted: %s", ada.text("notice"))
	})
}
