// Package twiliotest emulates Twilio Verify v2 and Programmable Messaging, for
// tests and demonstrations that shall send codes without an account, a network
// or a bill.
//
//	srv := twiliotest.NewServer(t)
//	client, err := twilio.New(twilio.Config{
//		BaseURL:    srv.URL,
//		AccountSID: twiliotest.AccountSID,
//		AuthToken:  twiliotest.AuthToken,
//		Service:    twilio.Service{SID: twiliotest.ServiceSID},
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// Sending, checking, fetching and updating verifications, and reading a
// Service, as far as Twilio's own client libraries can tell: statuses, bodies,
// headers and error codes; the same code again on a second send, on any
// channel; five sends and five guesses a verification, ten minutes of life;
// transactions (PSD2), the rules of each channel and parameter, and
// programmable rate limits. Silent network authentication, the auto channel and
// custom codes are refused, as they are by an account that was not granted
// them.
//
// Of Programmable Messaging it is sending one text by sms, for twilio.Messaging:
// any number may send, Twilio's magic numbers fail as Twilio says
// (https://www.twilio.com/docs/iam/test-credentials), and MessageCode finds the
// code in the text.
//
// What Twilio does not document was decided so: a send while all guesses are
// spent is refused with 60202; a transaction that differs at the check counts
// as a wrong code; a send does not prolong the ten minutes; parameters without
// a meaning here are ignored.
//
// # Control
//
// Tests move time by Advance, read codes by Code, texts by Messages, and script
// what goes wrong by Fail. No package of Twilio's client is used here: an
// emulator that shared its structs would prove nothing.
package twiliotest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// The account that zero [Options] emulate.
const (
	AccountSID   = "AC00000000000000000000000000000000"
	AuthToken    = "emulatedauthtoken000000000000000"
	APIKeySID    = "SK00000000000000000000000000000000"
	APIKeySecret = "emulatedapikeysecret000000000000"
	ServiceSID   = "VA00000000000000000000000000000000"
	FriendlyName = "Acme"
)

// Options describe an account. The zero value is one with a single Service.
type Options struct {
	AccountSID   string // Defaults to [AccountSID].
	AuthToken    string // Defaults to [AuthToken].
	APIKeySID    string // Defaults to [APIKeySID].
	APIKeySecret string // Defaults to [APIKeySecret].

	// Services of the account. Defaults to one, with the defaults of [Service].
	Services []Service

	// NewCode makes the codes. Defaults to random digits.
	NewCode func(digits int) string

	// Start is the emulator's time, which then only Advance moves. Defaults to
	// real time, which runs.
	Start time.Time
}

// A Service is a Verify Service: what Twilio keeps codes apart by.
type Service struct {
	SID          string // Unique. Defaults to [ServiceSID].
	FriendlyName string // The name in the message. Defaults to [FriendlyName].
	CodeLength   int    // 4 to 10. Defaults to 6.
	PSD2         bool   // Amount and Payee are required, and calls refused.

	// Channels that are switched on. Defaults to sms, call, email, whatsapp.
	Channels []string

	// RateLimits are how many sends in ten minutes may carry one value of a
	// name. Defaults to none, and then any name is taken and nothing counted.
	RateLimits map[string]int
}

// An Emulator is Twilio in memory: an [http.Handler] for the paths below
// /v2/Services, and for /2010-04-01/Accounts/{account}/Messages.json. It is safe
// for concurrent use.
type Emulator struct {
	secrets  map[string]string // by user name
	account  string
	services map[string]Service
	first    string // the Service meant by an empty SID
	newCode  func(digits int) string

	clock   emulator.Clock
	faults  emulator.Faults
	log     emulator.Log
	state   state
	handler http.Handler
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = opts.withDefaults()
	e := &Emulator{
		secrets: map[string]string{
			opts.AccountSID: opts.AuthToken,
			opts.APIKeySID:  opts.APIKeySecret,
		},
		account:  opts.AccountSID,
		services: map[string]Service{},
		first:    opts.Services[0].SID,
		newCode:  opts.NewCode,
	}
	for _, s := range opts.Services {
		e.services[s.SID] = s
	}
	if !opts.Start.IsZero() {
		e.clock.StandAt(opts.Start)
	}

	e.faults.Operation = operation
	e.handler = e.faults.Handler(http.HandlerFunc(e.serve))
	return e
}

// ServeHTTP answers as https://verify.twilio.com and https://api.twilio.com
// would.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.handler.ServeHTTP(w, r)
}
