package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// walkByKeyboard logs in without a mouse.
func walkByKeyboard(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p, _ := b.member(c)
	p.click("logout")

	p.open("/login")
	assert.Equal(t, []string{"Skip to the content", "brand", "login-link", "name", "password", "login", "to-signup"}, p.tabs(7))
	p.open("/login")
	p.tabTo("name")
	p.press("ada" + kb.Tab + password)
	p.load("press Enter", chromedp.KeyEvent(kb.Enter))
	require.Contains(t, p.at.Path, "/code/")
	p.tabTo("send-sms")
	b.sends(1, "the space bar", func() { p.load("press Space", chromedp.KeyEvent(" ")) })

	p.focuses("code")
	p.press(b.received().Code)
	assert.Equal(t, []string{"remember"}, p.tabs(1))
	p.press(" ")
	assert.Equal(t, []string{"check"}, p.tabs(1))
	p.load("press Enter", chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "Your account", p.text("title"), p.at.Notice)
	assert.Contains(t, p.text("devices"), "this one")

	p.tabTo("Skip to the content")
	p.press(kb.Enter)
	becomes(p, "#main", "the place on the page", func() string { return eval[string](p, "location.hash") })
	assert.Equal(t, []string{"transfer-link"}, p.tabs(1), "the header is skipped")
}

func (p *tab) press(keys string) {
	p.t.Helper()
	p.do("press keys", chromedp.KeyEvent(keys))
}

// focus is the id of what has the focus, or its words.
func (p *tab) focus() string {
	return eval[string](p, `document.activeElement.id || document.activeElement.innerText.trim()`)
}

// focuses waits until something has the focus: a page gives it after it was loaded.
func (p *tab) focuses(id string) {
	p.t.Helper()
	becomes(p, id, "the focus", p.focus)
}

// tabs presses Tab so often and returns where it went. Each place can be seen.
func (p *tab) tabs(times int) []string {
	p.t.Helper()
	var at []string
	for range times {
		p.press(kb.Tab)
		at = append(at, p.focus())
		becomes(p, "solid 3px true", "a frame around "+at[len(at)-1], func() string {
			return eval[string](p, `((e) => {
  const s = getComputedStyle(e), r = e.getBoundingClientRect();
  return s.outlineStyle + " " + s.outlineWidth + " " + (r.width > 2 && r.height > 2 && r.top >= 0 && r.bottom <= innerHeight);
})(document.activeElement)`)
		})
	}
	return at
}

func (p *tab) tabTo(id string) {
	p.t.Helper()
	const most = 30
	for range most {
		if p.tabs(1)[0] == id {
			return
		}
	}
	require.Fail(p.t, "cannot be reached by Tab: "+id, p.at.Path)
}
