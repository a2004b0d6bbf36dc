// Package dovetest emulates Dove, for tests and demos: no account, no network, no cost.
package dovetest

import (
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// Options describe an account. Zero fields have defaults.
type Options struct {
	Token string    `dsn:"token"`
	Start time.Time // Stops the clock there. Defaults to real time.
}

// Token is what an account has that names no other.
const Token = "dove-placeholder-token"

var defaults = Options{Token: Token}

// An Emulator is Dove in memory.
type Emulator struct {
	emulator.Core
	mu sync.Mutex
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{}
	guard := emulator.Guarded("Bearer", emulator.Default(opts, defaults).Token, Refuse(http.StatusUnauthorized, "bad_token"))
	e.Start(emulator.API{Start: opts.Start, Lock: &e.mu, Guard: guard, Routes: []emulator.Route{
		{On: "send", Pattern: "POST /v1/messages", Serve: e.send},
	}})
	return e
}

// Refuse answers as Dove does if it refuses.
func Refuse(status int, code string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]string{"error": code}}
}

func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	to, named := f.Text("to", 16)
	text, short := f.Text("text", 160)
	if err != nil || !named || to == "" || !short || text == "" {
		return Refuse(http.StatusBadRequest, "bad_request")
	}
	return &emulator.Answer{Status: http.StatusAccepted, Body: map[string]string{"id": emulator.UUID()}, Message: &emulator.Message{
		Vendor: "dove", To: to, Channel: "sms", Code: emulator.CodeIn(text), Text: text,
	}}
}

// A Server is an Emulator that listens.
type Server struct {
	*Emulator
	*emulator.Server
}

// NewServer starts a server that is closed when the test ends.
func NewServer(t emulator.TB, opts ...Options) *Server {
	t.Helper()
	e, s := emulator.NewServer(t, New, opts)
	return &Server{e, s}
}
