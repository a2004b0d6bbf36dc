package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

// playSlowly is a vendor that answers a send only when it is let.
func playSlowly(t *testing.T) (v vendorPlay, answer func()) {
	vendor, let := twiliotest.New(twiliotest.Options{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		vendor.ServeHTTP(w, r)
		select {
		case <-let:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(srv.Close)
	return playTwilioOn(vendor, srv.URL), func() { close(let) }
}

// atOnce leaves it to the form alone that no second message goes out.
func atOnce(cfg *config) { cfg.Limits.Cooldown = []time.Duration{time.Nanosecond} }

// asksToEnrol comes to the page that asks whether to send the first code.
func (b *branch) asksToEnrol(p *tab) {
	p.signUp("ada")
	p.click("enrol-link")
	p.fill("number", phone)
	p.click("enrol")
}

// hand returns what clicks a button where it is now, and waits for nothing. While
// a page is on its way, the browser answers nothing else.
func (p *tab) hand(id string) (click func()) {
	p.t.Helper()
	at := eval[[]float64](p, `(({x, y, width, height}) => [x + width / 2, y + height / 2])(document.getElementById("`+id+`").getBoundingClientRect())`)
	return func() {
		p.t.Helper()
		for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
			command(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{
				Type: kind, X: at[0], Y: at[1], Button: input.MouseButtonLeft, ClickCount: 1,
			})
		}
	}
}

// meanwhile is something that is done while a page is waited for.
func meanwhile(do func()) chromedp.Action[chromedp.Void] {
	return func(context.Context, *chromedp.Target) (chromedp.Void, error) {
		do()
		return chromedp.Void{}, nil
	}
}

// doubleClick clicks again while the vendor still has the first send.
func doubleClick(t *testing.T, c *chromium) {
	v, answer := playSlowly(t)
	b := openBranch(t, v, atOnce)
	p := c.tab(t, b.url)
	b.asksToEnrol(p)
	click := p.hand("send-sms")
	b.sends(1, "a double click", func() {
		click()
		b.isAsked()
		click()
		p.load("have the vendor answer", meanwhile(answer))
	})
	assert.True(t, p.has("code"))
	assert.EqualValues(t, 1, b.asked.Load(), "the script holds the second click back")
}

// doubleClickWithoutScript is the same, with nobody but the server to refuse.
func doubleClickWithoutScript(t *testing.T, c *chromium) {
	v, answer := playSlowly(t)
	b := openBranch(t, v, atOnce)
	p := c.tab(t, b.url).withoutScript()
	b.asksToEnrol(p)
	click := p.hand("send-sms")
	b.sends(1, "a double click", func() {
		click()
		b.isAsked()
		p.load("click again", meanwhile(click))
		require.Equal(t, "Your code is being sent. This page looks again by itself.", p.text("busy"))
		answer()
		p.do("wait until it has looked again", chromedp.WaitVisible(chromedp.ID("code")))
	})
	assert.EqualValues(t, 2, b.asked.Load(), "the server refuses the second click")
}

// doubleClickOnARightCode clicks again while the vendor still compares. The browser drops
// the first answer, and the cookie in it.
func doubleClickOnARightCode(t *testing.T, c *chromium) {
	k := &keeper{}
	b := openBranch(t, playTwilio(t), atOnce, func(cfg *config) { k.Verifier, cfg.Verifier = cfg.Verifier, k })
	p := c.tab(t, b.url).withoutScript()
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.click("logout")
	p.asks("ada")
	p.click("send-sms")
	p.fill("code", b.received().Code)
	checks := len(k.checked())
	let := k.holdChecks()
	click := p.hand("check")
	click()
	k.isAsked(t)
	p.load("click again, and have the vendor answer", meanwhile(func() {
		click()
		let()
	}))
	require.Equal(t, "Your account", p.text("title"), p.at.Notice)
	assert.Len(t, k.checked(), checks+1, "the vendor compared once")
	p.open("/transfer")
	assert.True(t, p.has("transfer-form"), "and the person is in")
}
