// Package birdtest emulates Bird Verify, for tests and demos: no account, no
// network, no cost.
//
//	srv := birdtest.NewServer(t)
//	client, err := bird.New(bird.Config{BaseURL: srv.URL, APIKey: birdtest.APIKey})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to))
//
// # What is emulated
//
// Verifications of phone numbers and e-mail addresses and their check, and
// idempotency keys: an answer is kept for three hours and played again. With
// [Options].NotRetained a message leaves and its answer is not kept, of which Bird's
// documentation warns: the same request again sends another message.
//
// Bird's library does not say the following, and the emulator does it so: a code
// lives for 10 minutes; every code of a verification stays good; the fifth wrong code
// ends it; there is no cooldown between sends but by [Options].Cooldown, and no limit
// of sends. The next-channel call, by which Bird moves on to another channel, is not
// emulated.
package birdtest

import (
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The workspace that zero [Options] emulate.
const (
	APIKey        = "bk_us1_emulated"
	WebhookSecret = "whsec_ZW11bGF0ZWQgd2ViaG9vayBzZWNyZXQh" // signs reports
)

const (
	life        = 10 * time.Minute
	remembered  = time.Hour     // an ended verification
	retention   = 3 * time.Hour // of answers, by their idempotency keys
	maxAttempts = 5
)

// Options describe a workspace.
type Options struct {
	APIKey      string        `dsn:"api_key"` // Defaults to [APIKey].
	Digits      int           // The configured length of codes. Defaults to 6.
	Cooldown    time.Duration // Within it another send delivers nothing. Defaults to none.
	NotRetained bool          // What was done is not known by its idempotency key.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{APIKey: APIKey, Digits: 6, NewCode: emulator.Digits}

// An Emulator is Bird Verify in memory: an [http.Handler] for the paths below
// /v1/verify. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu   sync.Mutex
	byTo emulator.List[recipient, *verification]
	kept emulator.List[string, *kept] // by idempotency key
}

// A recipient is the set of addresses of a verification.
type recipient struct{ phone, email string }

type verification struct {
	recipient
	id, status, reason, channel string
	codes                       []string
	wrong                       int
	created, sent               time.Time
}

// New returns an emulator of the workspace that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.byTo.Life, e.kept.Life = remembered, retention
	authorized := emulator.Guarded("Bearer", e.options.APIKey, refuse(http.StatusUnauthorized, "E01001", ""))
	e.Start(emulator.API{
		Start: opts.Start,
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /v1/verify/verifications", Serve: authorized(e.idempotent(e.send))},
			{On: "check", Pattern: "POST /v1/verify/verifications/check", Serve: authorized(e.idempotent(e.check))},
		},
		Report:   e.report,
		NotFound: func(*http.Request) *emulator.Answer { return refuse(http.StatusNotFound, "E01003", "") },
		Header:   emulator.Headers("Content-Type", "application/json", "X-Request-Id", "{uuid}"),
	})
	return e
}

// Code returns the newest code that would now be right for a number, or "" if there
// is none.
func (e *Emulator) Code(phone string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if v := e.pending(now, recipient{phone: phone}); v != nil && now.Before(v.created.Add(life)) {
		return v.codes[len(v.codes)-1]
	}
	return ""
}

// A Server is an [Emulator] that listens; its URL is that of the API without /v1.
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
	// or check.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
