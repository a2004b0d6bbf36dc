// Package bandwidthtest emulates Bandwidth's MFA API, for tests and
// demonstrations that shall send codes without an account, a network or a bill.
//
//	srv := bandwidthtest.NewServer(t)
//	client, err := bandwidth.New(bandwidth.Config{
//		BaseURL:          srv.URL,
//		AccountID:        bandwidthtest.AccountID,
//		ClientID:         bandwidthtest.ClientID,
//		ClientSecret:     bandwidthtest.ClientSecret,
//		SMSApplicationID: bandwidthtest.SMSApplicationID,
//		From:             bandwidthtest.From,
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Codes by message and by call, their check, and access tokens, as far as
// Bandwidth's own client libraries can tell: statuses, bodies, and each shape of
// an error; API credentials, whose tokens end, and API users; one application a
// channel; scopes; the age of a code, which the check chooses; and the pause
// after too many wrong codes. Paths may have the prefix /api/v1 or not.
//
// What Bandwidth does not document was decided so: each send makes a code of its
// own, and all of them work within their age; an approval spends the code that
// was approved, and no other; the sixth wrong code of a number within two
// minutes is refused, and so is any code until the pause is over; a token that
// has ended is answered with 401. A callback URL is accepted and never called.
//
// # Control
//
// Tests move time by Advance, read codes by Code, texts by Messages, and script
// what goes wrong by Fail. No package of Bandwidth's client is used here: an
// emulator that shared its structs would prove nothing.
package bandwidthtest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// The account that zero [Options] emulate.
const (
	AccountID          = "9900000"
	ClientID           = "emulatedclientid"
	ClientSecret       = "emulatedclientsecret0000000000000"
	Username           = "emulateduser"
	Password           = "emulatedpassword0000000000000000"
	SMSApplicationID   = "00000000-0000-4000-8000-000000000001"
	VoiceApplicationID = "00000000-0000-4000-8000-000000000002"
	From               = "+15017122661"
	Name               = "Acme"
)

// Options describe an account. The zero value is one with both applications.
type Options struct {
	AccountID          string // Defaults to [AccountID].
	ClientID           string // Defaults to [ClientID].
	ClientSecret       string // Defaults to [ClientSecret].
	Username           string // Defaults to [Username].
	Password           string // Defaults to [Password].
	SMSApplicationID   string // Defaults to [SMSApplicationID].
	VoiceApplicationID string // Defaults to [VoiceApplicationID].
	From               string // The applications' number. Defaults to [From].
	Name               string // What {NAME} stands for. Defaults to [Name].

	// TokenLife is how long an access token works. Defaults to an hour.
	TokenLife time.Duration

	// NewCode makes the codes. Defaults to random digits.
	NewCode func(digits int) string

	// Start is the emulator's time, which then only Advance moves. Defaults to
	// real time, which runs.
	Start time.Time
}

// An Emulator is Bandwidth's MFA API in memory: an [http.Handler] for the paths
// below /accounts, and for that of the token. It is safe for concurrent use.
type Emulator struct {
	options Options

	clock   emulator.Clock
	faults  emulator.Faults
	log     emulator.Log
	state   state
	handler http.Handler
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = opts.withDefaults()
	e := &Emulator{options: opts}
	if !opts.Start.IsZero() {
		e.clock.StandAt(opts.Start)
	}

	e.faults.Operation = func(r *http.Request) string {
		t, _ := route(r)
		return t.operation
	}
	e.handler = e.faults.Handler(http.HandlerFunc(e.serve))
	return e
}

// ServeHTTP answers as https://mfa.bandwidth.com would, and for a token as
// https://api.bandwidth.com.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.handler.ServeHTTP(w, r)
}
