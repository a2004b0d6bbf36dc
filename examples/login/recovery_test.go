package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

func TestRecoveryCodes(t *testing.T) {
	b := newBank(t)
	p, codes := b.enrolled(t, "ada", false)
	p.post("/recovery")
	assert.False(t, p.has("recovery-codes"), "shown once")
	assert.NotContains(t, p.body, codes[0])
	assert.NotContains(t, p.get("/recovery").body, codes[0])

	p = b.visitor(t).logIn("ada")
	at := p.get(p.path + "/recovery").path
	p.post(at, "recovery-code", "AAAA-AAAA-AAAA-AAAA")
	assert.Contains(t, p.text("refusal"), "not one of your recovery codes")
	p.post(at, "recovery-code", " "+strings.ToLower(strings.ReplaceAll(codes[0], "-", ""))+" ")
	assert.Equal(t, "9", p.text("codes-left"), p.text("notice"))

	p = b.visitor(t).logIn("ada")
	p.post(p.path+"/recovery", "recovery-code", codes[0])
	assert.Contains(t, p.text("refusal"), "used before")

	other, _ := b.enrolled(t, "bob", false)
	other.post("/logout").logIn("bob")
	other.post(other.path+"/recovery", "recovery-code", codes[1])
	assert.Contains(t, other.text("refusal"), "not one of your recovery codes", "another person's")

	for range 12 {
		p.post(p.path, "recovery-code", "AAAA-AAAA-AAAA-AAAA")
	}
	assert.Contains(t, p.text("refusal"), "Too many wrong recovery codes")
}

func TestRecoveryCodesComeWithTheFactor(t *testing.T) {
	p := newBank(t).visitor(t).signUp("ada").get("/recovery")
	assert.Equal(t, "/", p.path)
	assert.Contains(t, p.text("notice"), "Turn it on first")
}

func TestALostPhone(t *testing.T) {
	b := newBank(t)
	_, codes := b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada")
	p.post(p.path+"/recovery", "recovery-code", codes[0])
	p.post("/settings", "act", "number")
	p.post(p.path+"/recovery", "recovery-code", codes[1])
	require.Equal(t, "/enrol", p.path, p.text("notice"))
	p.post("/enrol", "number", "+15017122661", "region", "US").send("sms").type_(b.vendor.Code("+15017122661", ""))
	assert.Equal(t, "+1…61", p.get("/").text("factor-to"))
}

func TestAHundredWrongCodesInARow(t *testing.T) {
	b := newBank(t)
	_, codes := b.enrolled(t, "ada", false)
	require.NoError(t, b.store.change("ada", func(_ *bolt.Tx, a *account) error { a.Failures = maxFailures - 1; return nil }))
	p := b.visitor(t).logIn("ada").send("sms")
	p.type_(wrong(b.code(loginService)))
	p.type_(b.code(loginService))
	assert.Contains(t, p.text("notice"), "A recovery code does", "even the right one")
	p.send("sms")
	assert.Contains(t, p.text("notice"), "blocked")
	p.post(p.path+"/recovery", "recovery-code", codes[0])
	assert.Equal(t, "Your account", p.text("title"))
}
