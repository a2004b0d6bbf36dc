// Package telnyxtest emulates Telnyx Verify, for tests and demos: no account, no
// network, no cost.
//
//	srv := telnyxtest.NewServer(t)
//	client, err := telnyx.New(telnyx.Config{
//		BaseURL: srv.URL,
//		APIKey:  telnyxtest.APIKey,
//		Profile: telnyx.Profile{ID: telnyxtest.ProfileID, CodeLength: 6},
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Verifications by sms, call, flashcall and whatsapp, their check by number and by
// id, what is told of them, and reading a profile, as far as Telnyx's own client
// library can tell. Paths may have the prefix /v2 or not.
//
// Telnyx does not document the following, and the emulator does it so: a send ends
// the code that was pending for the number in the profile; the sixth wrong code is
// answered with max_attempts_exceeded, and so is any after it; a used code is
// rejected; a number to which nothing was sent for an hour is not found. Two of
// Telnyx's pages disagree about the answers to a check: with [Options].SchemaOnly
// whatever is not accepted is rejected.
package telnyxtest

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	APIKey    = "KEY0000000000000000_emulated"
	ProfileID = "00000000-0000-4000-8000-000000000001"
	AppName   = "Acme"
)

// How long a verification is known after its end, and how many wrong codes it takes.
const remembered, maxAttempts = time.Hour, 5

// Options describe an account. The zero value is one with a profile, whose ids are
// the constants above.
type Options struct {
	APIKey    string    `dsn:"api_key"`
	ProfileID string    `dsn:"profile_id"` // of the first profile
	Digits    int       `dsn:"digits"`     // of the first profile. Defaults to 6.
	Profiles  []Profile // Others. Defaults to none.

	SchemaOnly bool // Answers accepted and rejected only, as the schema has it.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

// A Profile is a Verify profile: what Telnyx keeps codes apart by.
type Profile struct {
	ID         string `dsn:"id,self"` // Unique.
	CodeLength int    `dsn:"digits"`  // 4 to 10. Defaults to 6.
}

var defaults = Options{APIKey: APIKey, ProfileID: ProfileID, Digits: 6, NewCode: emulator.Digits}

// An Emulator is Telnyx Verify in memory: an [http.Handler] for the paths below
// /verifications and /verify_profiles. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options  Options
	profiles map[string]int // code lengths

	mu   sync.Mutex
	byTo emulator.List[recipient, *verification]
	byID emulator.List[string, *verification]
}

// A recipient is a phone number in a profile.
type recipient struct{ to, profile string }

type verification struct {
	recipient
	id, kind, code, status string
	seconds, wrong         int
	at                     time.Time
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults), profiles: map[string]int{}}
	for _, p := range append(e.options.Profiles, Profile{e.options.ProfileID, e.options.Digits}) {
		e.profiles[p.ID] = cmp.Or(p.CodeLength, 6)
	}
	e.byTo.Life, e.byID.Life = remembered, remembered
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(), Report: e.report, Lock: &e.mu,
		Guard:    emulator.Guarded("Bearer", e.options.APIKey, refuse(http.StatusUnauthorized, "10009", "")),
		NotFound: func(*http.Request) *emulator.Answer { return notFound() },
		Header:   emulator.Headers("Content-Type", "application/json; charset=utf-8", "X-Request-Id", "{uuid}"),
	})
	return e
}

// Code returns the code that would now be accepted for to in a profile, or "" if
// there is none. An empty profile is the first.
func (e *Emulator) Code(to, profile string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.byTo.Newest(now, recipient{to, cmp.Or(profile, e.options.ProfileID)})
	if !ok || v.state(now) != pending || v.wrong >= maxAttempts {
		return ""
	}
	return v.code
}

// A Server is an [Emulator] that listens; its URL is that of the API without /v2.
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
	// send, check, fetch or profile. The Scope of a Message is the id of its profile.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
