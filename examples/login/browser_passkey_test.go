package main

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withAuthenticator gives a tab a device that keeps passkeys, whose owner always
// says yes.
func (p *tab) withAuthenticator() *tab {
	command(p, webauthn.Enable, webauthn.EnableParams{})
	command(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	return p
}

// walkByPasskey makes one, logs in with it, and removes it, and looks at the pages.
func walkByPasskey(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p := c.tab(t, b.origin).withAuthenticator()
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.click("add-passkey")
	p.click("send-sms")
	p.types(b.received().Code)
	p.look("passkey-add")
	p.fill("name", "My phone")
	p.click("use-passkey")
	require.Equal(t, toldPasskeyAdded, p.at.Notice)
	p.look("account-passkey")
	p.click("logout")
	b.sends(0, "a passkey", func() {
		p.asks("ada")
		p.look("code-passkey")
		p.click("to-passkey")
		p.look("passkey-use")
		p.click("use-passkey")
	})
	require.Equal(t, "Your account", p.text("title"), p.at.Notice)
	p.load("click remove", chromedp.Click(".remove-passkey"))
	p.click("to-passkey")
	p.click("use-passkey")
	assert.Equal(t, toldPasskeyRemoved, p.at.Notice)
}

// passkeysElsewhere says where they work, on a page of another name and without a
// script.
func passkeysElsewhere(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p := c.tab(t, b.url)
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.click("add-passkey")
	p.click("send-sms")
	p.types(b.received().Code)
	assert.Equal(t, "Passkeys work at "+b.origin+" and nowhere else: open the site there.", p.text("passkey-said"))
	assert.False(t, eval[bool](p, `document.getElementById("use-passkey").checkVisibility()`))
	p.look("passkey-elsewhere")
	p.withoutScript()
	p.open("/passkeys")
	assert.Contains(t, eval[string](p, `document.querySelector("noscript").innerText`), "only with JavaScript")
	p.look("passkey-no-script")
}
