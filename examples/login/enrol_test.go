package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFactorIsOnOnlyOnceAllIsProven(t *testing.T) {
	t.Run("by SMS", func(t *testing.T) {
		b := newBank(t)
		p := b.visitor(t).signUp("ada").post("/enrol", "number", "500.555.0006", "region", "US")
		assert.Equal(t, "+1 500-555-0006", p.text("to"), "shown back")
		at := p.path
		assert.Equal(t, "Off", p.get("/").text("factor-state"))
		p.get(at).send("sms")
		assert.Equal(t, "+1…06", p.text("to"))
		p.type_(wrong(b.code("")))
		assert.Equal(t, "Off", p.get("/").text("factor-state"))
		p.get(at).type_(b.code(""))
		assert.Equal(t, "On", p.get("/").text("factor-state"))
	})
	t.Run("strict: by a call too", func(t *testing.T) {
		b := newBank(t)
		p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US", "ways", "both")
		p.send("sms").type_(b.code(""))
		require.True(t, p.has("send-voice"), p.body)
		assert.False(t, p.has("send-sms"), "messages are proven")
		at := p.path
		assert.Equal(t, "Off", p.get("/").text("factor-state"))
		p.get(at).send("voice").type_(b.code(callService))
		assert.Equal(t, "On", p.get("/").text("factor-state"))
		assert.Contains(t, p.body, "by text message or call")
	})
	t.Run("a number that changes meanwhile is not the one that was proven", func(t *testing.T) {
		b := newBank(t)
		p := b.visitor(t).signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms")
		first, code := p.path, b.code("")
		p.post("/enrol", "number", "+15017122661", "region", "US")
		p.post(first+"/check", "code", code)
		assert.Equal(t, http.StatusNotFound, p.status)
		assert.Equal(t, "Off", p.get("/").text("factor-state"))
	})
}

func TestVoiceIsOfferedOnlyOnceProven(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	p.post("/logout").logIn("ada")
	assert.True(t, p.has("send-sms"))
	assert.False(t, p.has("send-voice"))
	before := b.vendor.Effects()
	p.send("voice")
	assert.Contains(t, p.text("notice"), "No code was sent")
	assert.Equal(t, before, b.vendor.Effects())

	p.send("sms").type_(b.code(loginService))
	p.post("/settings", "act", addCalls+b.numberOf(t, "ada")).send("sms").type_(b.code(settingsService))
	require.True(t, p.has("send-voice"), p.text("notice"))
	p.send("voice").type_(b.code(callService))
	assert.Equal(t, "From now on you can choose a call.", p.text("notice"))
	p.post("/logout").logIn("ada")
	assert.True(t, p.has("send-voice"))
}

func TestChangesOfTheFactorNeedTheFactor(t *testing.T) {
	for name, tc := range map[string]struct {
		fields []string
		done   func(p *person) bool
	}{
		"turning it off":     {[]string{"act", "off"}, func(p *person) bool { return p.get("/").text("factor-state") == "Off" }},
		"asking never":       {[]string{"act", "policy", "policy", "never"}, func(p *person) bool { return checked(p.get("/"), "policy-never") }},
		"another number":     {[]string{"act", "number"}, func(p *person) bool { return p.get("/enrol").path == "/enrol" }},
		"new recovery codes": {[]string{"act", "codes"}, func(p *person) bool { return p.post("/recovery").has("recovery-codes") }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t)
			p, _ := b.enrolled(t, "ada", false)
			p.post("/settings", tc.fields...)
			at := p.path
			require.Contains(t, at, "/code/")
			assert.False(t, tc.done(p))
			p.get(at).send("sms").type_(b.code(settingsService))
			assert.True(t, tc.done(p), p.text("notice"))
		})
	}
}

func TestAnotherNumberIsAllowedOnce(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	pending := func() string {
		a, _ := b.store.account("ada")
		return a.Pending
	}
	p.post("/enrol", "number", "+15017122661", "region", "US")
	assert.Empty(t, pending(), "not confirmed by a code")
	p.post("/settings", "act", "number").send("sms").type_(b.code(settingsService))
	p.post("/enrol", "number", "+15017122661", "region", "US")
	assert.Equal(t, "+15017122661", pending())
	p.post("/enrol", "number", "+15017122662", "region", "US")
	assert.Equal(t, "+15017122661", pending(), "confirmed once")
}

func checked(p *person, id string) bool {
	_, after, _ := strings.Cut(p.body, `id="`+id+`"`)
	tag, _, _ := strings.Cut(after, ">")
	return strings.Contains(tag, " checked")
}

func TestSignUpRefusals(t *testing.T) {
	b := newBank(t)
	b.visitor(t).signUp("ada")
	for name, tc := range map[string]struct{ name, password, want string }{
		"a name that is taken":           {"ada", password, "taken"},
		"in another spelling":            {" ADA ", password, "taken"},
		"a name with a slash":            {"ada/x", password, "3 to 32"},
		"a short password":               {"bob", "short", "10 characters"},
		"a password that holds the name": {"bob", "ilovebobverymuch", "must not hold the name"},
		"one character again":            {"bob", "aaaaaaaaaaaa", "again and again"},
		"a very long password":           {"bob", strings.Repeat("ab", 200), "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, b.visitor(t).post("/signup", "name", tc.name, "password", tc.password).text("refusal"), tc.want)
		})
	}
}
