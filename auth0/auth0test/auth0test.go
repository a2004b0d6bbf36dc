// Package auth0test emulates Auth0's passwordless connections and its MFA API, for
// tests and demos: no account, no network, no cost.
//
//	srv := auth0test.NewServer(t)
//	client, err := auth0.New(auth0.Config{
//		BaseURL: srv.URL, Domain: auth0test.Domain,
//		ClientID: auth0test.ClientID, ClientSecret: auth0test.ClientSecret,
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to))
//
// # What is emulated
//
// Passwordless codes by SMS and e-mail, their exchange for tokens, challenges,
// answers and the enrolment of second factors, and the policy that demands one of
// everybody. [Emulator.Login] stands for a log-in by password that asks for a second
// factor, and [Emulator.AnswerPush] for the person's phone.
//
// Auth0's documentation does not say the following, and the emulator does it so: a
// used code is wrong; an expired one is answered as third parties report; a code
// that was right before a lost answer stays used. Limits of requests, the lock of
// an account after many wrong codes, applications that have a key in place of a
// secret, and the rights of each access token are not emulated.
package auth0test

import (
	_ "embed" // the facts
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// What zero [Options] emulate.
const (
	Domain       = "emulated.eu.auth0.com"
	ClientID     = "emulated-client"
	ClientSecret = "emulated-secret"
)

const (
	remembered  = time.Hour // how long a code and a log-in are known
	maxAttempts = 3         // wrong codes for each code
	loginLife   = 10 * time.Minute
	tokenLife   = 24 * time.Hour
)

// Options describe a tenant with one application.
type Options struct {
	Domain       string `dsn:"domain"`        // Defaults to [Domain].
	ClientID     string `dsn:"client_id"`     // Defaults to [ClientID].
	ClientSecret string `dsn:"client_secret"` // Defaults to [ClientSecret].

	Digits      int           `dsn:"digits"` // The length of codes. Defaults to 6.
	Life        time.Duration // How long a code works. Defaults to 3 minutes.
	MFARequired bool          // Everybody needs a second factor.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{
	Domain: Domain, ClientID: ClientID, ClientSecret: ClientSecret,
	Digits: 6, Life: 3 * time.Minute, NewCode: emulator.Digits,
}

// An Emulator is a tenant in memory: an [http.Handler]. It is safe for concurrent
// use.
type Emulator struct {
	emulator.Core
	options Options

	mu       sync.Mutex
	codes    emulator.List[string, *code]    // by recipient: an address is no number
	people   map[string]*person              // by recipient
	sessions emulator.List[string, *session] // by token
}

type code struct {
	digits string
	at     time.Time
	wrong  int
	used   bool
}

// New returns an emulator of the tenant that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults), people: map[string]*person{}}
	e.codes.Life, e.sessions.Life = remembered, tokenLife
	e.Start(emulator.API{
		Start: opts.Start, Lock: &e.mu,
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /passwordless/start", Serve: e.start},
			{On: "check", Pattern: "POST /oauth/token", Serve: e.token},
			{On: "challenge", Pattern: "POST /mfa/challenge", Serve: e.challenge},
			{On: "associate", Pattern: "POST /mfa/associate", Serve: e.associate},
			{On: "list", Pattern: "GET /mfa/authenticators", Serve: e.list},
			{On: "delete", Pattern: "DELETE /mfa/authenticators/{id}", Serve: e.remove},
			{On: "policy", Pattern: "GET /api/v2/guardian/policies", Serve: e.policies},
		},
		NotFound: func(*http.Request) *emulator.Answer { return refuse(http.StatusNotFound, "not_found", "Not Found") },
		Header: func(h http.Header, _ *http.Request) {
			h.Set("Content-Type", "application/json; charset=utf-8")
			h.Set("Cf-Ray", emulator.Hex(8)+"-AMS")
		},
	})
	return e
}

// Code returns the code that would now be right for a recipient, or "" if there is
// none.
func (e *Emulator) Code(to string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, ok := e.codes.Newest(now, key(to)); ok && !c.used && c.wrong < maxAttempts && now.Before(c.at.Add(e.options.Life)) {
		return c.digits
	}
	return ""
}

// A Server is an [Emulator] that listens; its URL is that of the tenant.
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
	// A Fault is what Fail takes, and a Message what Messages returns: see package emulator. Fault.On may be send,
	// check, which any request for a token is, challenge, associate, list, delete or policy.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words

//go:embed facts.txt
var facts string

// Facts are what Auth0 documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the domain, the application and the length count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{
		Scheme: "auth0", Settings: settings, User: "client_id", Pass: "client_secret", Host: "domain",
	}
}
