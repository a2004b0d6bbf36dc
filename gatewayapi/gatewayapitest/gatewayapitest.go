// Package gatewayapitest emulates GatewayAPI, for tests and demonstrations that
// shall send messages without an account, a network or a bill.
//
//	srv := gatewayapitest.NewServer(t)
//	carrier, err := gatewayapi.New(gatewayapi.Config{
//		BaseURL: srv.URL,
//		Token:   gatewayapitest.Token,
//		Sender:  "Acme",
//	})
//	verifier, err := otp.New(otp.Config{Carrier: carrier /* ... */})
//
//	_, err = verifier.Send(ctx, to)
//	err = verifier.Check(ctx, to, srv.Code(to))
//
// # What is emulated
//
// Sending by the Messaging API, one message or many, and by the REST API in
// JSON; the account's balance; what each API accepts as credentials, with
// signatures, their time and their nonces really checked; both shapes of errors;
// the price of each part, and the end of the credit. A request whose Host is one
// of GatewayAPI's own is held to it: each API has its host, and a token of the
// other region is forbidden.
//
// What GatewayAPI does not document was decided so: a signature may be five
// minutes off; under the encoding UTF8 a character that has no place in GSM-7
// arrives as a question mark; a request to the REST API without credentials, and
// with ones that it cannot read, is refused with status 401 and no code;
// parameters without a meaning here are ignored.
//
// # Control
//
// Tests read codes by Code, texts by Messages, move the time of signatures by
// Advance, and script what goes wrong by Fail. No package of the client is used
// here: an emulator that shared its structs would prove nothing.
package gatewayapitest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// The account that zero [Options] emulate.
const (
	Token  = "emulatedgatewayapitoken"
	Key    = "emulatedgatewayapikey"
	Secret = "emulatedgatewayapisecret"
	Credit = 1000.00
)

// Options describe an account.
type Options struct {
	Token  string // Defaults to [Token].
	Key    string // Defaults to [Key].
	Secret string // Defaults to [Secret].
	Region string // Its platform, "com" or "eu". Defaults to "com".

	// Credit is what messages may cost in DKK, 0.12 a part. Defaults to [Credit];
	// below zero there is none.
	Credit float64

	// Start is the emulator's time, which then only Advance moves. Defaults to
	// real time, which runs.
	Start time.Time
}

// An Emulator is GatewayAPI in memory: an [http.Handler] for the paths below
// /mobile and /rest. It is safe for concurrent use.
type Emulator struct {
	token, key, secret string
	region             string

	clock   emulator.Clock
	faults  emulator.Faults
	log     emulator.Log
	state   state
	handler http.Handler
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = opts.withDefaults()
	e := &Emulator{token: opts.Token, key: opts.Key, secret: opts.Secret, region: opts.Region}
	e.state.credit = max(int(opts.Credit*100), 0)
	if !opts.Start.IsZero() {
		e.clock.StandAt(opts.Start)
	}

	e.faults.Operation = func(r *http.Request) string { return routes[r.URL.Path].operation }
	e.handler = e.faults.Handler(http.HandlerFunc(e.serve))
	return e
}

// ServeHTTP answers as the hosts of both APIs would.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.handler.ServeHTTP(w, r)
}
