package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// walkVendor is a whole life on one vendor, as far as the vendor goes.
func walkVendor(t *testing.T, c *chromium, v vendorPlay) {
	b := openBranch(t, v)
	p := c.tab(t, b.url)
	p.signUp("ada")
	p.seesWhatIsOffered(b)
	codes := p.enrols(b)
	p.click("logout")
	assert.Equal(t, "You are logged out.", p.at.Notice)
	p.logsInWithTrouble(b)
	p.isRemembered(b)
	other := c.tab(t, b.url)
	other.logsInByRecovery(b, codes[0])
	if b.transfers {
		other.click("logout")
		other.asks("ada")
		b.coolsDown()
		b.sends(1, "the other device", func() { other.click("send-sms") })
		p.transfersMoney(b, b.received().Code)
	} else {
		p.cannotTransfer(b)
	}
}

func (p *tab) signUp(name string) {
	p.t.Helper()
	p.asksToSignUp(name)
	require.Equal(p.t, "Your account", p.text("title"))
	assert.Equal(p.t, "Welcome. Now turn on the second factor.", p.at.Notice)
	assert.Equal(p.t, "Off", p.text("factor-state"))
}

func (p *tab) asksToSignUp(name string) {
	p.t.Helper()
	p.open("/")
	p.click("signup-link")
	p.fill("name", name)
	p.fill("password", password)
	p.click("signup")
}

// asks logs in as far as a password goes.
func (p *tab) asks(name string) {
	p.t.Helper()
	p.open("/login")
	p.fill("name", name)
	p.fill("password", password)
	p.click("login")
}

// types answers the page for codes.
func (p *tab) types(code string) {
	p.t.Helper()
	p.fill("code", code)
	p.click("check")
}

func (p *tab) seesWhatIsOffered(b *branch) {
	p.t.Helper()
	assert.Equal(p.t, b.noTransfer != "", p.has("no-transfer"))
	p.click("enrol-link")
	assert.Equal(p.t, b.noCalls == "", p.has("ways"), "calls are offered where they can be proven")
	if b.noCalls != "" {
		assert.Equal(p.t, "Codes cannot come by call: "+b.noCalls, p.text("no-calls"))
	}
	assert.Equal(p.t, b.registers, p.has("email"))
}

// enrolsUntilCodes proves the number, by a call as well where calls can be proven,
// and comes to the recovery codes.
func (p *tab) enrolsUntilCodes(b *branch) {
	p.t.Helper()
	p.fill("number", "(500) 555-0006")
	if b.noCalls == "" {
		p.tick("ways-both")
	}
	if b.registers {
		p.fill("email", "a@example.com")
	}
	b.sends(0, "typing a number", func() { p.click("enrol") })
	assert.Equal(p.t, "+1 500-555-0006", p.text("to"))
	assert.False(p.t, p.has("send-voice"), "an SMS comes first")
	b.sends(1, "one click", func() { p.click("send-sms") })
	assert.Equal(p.t, "A code is on its way.", p.at.Notice)
	p.types(b.received().Code)
	if b.noCalls == "" {
		assert.Equal(p.t, "SMS is confirmed. Now confirm calls.", p.at.Notice)
		assert.False(p.t, p.has("send-sms"), "calls are what is proven now")
		b.sends(1, "one click", func() { p.click("send-voice") })
		require.Equal(p.t, "voice", b.received().Channel)
		p.types(b.received().Code)
	}
	require.Equal(p.t, "The second factor is on.", p.at.Notice, p.at.Path)
	p.click("show-codes")
}

// enrols proves the number and returns the recovery codes.
func (p *tab) enrols(b *branch) []string {
	p.t.Helper()
	p.enrolsUntilCodes(b)
	codes := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){3}`).FindAllString(p.text("recovery-codes"), -1)
	require.Len(p.t, codes, recoveryCodes)
	p.click("done")
	assert.Equal(p.t, "On", p.text("factor-state"))
	assert.Equal(p.t, "+1…06", p.text("factor-to"))
	return codes
}

// logsInWithTrouble types a wrong code, has another one sent, changes the channel
// where there are two, and has the device remembered.
func (p *tab) logsInWithTrouble(b *branch) {
	p.t.Helper()
	b.sends(0, "a password", func() { p.asks("ada") })
	assert.Equal(p.t, "We do not recognize this device.", p.text("why"))
	assert.Equal(p.t, b.noCalls == "", p.has("send-voice"))
	b.sends(1, "one click", func() { p.click("send-sms") })
	p.types(wrong(b.received().Code))
	assert.Equal(p.t, "This code is wrong or too old. You have 4 tries left, or ask for a new one.", p.at.Notice)
	assert.Equal(p.t, "Send again", p.text("send-sms"))
	b.sends(1, "send again", func() { p.click("send-sms") })
	if b.noCalls == "" {
		assert.Equal(p.t, "Call me instead", p.text("send-voice"))
		b.sends(1, "another channel", func() { p.click("send-voice") })
		assert.Equal(p.t, "voice", b.received().Channel)
	}
	p.tick("remember")
	p.types(b.received().Code)
	require.Equal(p.t, "Your account", p.text("title"), p.at.Notice)
	assert.Equal(p.t, "Chrome on Linux this one", firstLine(p.text("devices")))
}

func (p *tab) isRemembered(b *branch) {
	p.t.Helper()
	p.click("logout")
	b.sends(0, "a remembered device", func() { p.asks("ada") })
	require.Equal(p.t, "Your account", p.text("title"), "a remembered device")
}

func (p *tab) logsInByRecovery(b *branch, code string) {
	p.t.Helper()
	b.sends(0, "a recovery code", func() {
		p.asks("ada")
		p.click("to-recovery")
		p.fill("recovery-code", strings.ToLower(code))
		p.click("recover")
	})
	require.Equal(p.t, "Your account", p.text("title"), p.at.Notice)
	assert.Equal(p.t, "9", p.text("codes-left"))
}

// transfersMoney tries the code of a log-in first, which is still good for that.
func (p *tab) transfersMoney(b *branch, login string) {
	p.t.Helper()
	p.click("transfer-link")
	p.fill("amount", "39,99")
	p.fill("payee", "Zoe & Co")
	b.sends(0, "preparing a transfer", func() { p.click("prepare") })
	b.sends(1, "one click", func() { p.click("send-sms") })
	assert.Equal(p.t, "EUR 39.99", p.text("payment-amount"))
	assert.Equal(p.t, "Zoe & Co", p.text("payment-payee"))
	message := b.received()
	assert.Equal(p.t, b.bound, strings.Contains(message.Text, "39.99") && strings.Contains(message.Text, "Zoe & Co"), message.Text)
	require.NotEqual(p.t, message.Code, login)
	p.types(login)
	assert.Equal(p.t, "This code is wrong or too old. You have 4 tries left, or ask for a new one.", p.at.Notice)
	p.types(message.Code)
	require.Equal(p.t, "Transferred to Zoe & Co: EUR 39.99", p.at.Notice)
	assert.Equal(p.t, "EUR 960.01", p.text("balance"))
}

func (p *tab) cannotTransfer(b *branch) {
	p.t.Helper()
	assert.Equal(p.t, "Not possible here: "+b.noTransfer, p.text("no-transfer"))
	p.click("transfer-link")
	assert.Equal(p.t, "A transfer cannot be confirmed here. "+b.noTransfer, p.text("no-transfer"))
	assert.False(p.t, p.has("transfer-form"))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}
