// Package pigeontest emulates Pigeon, for tests and demos: no account, no network,
// no cost.
package pigeontest

import (
	_ "embed" // the facts
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
	guard := emulator.Guarded("Bearer", e.options.APIKey, Refuse(http.StatusUnauthorized, "bad_key"))
	e.Start(emulator.API{Start: opts.Start, Lock: &e.mu, Guard: guard, Routes: []emulator.Route{
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
func read(r *http.Request) (emulator.Fields, subject, *emulator.Answer) {
	f, err := emulator.ReadObject(r)
	to, named := f.Text("to", 16)
	purpose, short := f.Text("purpose", 20)
	if err != nil || !named || to == "" || !short {
		return nil, subject{}, Refuse(http.StatusBadRequest, "bad_request")
	}
	return f, subject{to, purpose}, nil
}

func (e *Emulator) send(r *http.Request) *emulator.Answer {
	f, s, refused := read(r)
	if refused != nil {
		return refused
	}
	code := e.options.NewCode(6)
	e.codes.Remove(s)
	e.codes.Add(e.Now(), s, code)
	return &emulator.Answer{Status: http.StatusCreated, Body: map[string]string{"id": emulator.UUID()}, Message: &emulator.Message{
		Vendor: "pigeon", To: s.to, Channel: f.String("channel"), Scope: s.purpose, Code: code, Text: "Your code is " + code,
	}}
}

func (e *Emulator) check(r *http.Request) *emulator.Answer {
	f, s, refused := read(r)
	if refused != nil {
		return refused
	}
	status := "wrong"
	switch code, live := e.codes.Newest(e.Now(), s); {
	case !live:
		status = "gone"
	case code == f.String("code"):
		status = "approved"
		e.codes.Remove(s)
	}
	return &emulator.Answer{Body: map[string]string{"status": status, "to": s.to}}
}

//go:embed facts.txt
var facts string

// Facts are what Pigeon documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: "pigeon", Settings: settings, User: "api_key"}
}
