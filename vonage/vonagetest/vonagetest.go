// Package vonagetest emulates Vonage's Verify v2 and the text messages of its Messages
// API, for tests and demos: no account, no network, no cost.
//
//	srv := vonagetest.NewServer(t)
//	client, err := vonage.New(vonage.Config{
//		BaseURL: srv.URL, APIKey: vonagetest.APIKey, APISecret: vonagetest.APISecret,
//		Region: "eu", Brand: "Acme",
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to))
//
// # What is emulated
//
// A verification by text message, call, WhatsApp, e-mail and RCS, its check, its
// cancellation and its next step, with the account's key or with tokens of the
// application whose key [Emulator.Trust] is given. One verification of a recipient is
// pending at a time. Vonage would go on to the next step of a workflow by itself; here
// a call does.
//
// Vonage does not document the following, and the emulator does it so: the fifth wrong
// code ends a verification, where it was the third in version 1; each step has the same
// code; after a cancellation the recipient is taken for [Options].CancelLag.
package vonagetest

import (
	"crypto/rsa"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	APIKey        = "abcd0123"
	APISecret     = "emulatedapisecret"
	ApplicationID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"

	SignatureSecret = "emulatedsignaturesecret" // signs reports
)

const (
	remembered = 24 * time.Hour // how long a verification is known
	attempts   = 5              // of one verification
)

// Options describe an account. The zero value is one whose ids are the constants above.
type Options struct {
	APIKey        string `dsn:"api_key"`
	APISecret     string `dsn:"api_secret"`
	ApplicationID string `dsn:"application_id,optional"` // of tokens

	// CancelLag is for how long a recipient is taken after a cancellation. Defaults to
	// 12 seconds; below zero it is none.
	CancelLag time.Duration

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{
	APIKey: APIKey, APISecret: APISecret, ApplicationID: ApplicationID,
	CancelLag: 12 * time.Second, NewCode: emulator.Digits,
}

// An Emulator is Vonage in memory: an [http.Handler] for the paths below /v2/verify
// and for /v1/messages. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu   sync.Mutex
	key  *rsa.PublicKey // of the application
	byTo emulator.List[string, *verification]
	byID emulator.List[string, *verification]
}

type verification struct {
	id, code string
	steps    []step
	timeout  time.Duration // of each step
	at       time.Time     // of the newest step
	wrong    int
	over     bool
	canceled time.Time
}

func (v *verification) pending(now time.Time) bool {
	return !v.over && now.Before(v.at.Add(v.timeout))
}

// lags reports whether a cancellation is not yet known everywhere.
func (v *verification) lags(now time.Time, lag time.Duration) bool {
	return !v.canceled.IsZero() && now.Before(v.canceled.Add(lag))
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.byTo.Life, e.byID.Life = remembered, remembered
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(), Guard: e.authorized, Report: e.report, Lock: &e.mu,
		NotFound: func(*http.Request) *emulator.Answer { return notFound("") },
	})
	return e
}

// NewKey makes a private key, as the console does for an application: PEM of PKCS #8.
func NewKey() []byte { return emulator.NewKey() }

// Trust makes a key of NewKey the application's: its tokens are good from then on, and
// those of another one are not. It panics if private is no such key.
func (e *Emulator) Trust(private []byte) {
	key, err := emulator.PublicKey(private)
	if err != nil {
		panic("vonagetest: the key is not one of NewKey")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.key = key
}

// Code returns the code that would now be accepted for a phone number or an address,
// or "" if there is none.
func (e *Emulator) Code(to string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if v, ok := e.byTo.Newest(now, to); ok && v.pending(now) {
		return v.code
	}
	return ""
}

// A Server is an [Emulator] that listens; its URL is that of the API.
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
	// Fault is what Fail takes: see package emulator. Fault.On may be send, check, cancel, next or message.
	Fault = emulator.Fault
	// Message is what Messages returns.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
