package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// at is the newest code that came to a number.
func (b *branch) at(to string) string {
	b.t.Helper()
	all := b.phone.Messages()
	require.NotEmpty(b.t, all)
	require.Equal(b.t, to, all[len(all)-1].To)
	return all[len(all)-1].Code
}

// hasten lets a walk ask for codes as often as it likes.
func hasten(c *config) { c.Limits.Cooldown = []time.Duration{time.Nanosecond} }

// addsNumber proves another number and ends on the account's page, with a look at
// what lies between.
func (p *tab) addsNumber(b *branch, to string, look func(name string)) {
	p.t.Helper()
	p.click("add-number")
	look("code-add-number")
	p.click("send-sms")
	p.types(b.at(phone))
	p.fill("number", strings.TrimPrefix(to, "+1"))
	look("enrol-another")
	p.click("enrol")
	look("code-enrol-another")
	p.click("send-sms")
	p.types(b.at(to))
	require.Equal(p.t, toldNumberAdded, p.at.Notice)
}

// chooses clicks the button of the first number that can be asked instead.
func (p *tab) chooses() {
	p.t.Helper()
	p.click(eval[string](p, `document.querySelector(".to-number").id`))
}

// numbersWithoutScript adds a number, logs in with it, and removes the other one.
func numbersWithoutScript(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t), hasten)
	p := c.tab(t, b.url).withoutScript()
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.addsNumber(b, second, func(string) {})
	p.click("logout")
	b.sends(0, "a choice", func() {
		p.asks("ada")
		assert.Equal(t, "+1…06", p.text("to"))
		p.chooses()
	})
	assert.Equal(t, "+1…61", p.text("to"))
	b.sends(1, "one click", func() { p.click("send-sms") })
	p.types(b.at(second))
	require.Equal(t, "Your account", p.text("title"), p.at.Notice)
	p.click(eval[string](p, `document.querySelector(".remove-number").id`))
	p.chooses()
	p.click("send-sms")
	p.types(b.at(second))
	require.Equal(t, toldNumberRemoved, p.at.Notice)
	assert.Equal(t, "+1…61", p.text("factor-to"))
	assert.False(t, p.has("numbers"))
}

// numberPages are those of several numbers.
func numberPages(t *testing.T, c *chromium) {
	b := openBranch(t, playTwilio(t), hasten)
	p := c.tab(t, b.url)
	p.signUp("ada")
	p.click("enrol-link")
	p.enrols(b)
	p.addsNumber(b, second, p.look)
	p.look("account-numbers")
	p.click("logout")
	p.asks("ada")
	p.look("code-numbers")
	p.click("send-sms")
	p.look("code-numbers-sent")
	p.chooses()
	p.look("code-numbers-other")
}
