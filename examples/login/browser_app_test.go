package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/totp"
)

// scans reads what the page that sets up an app shows.
func (p *tab) scans() authenticator {
	p.t.Helper()
	app, err := totp.ReadApp(eval[string](p, `document.getElementById("app-open").getAttribute("href")`))
	require.NoError(p.t, err)
	return authenticator{p.t, app, time.Now()}
}

// appWithoutScript adds an app, logs in with it, and removes it.
func appWithoutScript(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p := c.tab(t, b.url).withoutScript()
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.click("add-app")
	b.sends(1, "a proof", func() { p.click("send-sms") })
	p.types(b.received().Code)
	app := p.scans()
	p.fill("code", app.at(0))
	p.click("keep-app")
	require.Equal(t, toldAppAdded, p.at.Notice)
	p.click("logout")
	b.sends(0, "an app", func() {
		p.asks("ada")
		p.types(app.at(1))
	})
	require.Equal(t, "Your account", p.text("title"), p.at.Notice)
	p.click("remove-app")
	p.click("send-sms")
	p.types(b.received().Code)
	assert.Equal(t, "Off", p.text("app-state"), p.at.Notice)
}
