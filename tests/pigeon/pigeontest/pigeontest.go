// Package pigeontest emulates Pigeon, for tests and demos: no account, no network,
// no cost.
package pigeontest

import (
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// Options describe an account. Zero fields have defaults.
type Options struct {
	APIKey  string                  `dsn:"api_key"`
	NewCode func(digits int) string // Defaults to random digits.
	Start   time.Time               // Stops the clock there. Defaults to real time.
}

var defaults = Options{APIKey: "pigeon-placeholder-key", NewCode: emulator.Digits}

// An Emulator is Pigeon in memory.
type Emulator struct {
	emulator.Core
	options Options

	mu    sync.Mutex
	codes emulator.List[subject, string]
}

type subject struct{ to, purpose string }

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.codes.Life = 10 * time.Minute
	e.Start(emulator.API{Start: opts.Start, Routes: []emulator.Route{
		{On: "send", Pattern: "POST /v1/codes", Serve: e.send},
		{On: "check", Pattern: "POST /v1/check", Serve: e.check},
	}})
	return e
}

// Refuse answers as Pigeon does if it refuses.
func Refuse(status int, code string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]string{"error": code}}
}

// read returns the fields of a request, and whom it is about.
func (e *Emulator) read(r *http.Request) (emulator.Fields, subject, *emulator.Answer) {
	f, err := emulator.ReadObject(r)
	to, named := f.Text("to", 16)
	purpose, short := f.Text("purpose", 20)
	switch {
	case emulator.Credential(r, "Bearer") != e.options.APIKey:
		return nil, subject{}, Refuse(http.StatusUnauthorized, "bad_key")
	case err != nil || !named || to == "" || !short:
		return nil, subject{}, Refuse(http.StatusBadRequest, "bad_request")
	}
	return f, subject{to, purpose}, nil
}

func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, s, refused := e.read(r)
	if refused != nil {
		return refused
	}
	code := e.options.NewCode(6)
	channel, _ := f.Text("channel", 10)
	e.mu.Lock()
	e.codes.Remove(s)
	e.codes.Add(e.Now(), s, code)
	e.mu.Unlock()
	e.Deliver(emulator.Message{
		Vendor: "pigeon", To: s.to, Channel: channel, Scope: s.purpose, Code: code, Text: "Your code is " + code,
	})
	return &emulator.Answer{Status: http.StatusCreated, Body: map[string]string{"id": emulator.UUID()}}
}

func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, s, refused := e.read(r)
	if refused != nil {
		return refused
	}
	typed, _ := f.Text("code", 6)
	e.mu.Lock()
	defer e.mu.Unlock()
	status := "wrong"
	switch code, live := e.codes.Newest(e.Now(), s); {
	case !live:
		status = "gone"
	case code == typed:
		status = "approved"
		e.codes.Remove(s)
	}
	return &emulator.Answer{Body: map[string]string{"status": status, "to": s.to}}
}

// Facts are what Pigeon documents. A zero Fact is not documented.
func Facts() emulator.Facts {
	const page = "https://pigeon.example/docs"
	return emulator.Facts{
		Scheme: "pigeon", Product: "Pigeon",
		Maker:    emulator.Fact{Is: "Pigeon", URL: page},
		Digits:   emulator.Fact{Is: "always 6", URL: page},
		Lifetime: emulator.Fact{Is: "10 minutes", URL: page},
	}
}

// Vendors are what this package emulates.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: "pigeon", Settings: settings, User: "api_key"}
}
