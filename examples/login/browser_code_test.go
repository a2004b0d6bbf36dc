package main

import (
	"strings"
	"testing"
	"time"

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
		"١٢٣٤٥٦":                                 "",
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
	b := openBranch(t, playTwilio(t), func(cfg *config) {
		cfg.Limits.Cooldown = []time.Duration{time.Second, 4 * time.Second, 16 * time.Second, time.Minute}
	})
	p, _ := b.member(c)
	p.click("logout")
	p.asks("ada")
	p.click("send-sms")
	field := func() heard { return p.tree().one("textbox") }
	becomes(p, "Code", "the name of the field", func() string { return field().name })
	becomes(p, "6 digits. We never ask for it by phone. A code is on its way.", "its description", func() string { return field().description })
	becomes(p, "A code is on its way.", "good news, which does not interrupt", func() string { return p.tree().one("status").text })

	p.types(wrong(b.received().Code))
	for !p.has("countdown") { // the wait was over before there was a page: the next one is longer
		p.click("send-sms")
		p.types(wrong(b.received().Code))
	}
	const refused = "This code is wrong or too old. You have 4 tries left, or ask for a new one."
	becomes(p, refused, "bad news, which does", func() string { return p.tree().one("alert").text })
	for _, state := range []string{"invalid", "required", "focused"} {
		becomes(p, "true", state, func() string { return field().state(state) })
	}
	becomes(p, true, "what is wrong is said with the field", func() bool { return strings.Contains(field().description, refused) })
	p.do("wait until another code may be asked for", chromedp.WaitEnabled(chromedp.ID("send-sms")))
	becomes(p, "You can ask for another code now.", "what is new", func() string { return p.tree().one("status").text })
	becomes(p, false, "the seconds are there still", func() bool { return p.tree().has("You can ask for another code in") })
}
