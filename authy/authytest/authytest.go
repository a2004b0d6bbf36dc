// Package authytest emulates the legacy Authy API, for tests and demonstrations
// that shall send codes without an account, a network or a bill.
//
//	srv := authytest.NewServer(t)
//	users, err := authy.NewUsers(authy.Config{BaseURL: srv.URL, APIKey: authytest.APIKey})
//
//	err = users.Register(ctx, "a@example.com", to)
//	_, err = users.Send(ctx, to)
//	err = users.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Users, phone verification and OneTouch, as far as Authy's own client libraries
// can tell: paths in all their spellings, parameters as a form, as JSON or in the
// query, statuses, bodies and error codes. A person with the app is not sent an
// SMS unless it is forced; a check without force approves anything until a right
// code was typed once; a code for an action is good for that action alone; a
// phone verification repeats its code for ten minutes.
//
// What Authy does not document was decided so: a code to a user lives ten
// minutes, and a new one ends the one before in the same action; a code of the
// app lives until it was used, and is good in every action; a phone registered
// twice has one id; the eleventh message and the eleventh wrong guess within an
// hour are refused with 60003; whoever lacks the app is refused a push with
// status 400. Parameters without a meaning here are ignored.
//
// # Control
//
// Tests move time by Advance, read codes by Code, texts by Messages, answer for
// a person by Approve, Deny and Expire, and script what goes wrong by Fail. No
// package of the client is used here: an emulator that shared its structs would
// prove nothing.
package authytest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// The application that zero [Options] emulate.
const (
	APIKey  = "emulatedauthyapikey0000000000000"
	AppName = "Acme"
)

// Options describe an application.
type Options struct {
	APIKey  string // Defaults to [APIKey].
	AppName string // The name in messages. Defaults to [AppName].
	Digits  int    // Of a code to a user, 6 to 10. Defaults to 7.

	// NewCode makes the codes. Defaults to random digits.
	NewCode func(digits int) string

	// Start is the emulator's time, which then only Advance moves. Defaults to
	// real time, which runs.
	Start time.Time
}

// An Emulator is the Authy API in memory: an [http.Handler] for the paths below
// /protected/json and /onetouch/json. It is safe for concurrent use.
type Emulator struct {
	key     string
	app     string
	digits  int
	newCode func(digits int) string

	clock   emulator.Clock
	faults  emulator.Faults
	log     emulator.Log
	state   *state
	handler http.Handler
}

// New returns an emulator of the application that opts describe.
func New(opts Options) *Emulator {
	opts = opts.withDefaults()
	e := &Emulator{key: opts.APIKey, app: opts.AppName, digits: opts.Digits, newCode: opts.NewCode, state: newState()}
	if !opts.Start.IsZero() {
		e.clock.StandAt(opts.Start)
	}

	e.faults.Operation = func(r *http.Request) string { return route(r).name() }
	e.handler = e.faults.Handler(http.HandlerFunc(e.serve))
	return e
}

// ServeHTTP answers as https://api.authy.com would.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.handler.ServeHTTP(w, r)
}
