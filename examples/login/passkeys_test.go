package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bankOrigin = "http://localhost:8000"

// withPasskeys has a bank take them.
func withPasskeys(c *config) { c.Origin = bankOrigin }

// A key is a security key in software: one passkey.
type key struct {
	t      *testing.T
	id     []byte
	secret *ecdsa.PrivateKey
	count  uint32
	origin string
	extra  string // extension outputs that nobody asked for
}

func newKey(t *testing.T, idSize int) *key {
	k := &key{t: t, id: make([]byte, idSize), origin: bankOrigin}
	_, _ = rand.Read(k.id)
	var err error
	k.secret, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// clientData is what a browser signs.
func (k *key) clientData(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
	require.NoError(k.t, err)
	return text
}

func (k *key) authData(flags byte) []byte {
	hash := sha256.Sum256([]byte("localhost"))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.count)
}

func (k *key) answer(response map[string]string) string {
	extra := json.RawMessage("{}")
	if k.extra != "" {
		extra = json.RawMessage(k.extra)
	}
	text, err := json.Marshal(map[string]any{
		"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": extra, "response": response,
	})
	require.NoError(k.t, err)
	return string(text)
}

// makes answers the page for a new passkey.
func (k *key) makes(options question) string {
	public, err := k.secret.PublicKey.ECDH()
	require.NoError(k.t, err)
	point := public.Bytes()
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	require.NoError(k.t, err)
	data := append(k.authData(0x45), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id))) // 1023 at most
	data = append(append(data, k.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	require.NoError(k.t, err)
	return k.answer(map[string]string{
		"clientDataJSON": b64(k.clientData("webauthn.create", options.Challenge)), "attestationObject": b64(object),
	})
}

// signs answers the page that asks for a passkey.
func (k *key) signs(options question, handle []byte) string {
	k.count++
	data, client := k.authData(0x05), k.clientData("webauthn.get", options.Challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte(nil), data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.secret, sum[:])
	require.NoError(k.t, err)
	return k.answer(map[string]string{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(handle),
	})
}

// A question is what a page asks the browser.
type question struct {
	Challenge        string
	AllowCredentials []struct{ ID string }
}

var dataOptions = regexp.MustCompile(`data-options="([^"]+)"`)

func (p *person) question() question {
	p.t.Helper()
	found := dataOptions.FindStringSubmatch(p.body)
	require.NotNil(p.t, found, "%s: %s", p.text("title"), p.text("notice"))
	var q struct{ PublicKey question }
	require.NoError(p.t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &q))
	return q.PublicKey
}

// asksForPasskey confirms by a text message that a passkey is to be added.
func (p *person) asksForPasskey(b *bank) *person {
	p.t.Helper()
	p.post("/settings", "act", "passkey").send("sms").type_(b.code(settingsService))
	require.Equal(p.t, "/passkeys", p.path, p.text("notice"))
	return p
}

func (p *person) addsPasskey(b *bank, k *key) *person {
	p.t.Helper()
	p.asksForPasskey(b)
	p.post("/passkeys", "name", "My key", "credential", k.makes(p.question()))
	require.Equal(p.t, toldPasskeyAdded, p.text("notice"), p.text("refusal"))
	return p
}

// handle is what an account is called within its passkeys.
func (b *bank) handle(name string) []byte { a, _ := b.store.account(name); return a.Handle }

// usesPasskey answers a challenge by one.
func (p *person) usesPasskey(b *bank, name string, k *key) *person {
	p.t.Helper()
	p.get(p.path + "/passkey")
	return p.post(p.path, "credential", k.signs(p.question(), b.handle(name)))
}

func TestAPasskeyFromFirstToLast(t *testing.T) {
	for name, size := range map[string]int{"a short id": 16, "the longest id": 1023} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, cooled, withPasskeys)
			p, _ := b.enrolled(t, "ada", false)
			k := newKey(t, size)
			k.extra = `{"credProps":{"rk":true}}`
			p.addsPasskey(b, k)
			assert.Contains(t, p.text("passkeys"), "My key")
			assert.Contains(t, p.text("news"), toldPasskeyAdded)
			p.post("/logout").logIn("ada")
			assert.True(t, p.has("send-sms"), "either will do")
			p.usesPasskey(b, "ada", k)
			require.Equal(t, "Your account", p.text("title"), p.text("notice"))
			remove := regexp.MustCompile(`value="(nopasskey:[^"]+)"`).FindStringSubmatch(p.body)
			require.NotNil(t, remove)
			p.post("/settings", "act", remove[1]).usesPasskey(b, "ada", k)
			assert.Equal(t, toldPasskeyRemoved, p.text("notice"))
			assert.False(t, p.has("passkeys"))
			p.addsPasskey(b, k)
			p.post("/settings", "act", "off").usesPasskey(b, "ada", k)
			assert.Equal(t, "Off", p.text("factor-state"))
			q, _ := b.enrolled(t, "bob", false)
			q.addsPasskey(b, k)
			assert.True(t, q.has("passkeys"), "what was removed may be used again")
		})
	}
}

func TestPasskeysAreOfferedWhereTheyWork(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	assert.False(t, p.get("/").has("add-passkey"), "no origin is known")
	p.get("/passkeys")
	assert.Equal(t, http.StatusNotFound, p.status)
	b = newBank(t, withPasskeys)
	p, _ = b.enrolled(t, "ada", false)
	assert.True(t, p.get("/").has("add-passkey"))
	p.asksForPasskey(b)
	assert.Contains(t, p.body, "only with JavaScript")
	assert.Equal(t, bankOrigin, regexp.MustCompile(`data-origin="([^"]+)"`).FindStringSubmatch(p.body)[1])
}

// attackAPasskeyOfAnotherAccount opens an account by a passkey of somebody else, and
// has one kept for two.
func attackAPasskeyOfAnotherAccount(t *testing.T) {
	b := newBank(t, cooled, withPasskeys)
	ada, _ := b.enrolled(t, "ada", false)
	adas := newKey(t, 32)
	ada.addsPasskey(b, adas)
	mallory, _ := b.enrolled(t, "mallory", false)
	mallorys := newKey(t, 32)
	mallory.addsPasskey(b, mallorys)

	thief := b.visitor(t).logIn("ada")
	at := thief.path + "/passkey"
	thief.get(at)
	require.Len(t, thief.question().AllowCredentials, 1, "hers alone")
	forged := &key{t: t, id: adas.id, secret: mallorys.secret, origin: bankOrigin}
	elsewhere := &key{t: t, id: adas.id, secret: adas.secret, origin: "http://localhost:9000"}
	for name, answer := range map[string]func(question) string{
		"mallory's, as hers":      func(q question) string { return mallorys.signs(q, b.handle("ada")) },
		"mallory's, as mallory's": func(q question) string { return mallorys.signs(q, b.handle("mallory")) },
		"hers, as mallory's":      func(q question) string { return adas.signs(q, b.handle("mallory")) },
		"hers, by another's key":  func(q question) string { return forged.signs(q, b.handle("ada")) },
		"hers, on a false page":   func(q question) string { return elsewhere.signs(q, b.handle("ada")) },
		"hers, to no question":    func(question) string { return adas.signs(question{Challenge: "AAAA"}, b.handle("ada")) },
		"nothing":                 func(question) string { return "" },
		"no answer at all":        func(question) string { return "{}" },
	} {
		thief.get(at)
		thief.post(at, "credential", answer(thief.question()))
		assert.Contains(t, thief.text("notice"), "did not open it", name)
	}
	assert.False(t, thief.in())

	mallory.asksForPasskey(b)
	mallory.post("/passkeys", "credential", adas.makes(mallory.question()))
	assert.Contains(t, mallory.text("refusal"), "was not kept", "it is hers")
	a, _ := b.store.account("mallory")
	assert.Len(t, a.Passkeys, 1)
}

// attackAReplayedPasskey answers one question twice, and one that was never asked.
func attackAReplayedPasskey(t *testing.T) {
	b := newBank(t, cooled, withPasskeys)
	p, _ := b.enrolled(t, "ada", false)
	k := newKey(t, 32)
	p.asksForPasskey(b)
	made := k.makes(p.question())
	p.get("/passkeys").post("/passkeys", "credential", made)
	assert.Contains(t, p.text("refusal"), "was not kept", "there is another question now")
	p.post("/passkeys", "credential", k.makes(p.question()))
	require.Equal(t, toldPasskeyAdded, p.text("notice"))
	p.post("/passkeys", "credential", k.makes(question{Challenge: b64(make([]byte, 32))}))
	assert.Equal(t, "/", p.path, "nothing is granted")

	p.post("/logout").logIn("ada")
	code := p.path
	p.post(code+"/passkey", "credential", k.signs(question{Challenge: b64(make([]byte, 32))}, b.handle("ada")))
	assert.Contains(t, p.text("notice"), "did not open it", "nothing was asked")
	p.get(code + "/passkey")
	signed := k.signs(p.question(), b.handle("ada"))
	thief := b.visitor(t).logIn("ada")
	thief.get(thief.path + "/passkey")
	thief.post(thief.path, "credential", signed)
	assert.Contains(t, thief.text("notice"), "did not open it", "the question of another login")
	p.post(code+"/passkey", "credential", signed)
	require.True(t, p.in(), p.text("notice"))
	thief.get(thief.path + "/passkey")
	thief.post(thief.path, "credential", signed)
	assert.False(t, thief.in())
}

// attackACopiedPasskey uses a copy of a security key, whose counter is behind.
func attackACopiedPasskey(t *testing.T) {
	b := newBank(t, cooled, withPasskeys, func(c *config) { c.Notices = c.Inbox })
	p, _ := b.enrolled(t, "ada", false)
	k := newKey(t, 32)
	p.addsPasskey(b, k)
	copied := *k
	p.post("/logout").logIn("ada").usesPasskey(b, "ada", k)
	p.post("/logout").logIn("ada").usesPasskey(b, "ada", k)
	require.True(t, p.in())
	thief := b.visitor(t).logIn("ada").usesPasskey(b, "ada", &copied)
	assert.Contains(t, thief.text("notice"), "may have been copied")
	assert.False(t, thief.in())
	assert.Contains(t, b.site.inbox.newest()[0].Text, toldPasskeyCopied)
	assert.Contains(t, p.get("/").text("passkeys"), "switched off")
	copied.count = 100
	thief.logIn("ada")
	assert.False(t, thief.has("to-passkey"), "it opens nothing any more")
}

// attackTheLastPasskey removes the only one where nothing else counts.
func attackTheLastPasskey(t *testing.T) {
	b := newBank(t, cooled, withPasskeys)
	p, _ := b.enrolled(t, "ada", false)
	k := newKey(t, 32)
	p.addsPasskey(b, k)
	b.site.factors = []factor{passkeyFactor}
	a, _ := b.store.account("ada")
	p.post("/settings", "act", "nopasskey:"+a.Passkeys[0].ID)
	assert.Equal(t, http.StatusNotFound, p.status)
	p.post("/settings", "act", "nopasskey:other")
	assert.Equal(t, http.StatusNotFound, p.status)
	p.post("/logout").logIn("ada")
	assert.False(t, p.has("send-form"))
	p.usesPasskey(b, "ada", k)
	assert.True(t, p.in())
}

// attackAQuestionTwice guesses at one question: a wrong answer spends it.
func attackAQuestionTwice(t *testing.T) {
	b := newBank(t, cooled, withPasskeys)
	p, _ := b.enrolled(t, "ada", false)
	k := newKey(t, 32)
	p.addsPasskey(b, k)
	p.post("/logout").logIn("ada")
	at := p.path + "/passkey"
	signed := k.signs(p.get(at).question(), b.handle("ada"))
	p.post(at, "credential", "{}").post(at, "credential", signed)
	assert.Contains(t, p.text("notice"), "did not open it")
	assert.False(t, p.in())
}

// attackALateQuestion keeps a page for a new passkey open for longer than the proof
// that allowed it is good.
func attackALateQuestion(t *testing.T) {
	inTime(t, func(b *bank, p *person) {
		require.NoError(t, b.site.openPasskeys(bankOrigin))
		p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
		p.asksForPasskey(b)
		time.Sleep(9 * time.Minute)
		made := newKey(p.t, 32).makes(p.get("/passkeys").question())
		time.Sleep(2 * time.Minute)
		p.post("/passkeys", "credential", made)
		a, _ := b.store.account("ada")
		assert.Empty(t, a.Passkeys)
	})
}

// TestAChangeOfFactorsEndsOtherLogins and forgets remembered devices.
func TestAChangeOfFactorsEndsOtherLogins(t *testing.T) {
	b := newBank(t, cooled, withPasskeys)
	p, _ := b.enrolled(t, "ada", false)
	for name, change := range map[string]func(){
		"an app":    func() { p.addsApp(b) },
		"a passkey": func() { p.addsPasskey(b, newKey(t, 32)) },
	} {
		other := b.visitor(t).logIn("ada").send("sms").type_(b.code(loginService), "remember", "on")
		require.Equal(t, "Your account", other.text("title"), other.text("notice"))
		change()
		assert.False(t, other.in(), name)
		assert.Contains(t, other.logIn("ada").path, "/code/", name)
	}
}
