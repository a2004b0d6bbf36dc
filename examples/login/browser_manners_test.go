package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// member is a tab of somebody who has enrolled, and the recovery codes.
func (b *branch) member(c *chromium) (*tab, []string) {
	p := c.tab(b.t, b.url)
	p.signUp("ada")
	p.click("enrol-link")
	return p, p.enrols(b)
}

// walkWithoutScript signs up, enrols and logs in. The server refuses what the
// script would only have made hard to click.
func walkWithoutScript(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t), func(cfg *config) { cfg.Limits.Cooldown = []time.Duration{time.Hour} })
	p := c.tab(t, b.url).withoutScript()
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.click("logout")
	p.asks("ada")
	b.sends(1, "one click", func() { p.click("send-sms") })
	require.Equal(t, "You can ask for another code 60 minutes after this page was loaded.", p.text("wait"), "which stays true without a script")
	b.sends(0, "asking again at once", func() { p.click("send-sms") })
	assert.Equal(t, "No code was sent: too many were asked for. You can ask again in 60 minutes.", p.at.Notice)
	p.types(wrong(b.received().Code))
	assert.Equal(t, "This code is wrong or too old. You have 4 tries left, or ask for a new one.", p.at.Notice)
	p.types(b.received().Code)
	require.Equal(t, "Your account", p.text("title"), p.at.Notice)
}

// reloadAndBack loads the pages for codes in every way but by a button.
func reloadAndBack(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t))
	p, _ := b.member(c)
	p.click("logout")
	b.sends(0, "loading the page again", func() {
		p.asks("ada")
		p.load("reload", chromedp.Reload())
		p.load("reload", chromedp.Reload())
	})
	page := p.at.Path
	p.click("send-sms")
	b.sends(0, "loading the page again after a send", func() {
		p.load("reload", chromedp.Reload())
		assert.True(t, p.has("code"))
		p.do("go back", chromedp.NavigateBack())
		p.open(page)
	})
	code := b.received().Code
	b.sends(0, "a page that is done with", func() {
		p.types(code)
		p.do("go back", chromedp.NavigateBack())
		p.open(page)
	})
	assert.Equal(t, "This page may have ended, or belong to another log-in.", p.text("error"))
	p.expect(404)
	p.expect(404)
	assert.EqualValues(t, 3, b.asked.Load(), "one for each button that was clicked")
}
