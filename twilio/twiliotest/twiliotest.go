// Package twiliotest emulates Twilio Verify v2 and Programmable Messaging, for
// tests and demos: no account, no network, no cost.
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
// Sending, checking, fetching and updating verifications, and reading a Service,
// as far as Twilio's own client libraries can tell: statuses, bodies, headers and
// error codes; the same code again on a second send, on any channel; five sends
// and five wrong codes a verification, ten minutes of life; transactions (PSD2),
// the languages of each channel, the rules of each parameter, and programmable
// rate limits. Silent network authentication, the auto channel and custom codes
// are refused, as they are by an account that was not granted them. Of Programmable
// Messaging it is sending one text by sms: any number may send, Twilio's magic
// numbers fail as Twilio says (https://www.twilio.com/docs/iam/test-credentials),
// and MessageCode finds the code in the text.
//
// Twilio does not document the following, and the emulator does it so: a send
// after five wrong codes is refused with 60202; a transaction that differs at the
// check counts as a wrong code; a send does not prolong the ten minutes;
// parameters without a meaning here are ignored.
package twiliotest

import (
	"cmp"
	_ "embed" // the tables
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

var (
	//go:embed facts.txt
	facts string
	//go:embed texts.txt
	textLines string
	//go:embed shapes.txt
	shapeLines string
	//go:embed languages.txt
	languageLines string
	//go:embed service.json
	serviceText string

	texts     = emulator.Table(textLines)
	shapes    = emulator.ReadShapes(shapeLines)
	languages = emulator.Table(languageLines) // by channel
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
	AccountSID   string    `dsn:"account_sid"`             // Defaults to [AccountSID].
	AuthToken    string    `dsn:"auth_token"`              // Defaults to [AuthToken].
	APIKeySID    string    `dsn:"api_key_sid,optional"`    // Defaults to [APIKeySID].
	APIKeySecret string    `dsn:"api_key_secret,optional"` // Defaults to [APIKeySecret].
	SharedKey    string    // Signs reports by HMAC-SHA256 in place of AuthToken. Defaults to none.
	Services     []Service // Defaults to one, with the defaults of [Service].

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

// A Service is a Verify Service: what Twilio keeps codes apart by.
type Service struct {
	SID          string   `dsn:"sid,self"` // Unique. Defaults to [ServiceSID].
	FriendlyName string   // The name in the message. Defaults to [FriendlyName].
	CodeLength   int      `dsn:"digits"` // 4 to 10. Defaults to 6.
	PSD2         bool     `dsn:"psd2"`   // Amount and Payee are required, and calls refused.
	RCS          bool     // Twilio upgrades what is asked for by sms, and says so.
	Channels     []string // Those switched on. Defaults to sms, call, email, whatsapp.

	// RateLimits are how many sends in ten minutes may carry one value of a
	// name. Defaults to none, and then any name is taken and nothing counted.
	RateLimits map[string]int
}

var (
	defaultService = Service{
		SID: ServiceSID, FriendlyName: FriendlyName, CodeLength: 6, Channels: []string{"sms", "call", "email", "whatsapp"},
	}
	defaults = Options{
		AccountSID: AccountSID, AuthToken: AuthToken, APIKeySID: APIKeySID, APIKeySecret: APIKeySecret,
		Services: []Service{{}}, NewCode: emulator.Digits,
	}
)

// An Emulator is Twilio in memory: an [http.Handler] for the paths below
// /v2/Services, and for /2010-04-01/Accounts/{account}/Messages.json. It is safe
// for concurrent use.
type Emulator struct {
	emulator.Core
	options  Options
	secrets  map[string]string // by user name
	services map[string]Service
	first    string // the Service meant by an empty SID

	mu            sync.Mutex
	verifications emulator.List[string, *verification] // by recipient, and by SID
	limits        emulator.Quota[limit]
	minute, hour  emulator.Quota[string] // of fetches, by SID
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	e := &Emulator{
		options: opts, services: map[string]Service{},
		secrets: map[string]string{opts.AccountSID: opts.AuthToken, opts.APIKeySID: opts.APIKeySecret},
	}
	for _, s := range slices.Backward(opts.Services) {
		s = emulator.Default(s, defaultService)
		e.services[s.SID], e.first = s, s.SID
	}
	e.verifications.Life, e.limits.Life, e.minute.Life, e.hour.Life = life, life, time.Minute, time.Hour
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(), Report: e.report, Guard: emulator.GuardedBasic(e.secrets, unauthorized), Lock: &e.mu,
		Header: emulator.Headers("Content-Type", "application/json; charset=utf-8", "Twilio-Concurrent-Requests", "1",
			"Twilio-Request-Id", "RQ{hex}", "Twilio-Request-Duration", "0.001", "X-Home-Region", "us1", "X-Api-Domain", "verify.twilio.com"),
		NotFound:   notFound,
		NotAllowed: func(*http.Request) *emulator.Answer { return refuse(http.StatusMethodNotAllowed, 20004) },
	})
	return e
}

// live is the newest pending verification of a recipient, or nil. An empty service
// is the first of the Options.
func (e *Emulator) live(to, service string) *verification {
	return emulator.Last(e.find(cmp.Or(service, e.first), to, (*verification).isPending))
}

// Code returns the code that would now be approved for to in a Service, or ""
// if there is none. An empty service is the first of the Options.
func (e *Emulator) Code(to, service string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.live(to, service)
	if v == nil || v.attempts >= maxAttempts {
		return ""
	}
	return v.code
}

// EndAs gives the newest pending verification of a recipient a status of Twilio's
// choice, such as "failed" or "expired", which further checks answer with. It
// reports whether there was one. An empty service is the first of the Options.
func (e *Emulator) EndAs(to, service, status string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.live(to, service)
	if v != nil {
		v.status, v.ended = status, true
	}
	return v != nil
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
	// send, check, fetch, update or service of Verify, or message. The Scope of a
	// Message is the SID of its Service, or empty if Messaging sent it.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the ids and secrets of the account count, and the
// Services with their digits and psd2.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: openVerify}, {Facts: MessagingFacts(), New: openMessaging}}
}

// A refusal is an error in Twilio's shape; nil means that nothing is wrong.
type refusal = *emulator.Answer

// bad is a refusal with the status 400.
func bad(code int) refusal { return refuse(http.StatusBadRequest, code) }

func refuse(status, code int) refusal { return says(status, code, texts[strconv.Itoa(code)]) }

func says(status, code int, text string) refusal {
	page := fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)
	return &emulator.Answer{Status: status, Body: map[string]any{
		"code": code, "message": cmp.Or(text, "See "+page), "more_info": page, "status": status,
	}}
}

// invalid is 60200 in the wording of Twilio's answers, which quote the value.
func invalid(parameter, value string) refusal {
	return says(http.StatusBadRequest, 60200, fmt.Sprintf("Invalid parameter `%s`: %s", parameter, value))
}

// notFound is also the answer for a verification that is over.
func notFound(r *http.Request) refusal {
	return says(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

func unauthorized(wrong string) refusal {
	f := says(http.StatusUnauthorized, 20003, texts[wrong])
	f.Header = http.Header{"Www-Authenticate": {`Basic realm="Twilio API"`}}
	f.Body.(map[string]any)["detail"] = "Your AccountSid or AuthToken was incorrect."
	return f
}

// Refusal returns a fault that answers with an error of Twilio's, in its shape,
// and has no effect.
func Refusal(status, code int) Fault { return refuse(status, code).Fault() }
