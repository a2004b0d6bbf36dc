package main

import (
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guarded lets several requests write one log.
type guarded struct {
	mu sync.Mutex
	w  io.Writer
}

func (g *guarded) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.w.Write(b)
}

func TestAWholeLife(t *testing.T) {
	b := newBank(t)
	p, codes := b.enrolled(t, "ada", true)
	p.get("/")
	assert.Equal(t, "On", p.text("factor-state"))
	assert.Equal(t, "+1…06", p.text("factor-to"))

	p.post("/logout")
	assert.Equal(t, "/", p.path)
	p.logIn("ada")
	require.Contains(t, p.path, "/code/")
	assert.Equal(t, "We do not recognize this device.", p.text("why"))
	p.send("sms")
	assert.Equal(t, "A code is on its way.", p.text("notice"))
	p.type_(wrong(b.code(loginService)))
	assert.Equal(t, "This code is wrong or too old. You have 4 tries left, or ask for a new one.", p.text("notice"))
	p.type_(b.code(loginService), "remember", "on")
	require.Equal(t, "/", p.path, p.text("notice"))
	assert.Equal(t, "Firefox on Linux this one", p.text("devices")[:len("Firefox on Linux this one")])

	p.post("/logout")
	p.logIn("ada")
	assert.Equal(t, "Your account", p.text("title"), "a remembered device")

	p.post("/transfer", "amount", "39,99", "payee", "Acme")
	require.Equal(t, "EUR 39.99", p.text("payment-amount"), p.body)
	p.send("sms")
	assert.Equal(t, "A code is on its way.", p.text("notice"))
	p.type_(b.code(transferService))
	assert.Equal(t, "Transferred to Acme: EUR 39.99", p.text("notice"))
	assert.Equal(t, "EUR 960.01", p.text("balance"))

	q := b.visitor(t).logIn("ada")
	q.get(q.path+"/recovery").post(q.path, "recovery-code", codes[3])
	assert.Equal(t, "Your account", q.text("title"), q.text("notice"))
	assert.Equal(t, "9", q.text("codes-left"))
	t.Log(b.log.String())
}
