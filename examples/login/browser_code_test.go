package main

import (
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

// phoneBrowser is what a browser on a phone has besides: it hands over a code
// once a message has come.
const phoneBrowser = `
window.OTPCredential = class {};
navigator.credentials.get = ({otp, signal}) => new Promise((resolve) => {
  sessionStorage.asked = (sessionStorage.asked ?? "") + otp.transport.join() + ";";
  signal.addEventListener("abort", () => { sessionStorage.aborted = "yes"; });
  window.arrive = (code) => resolve({code});
});`

// fillsItselfIn has the browser hand the code over: by WebOTP.
func fillsItselfIn(t *testing.T, c *chromium) {
	const code = "135790"
	vendor := twiliotest.NewServer(t, twiliotest.Options{NewCode: func(int) string { return code }})
	b := openBranch(t, playTwilioOn(vendor.Emulator, vendor.URL))
	p := c.tab(t, b.url)
	command(p, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: phoneBrowser})
	b.asksToEnrol(p)
	assert.Empty(t, eval[string](p, `sessionStorage.asked ?? ""`), "no code is out")
	p.click("send-sms")
	assert.Equal(t, "sms;", eval[string](p, `sessionStorage.asked`))

	p.fill("code", "9")
	p.arrives(code)
	assert.Equal(t, "9", p.value("code"), "what a person has typed stays")
	p.load("reload", chromedp.Reload())
	before := p.at.Path
	p.arrives(code)
	require.Equal(t, code, p.value("code"))
	assert.Equal(t, before, eval[string](p, `location.pathname`), "a person presses the button")
	assert.Empty(t, eval[string](p, `sessionStorage.aborted ?? ""`))
	p.click("check")
	require.Equal(t, "The second factor is on.", p.at.Notice)
	assert.Equal(t, "yes", eval[string](p, `sessionStorage.aborted`), "the browser waits no longer")
}

// arrives has the browser hand over a code, and waits until the page has seen it.
func (p *tab) arrives(code string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`(async () => {
  arrive("`+code+`");
  await new Promise((done) => setTimeout(done));
  return 1;
})()`, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err)
}

// pasted gives the field what people copy.
func pasted(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p := c.tab(t, b.url)
	b.asksToEnrol(p)
	p.click("send-sms")
	for text, want := range map[string]string{
		"123456":                                 "123456",
		" 123 456 ":                              "123456",
		"123-456\n":                              "123456",
		"Your code is 123456.":                   "123456",
		"Acme: 123456 confirms EUR 39.99 to Zoe": "123456",
		"EUR 123456.00 to Zoe: 654321":           "654321",
		"654321\n\n@localhost #654321":           "654321",
	} {
		eval[chromedp.Void](p, `((text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", text);
  code.value = "";
  code.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
})(`+quoted(text)+`)`)
		assert.Equal(t, want, p.value("code"), text)
	}
}

// spoken has a screen reader say what went wrong, and when there is something new.
func spoken(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p, _ := b.member(c)
	p.click("logout")
	p.asks("ada")
	p.click("send-sms")
	tree := p.says("status", "A code is on its way.")
	field := tree.one(t, "textbox")
	assert.Equal(t, "Code", field.name)
	assert.Equal(t, "6 digits. We never ask for it by phone. A code is on its way.", field.description)
	assert.Equal(t, "A code is on its way.", tree.one(t, "status").text, "a notice that is good news does not interrupt")

	p.types(wrong(b.received().Code))
	const refusal = "This code is wrong. You have 4 tries left."
	tree = p.says("alert", refusal)
	assert.Equal(t, refusal, tree.one(t, "alert").text)
	field = tree.one(t, "textbox")
	assert.Equal(t, "true", field.state("invalid"))
	assert.Equal(t, "true", field.state("required"))
	assert.Equal(t, "true", field.state("focused"))
	assert.Contains(t, field.description, "This code is wrong.")
	p.do("wait until another code may be asked for", chromedp.WaitEnabled(chromedp.ID("send-sms")))
	tree = p.says("status", "You can ask for another code now.")
	assert.Equal(t, "You can ask for another code now.", tree.one(t, "status").text)
	assert.False(t, tree.has("You can ask for another code in"), "the seconds are gone")
}
