// Package sinchtest emulates Sinch Verification, for tests and demos: no account, no
// network, no cost.
//
//	srv := sinchtest.NewServer(t)
//	client, err := sinch.New(sinch.Config{
//		BaseURL:           srv.URL,
//		ApplicationKey:    sinchtest.ApplicationKey,
//		ApplicationSecret: sinchtest.ApplicationSecret,
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Verifications by sms, callout and whatsapp, their report by id and by number, what is
// told of them, application signed requests and Basic, and callbacks about a delivery,
// as far as Sinch's own client library can tell.
//
// Sinch does not document the following, and the emulator does it so: a code has four
// digits and lives for 5 minutes unless the send says otherwise; a wrong code is FAIL
// with "Invalid code", and the fifth one ends the verification, which is then not found,
// as is one whose code was used; with [Options].OneTry the first wrong code ends it, and
// with [Options].Again a used code is SUCCESSFUL as often as it is reported. The time
// of a signature may be any.
package sinchtest

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The application that zero [Options] emulate.
const (
	ApplicationKey    = "00000000-0000-4000-8000-000000000001"
	ApplicationSecret = "ZW11bGF0ZWQtYXBwbGljYXRpb24tc2Vj" // the base64 of no secret at all
	AppName           = "Acme"
)

const (
	remembered = 24 * time.Hour // how long a verification is known
	life       = 5 * time.Minute
	attempts   = 5
)

// Options describe an application. The zero value is the one of the constants above.
type Options struct {
	ApplicationKey    string `dsn:"application_key"`
	ApplicationSecret string `dsn:"application_secret"` // base64

	SignedOnly bool // Refuses Basic, as the minimum authentication level may.
	OneTry     bool // The first wrong code ends a verification.
	Again      bool // A used code is good again.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{ApplicationKey: ApplicationKey, ApplicationSecret: ApplicationSecret, NewCode: emulator.Digits}

// An Emulator is Sinch Verification in memory: an [http.Handler] for the paths below
// /verification/v1/verifications. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options
	secret  []byte

	mu          sync.Mutex
	byTo        emulator.List[string, *verification]
	byID        emulator.List[string, *verification]
	byReference emulator.List[string, *verification]
}

type verification struct {
	id, to, method, code, reference string
	life                            time.Duration
	status, reason                  string
	wrong                           int
	at                              time.Time
}

// New returns an emulator of the application that opts describe. A secret that is not
// base64 signs nothing.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.secret, _ = base64.StdEncoding.DecodeString(e.options.ApplicationSecret)
	e.byTo.Life, e.byID.Life, e.byReference.Life = remembered, remembered, remembered
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(), Report: e.callback, Guard: e.authorized, Lock: &e.mu,
		NotFound: func(*http.Request) *emulator.Answer { return notFound() },
		Header:   emulator.Headers("Content-Type", "application/json; charset=utf-8"),
	})
	return e
}

// Code returns the code that would now be accepted for to, or "" if there is none. Sinch
// has no scopes: the scope must be empty.
func (e *Emulator) Code(to, scope string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.byTo.Newest(now, to)
	if !ok || scope != "" || cmp.Or(v.state(now), pending) != pending {
		return ""
	}
	return v.code
}

// A Server is an [Emulator] that listens.
type Server struct {
	*Emulator
	*emulator.Server
}

// NewServer starts a server that is closed when the test ends. It takes at most
// one Options.
func NewServer(t emulator.TB, opts ...Options) *Server {
	t.Helper()
	e, s := emulator.NewServer(t, New, opts)
	return &Server{e, s}
}

type (
	// A Fault is what Fail takes, and a Message what Messages returns: see package emulator. Fault.On may be
	// send, check or fetch. The Scope of a Message is empty.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
