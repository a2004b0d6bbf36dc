package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// everyPage comes to every page of the site, in every state that looks different,
// and has each looked at in every light.
func everyPage(t *testing.T, c *chromium) {
	v, box := playVendorWithInbox(t, "twilio")
	b := openBranch(t, v, func(cfg *config) {
		cfg.Inbox = box
		cfg.Limits.Cooldown = []time.Duration{30 * time.Second}
	})
	p := c.tab(t, b.url)
	p.strangersPages()
	p.enrolmentPages(b)
	p.loginPages(b)
	p.transferPages(b)
	p.otherPages()
	p.appPages(c, b)
	numberPages(t, c)

	q := c.tab(t, openBranch(t, playVendor(t, "authy")).url)
	q.signUp("ada")
	q.look("account-no-transfer")
	q.open("/transfer")
	q.look("transfer-not-possible")
	q = c.tab(t, openBranch(t, playAuthyUsers(t)).url)
	q.signUp("ada")
	q.open("/enrol")
	q.look("enrol-registered")
	forced := openBranch(t, playTwilio(t), func(cfg *config) { cfg.Policy = always })
	q = c.tab(t, forced.url)
	q.asksToSignUp("a-name-of-thirty-two-characters-")
	q.look("enrol-forced")
	q.enrols(forced)
	q.open("/")
	q.look("account-forced")
	q = c.tab(t, openBranch(t, playVendor(t, "gatewayapi")).url)
	q.signUp("ada")
	q.open("/enrol")
	q.look("enrol-no-calls")
}

func (p *tab) strangersPages() {
	p.open("/")
	p.look("home")
	p.open("/inbox")
	p.look("inbox-empty")
	p.open("/signup")
	p.look("signup")
	p.fill("name", "ada")
	p.fill("password", "ada ada ada")
	p.click("signup")
	p.look("signup-refused")
	p.expect(422)
	p.fill("password", password)
	p.click("signup")
	p.look("account-off")
	p.click("transfer-link")
	p.look("transfer-needs-factor")
	p.open("/recovery")
	p.look("recovery-none")
}

func (p *tab) enrolmentPages(b *branch) {
	p.open("/enrol")
	p.look("enrol")
	p.fill("number", "0800 FLOWERS")
	p.tick("ways-both")
	p.click("enrol")
	p.look("enrol-refused")
	p.expect(422)
	p.fill("number", "(500) 555-0006")
	p.click("enrol")
	p.look("code-enrol")
	p.click("send-sms")
	p.look("code-enrol-sent")
	p.types(b.received().Code)
	p.look("code-call")
	p.click("send-voice")
	p.look("code-call-sent")
	p.types(b.received().Code)
	p.look("recovery-ask")
	p.open("/")
	p.look("account-codes-unseen")
	p.click("see-codes")
	p.click("show-codes")
	p.veil()
	p.look("recovery-codes")
	p.click("done")
	p.look("account")
}

func (p *tab) loginPages(b *branch) {
	p.click("logout")
	p.look("home-logged-out")
	p.open("/transfer")
	p.look("login-please")
	p.open("/login")
	p.look("login")
	p.fill("name", "ada")
	p.fill("password", "not the right one")
	p.click("login")
	p.look("login-refused")
	p.expect(401)
	p.asks("ada")
	p.look("code-login")
	p.click("send-sms")
	p.look("code-login-sent")
	p.types(wrong(b.received().Code))
	p.look("code-login-wrong")
	p.click("to-recovery")
	p.look("recovery")
	p.fill("recovery-code", "AAAA")
	p.click("recover")
	p.look("recovery-wrong")
	p.expect(422)
	p.click("to-code")
	p.tick("remember")
	p.types(b.received().Code)
	p.look("account-device")
}

func (p *tab) transferPages(b *branch) {
	p.open("/transfer")
	p.look("transfer")
	p.fill("amount", "5000")
	p.fill("payee", "Zoe & Co")
	p.click("prepare")
	p.look("transfer-refused")
	p.expect(422)
	p.fill("amount", "39.99")
	p.click("prepare")
	p.look("code-transfer")
	p.click("send-sms")
	p.look("code-transfer-sent")
	p.types(b.received().Code)
	p.look("account-paid")
}

func (p *tab) otherPages() {
	p.open("/")
	p.click("turn-off")
	p.look("code-settings")
	p.open("/password")
	p.look("password")
	p.fill("password", "not the right one")
	p.fill("new-password", password)
	p.click("change-password")
	p.look("password-refused")
	p.expect(401)
	p.open("/nowhere")
	p.look("nowhere")
	p.expect(404)
	p.open("/inbox")
	p.look("inbox")
}

// appPages ends with another browser that logs in.
func (p *tab) appPages(c *chromium, b *branch) {
	p.open("/")
	p.click("add-app")
	p.click("send-sms")
	p.types(b.received().Code)
	p.veilSecret()
	p.look("app")
	app := p.scans()
	p.fill("code", wrong(app.at(0)))
	p.click("keep-app")
	p.veilSecret()
	p.look("app-refused")
	p.expect(422)
	p.fill("code", app.at(0))
	p.click("keep-app")
	p.look("account-app")
	p.click("replace-app")
	p.veilSecret()
	p.look("app-replace")
	q := c.tab(p.t, b.url)
	q.asks("ada")
	q.look("code-app")
	q.types(wrong(app.at(1)))
	q.look("code-app-wrong")
	q.types(app.at(1))
	require.Equal(p.t, "Your account", q.text("title"), q.at.Notice)
}

// veilSecret puts letters of no value in the place of a secret.
func (p *tab) veilSecret() {
	p.t.Helper()
	eval[string](p, `document.getElementById("secret").textContent = "AAAA BBBB CCCC DDDD EEEE FFFF GGGG HHHH"`)
}

// veil puts letters of no value in the place of recovery codes.
func (p *tab) veil() {
	p.t.Helper()
	veiled := eval[int](p, `[...document.querySelectorAll("#recovery-codes code")].map((e, i) => {
  e.textContent = "AAAA-BBBB-CCCC-DD" + String.fromCharCode(65 + i) + "D";
}).length`)
	require.Equal(p.t, recoveryCodes, veiled)
}
