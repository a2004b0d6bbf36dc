package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// typedAsPeopleDo types numbers and codes as keyboards of other scripts do, and as
// they are pasted. Neither the browser nor the site stops them.
func typedAsPeopleDo(t *testing.T, c *chromium) {
	for name, spell := range map[string]func(code string) string{
		"Arabic digits, as pasted":  func(code string) string { return "\u202b" + inScript(code, '\u0660') + "\u202c" },
		"Devanagari digits":         func(code string) string { return inScript(code, '\u0966') },
		"full-width digits":         func(code string) string { return inScript(code, '\uff10') },
		"a dash and a narrow space": func(code string) string { return code[:3] + "\u202f\u2013\u202f" + code[3:] + "." },
	} {
		t.Run(name, func(t *testing.T) {
			b := openBranch(t, playTwilio(t))
			p := c.tab(t, b.url)
			p.signUp("ada")
			p.click("enrol-link")
			p.fill("number", spell("5005550006"))
			p.click("enrol")
			require.Equal(t, "+1 500-555-0006", p.text("to"))
			p.click("send-sms")
			p.types(spell(b.received().Code))
			assert.Equal(t, "The second factor is on.", p.at.Notice)
		})
	}
}

// inScript writes digits in the script whose zero it is.
func inScript(digits string, zero rune) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, digits)
}

// keepsRecoveryCodes downloads, copies and prints them, and without a script still
// downloads them.
func keepsRecoveryCodes(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p := c.tab(t, b.url)
	command(p, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `
navigator.clipboard.writeText = (text) => { window.kept = text; return Promise.resolve(); };
window.print = () => { window.printed = "yes"; };`})
	p.signUp("ada")
	p.click("enrol-link")
	p.enrolsUntilCodes(b)
	codes := strings.Fields(p.text("recovery-codes"))
	require.Len(t, codes, recoveryCodes)
	assert.Equal(t, codes, p.download())
	eval[any](p, `document.getElementById("copy-codes").click()`)
	becomes(p, "Copied", "what is said", func() string { return p.text("copied") })
	assert.Equal(t, codes, strings.Fields(eval[string](p, `window.kept`)))
	eval[any](p, `document.getElementById("print-codes").click()`)
	assert.Equal(t, "yes", eval[string](p, `window.printed`))

	b = openBranch(t, playTwilio(t))
	p = c.tab(t, b.url).withoutScript()
	p.signUp("ada")
	p.click("enrol-link")
	p.enrolsUntilCodes(b)
	assert.Equal(t, strings.Fields(p.text("recovery-codes")), p.download())
	for _, id := range []string{"copy-codes", "print-codes"} {
		assert.False(t, eval[bool](p, fmt.Sprintf(`document.getElementById(%q).checkVisibility()`, id)), "a button that could do nothing is not shown")
	}
}

// download is what the link to the codes holds, line by line.
func (p *tab) download() []string {
	p.t.Helper()
	link := eval[string](p, `document.getElementById("download-codes").getAttribute("href")`)
	text, err := url.PathUnescape(strings.TrimPrefix(link, "data:text/plain;charset=utf-8,"))
	require.NoError(p.t, err)
	return strings.Fields(text)
}

// watchesTheInbox has a message come while somebody reads the page.
func watchesTheInbox(t *testing.T, c *chromium) {
	v, box := playVendorWithInbox(t, "twilio")
	b := openBranch(t, v, func(cfg *config) { cfg.Inbox = box })
	p := c.tab(t, b.url)
	p.signUp("ada")
	p.open("/inbox")
	assert.Equal(t, "ada", p.text("who"), "who is logged in here is so there")
	eval[any](p, `window.mark = "the same page"; document.getElementById("brand").focus()`)

	q := c.tab(t, b.url)
	q.asksToSignUp("bob")
	q.open("/enrol")
	q.fill("number", phone)
	q.click("enrol")
	q.click("send-sms")
	becomes(p, true, "the message is there", func() bool { return strings.Contains(p.text("messages"), b.received().Code) })
	assert.Equal(t, "the same page", eval[string](p, `window.mark`), "nothing was loaded again")
	assert.Equal(t, "brand", p.focus())

	p.open("/")
	assert.Equal(t, "Your account", p.text("title"))
}

// focusAfterFaults looks where a person types on: in the field that is wrong.
func focusAfterFaults(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p, _ := b.member(c)
	assert.Equal(t, "ada", p.text("who"))
	p.click("logout")
	assert.Equal(t, "You are logged out.", p.at.Notice)
	p.open("/login")
	p.fill("name", "ada")
	p.fill("password", "not the right one")
	p.click("login")
	p.expect(401)
	assert.Equal(t, "Wrong name or password.", p.text("refusal"))
	assert.Equal(t, "ada", p.value("name"))
	p.focuses("password")
	p.asks("ada")
	p.click("to-recovery")
	p.focuses("recovery-code")
	p.fill("recovery-code", "AAAA-BBBB-CCCC-DDDD")
	p.click("recover")
	p.expect(422)
	assert.Equal(t, "This is not one of your recovery codes, or it was used before.", p.text("refusal"))
	assert.Equal(t, "AAAA-BBBB-CCCC-DDDD", p.value("recovery-code"), "one letter is soon put right")
	p.focuses("recovery-code")
	p.click("to-code")
	p.click("send-sms")
	p.focuses("code")
	p.types(wrong(b.received().Code))
	p.focuses("code")
}
