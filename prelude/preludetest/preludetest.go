// Package preludetest emulates Prelude Verify, for tests and demos: no account, no
// network, no cost.
//
//	srv := preludetest.NewServer(t)
//	client, err := prelude.New(prelude.Config{BaseURL: srv.URL, APIKey: preludetest.APIKey})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Verifications of phone numbers, their window and their check, as far as Prelude's own
// client library can tell. Messages go by the preferred channel, or by
// [Options].Route whatever is preferred. A Send with the platform "tvos" is blocked as
// suspicious, so that there is a way to see it.
//
// Prelude does not document the following, and the emulator does it so: the window is 10
// minutes long, unless [Options].Window says otherwise, and a code works in it; another
// attempt within it brings the same code; the fifth wrong code ends it, and any after it
// is expired_or_not_found. With [Options].Attempts a window takes so many sends, and one
// more is blocked for repeated_attempts.
package preludetest

import (
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// APIKey is the key that zero [Options] emulate.
const APIKey = "sk_emulated"

const (
	remembered = time.Hour // an ended window
	maxWrong   = 5
)

// Options describe an account.
type Options struct {
	APIKey   string        `dsn:"api_key"` // Defaults to [APIKey].
	Digits   int           // The configured length of codes. Defaults to 6.
	Window   time.Duration // Defaults to 10 minutes.
	Attempts int           // Sends within a window. Defaults to any number.
	Route    string        // The channel that is used whatever is preferred. Defaults to none.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{APIKey: APIKey, Digits: 6, Window: 10 * time.Minute, NewCode: emulator.Digits}

// An Emulator is Prelude Verify in memory: an [http.Handler] for the paths below
// /v2/verification. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu      sync.Mutex
	windows emulator.List[string, *window]
}

// A window is a verification that is in progress, or was.
type window struct {
	id, code, correlation string
	sends, wrong          int
	over                  bool
	began                 time.Time
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.windows.Life = max(remembered, e.options.Window)
	e.Start(emulator.API{
		Start: opts.Start,
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /v2/verification", Serve: e.send},
			{On: "check", Pattern: "POST /v2/verification/check", Serve: e.check},
		},
		Guard:    emulator.Guarded("Bearer", e.options.APIKey, refuse(http.StatusUnauthorized, "invalid_bearer_token")),
		Lock:     &e.mu,
		NotFound: func(*http.Request) *emulator.Answer { return refuse(http.StatusNotFound, "not_found") },
		Header:   emulator.Headers("Content-Type", "application/json"),
	})
	return e
}

// Code returns the code that would now be right for a number, or "" if there is none.
// Prelude has no scopes: the scope must be empty.
func (e *Emulator) Code(to, scope string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w := e.open(to); w != nil && scope == "" {
		return w.code
	}
	return ""
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
	// A Fault is what Fail takes, and a Message what Messages returns: see package emulator. Fault.On may be send
	// or check. The Scope of a Message is empty.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
