// Package camaratest emulates a mobile operator that serves CAMARA's One Time Password
// SMS, for tests and demos: no account, no network, no cost.
//
//	srv := camaratest.NewServer(t)
//	client, err := camara.New(camara.Config{
//		APIRoot: camaratest.APIRoot, BaseURL: srv.URL, TokenURL: camaratest.TokenPath,
//		ClientID: camaratest.ClientID, ClientSecret: camaratest.ClientSecret,
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to))
//
// # What is emulated
//
// Sending and checking codes as version 1.1.1 of the API describes them and the
// project's own tests want them, and access tokens by the client credentials flow, for a
// secret or for assertions of the key that [Emulator.Trust] is given. A newer code ends
// the one before. [Options].Refused are numbers that nothing is sent to: those of other
// operators, landlines, and those with barred messages.
//
// The API leaves the following to each operator, and the emulator does it so: codes have
// six digits, unless [Options].NewCode makes others, letters are compared as they stand,
// and a code lives for ten minutes; the fifth wrong code ends it, and what follows is
// answered alike; sends to a number are not limited, unless [Options].MaxSends says so; a
// token lives for five minutes.
package camaratest

import (
	"crypto/rsa"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	ClientID     = "emulatedclientid"
	ClientSecret = "emulatedclientsecret0000000000000"
	APIRoot      = "api.operator.example"
	TokenPath    = "/oauth2/token"
)

const (
	remembered    = 24 * time.Hour  // how long an authenticationId is known
	assertionLife = 5 * time.Minute // the most that an assertion may live
)

// Options describe an operator. The zero value is one with the account of the constants
// above.
type Options struct {
	ClientID     string `dsn:"client_id"`
	ClientSecret string `dsn:"client_secret"`
	TokenPath    string `dsn:"token_url"` // of the token endpoint

	Digits     int           `dsn:"digits"` // How long codes are. Defaults to 6.
	Life       time.Duration // of a code. Defaults to 10 minutes.
	MaxTry     int           // This wrong code of one authenticationId ends it. Defaults to 5.
	MaxSends   int           // Sends to one number within an hour. Defaults to no limit.
	MaxMessage int           // Characters of a message. Defaults to 160.
	TokenLife  time.Duration // Defaults to 5 minutes.

	// Refused are the phone numbers to which nothing is sent, each with the code of the
	// answer: NOT_FOUND for one of another operator, or a code of the API that begins with
	// ONE_TIME_PASSWORD_SMS. Defaults to none.
	Refused map[string]string

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{
	ClientID: ClientID, ClientSecret: ClientSecret, TokenPath: TokenPath, Digits: 6, Life: 10 * time.Minute, MaxTry: 5,
	MaxMessage: 160, TokenLife: 5 * time.Minute, NewCode: emulator.Digits,
}

// An Emulator is one operator's API in memory: an [http.Handler] for the paths below
// /one-time-password-sms/v1, and for that of the token. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu     sync.Mutex
	key    *rsa.PublicKey // of assertions
	tokens emulator.List[string, struct{}]
	issued int                             // tokens that were requested
	used   emulator.List[string, struct{}] // ids of assertions
	sends  emulator.List[string, struct{}] // by number
	byTo   emulator.List[string, *verification]
	byID   emulator.List[string, *verification]
}

type verification struct {
	id, to, code string
	at           time.Time
	wrong        int
	used         bool
}

// New returns an emulator of the operator that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.byTo.Life, e.byID.Life, e.sends.Life = remembered, remembered, time.Hour
	e.tokens.Life, e.used.Life = e.options.TokenLife, assertionLife
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(), Lock: &e.mu,
		NotFound: func(*http.Request) *emulator.Answer { return notFound() },
		Header: func(h http.Header, r *http.Request) {
			h.Set("Content-Type", "application/json")
			if correlator := r.Header.Get("X-Correlator"); isCorrelator(correlator) {
				h.Set("X-Correlator", correlator)
			}
		},
	})
	return e
}

// NewKey makes a private key for an application: PEM of PKCS #8.
func NewKey() []byte { return emulator.NewKey() }

// Trust makes a key of NewKey the application's: its assertions are good from then on,
// and those of another one are not. It panics if private is no such key.
func (e *Emulator) Trust(private []byte) {
	key, err := emulator.PublicKey(private)
	if err != nil {
		panic("camaratest: the key is not one of NewKey")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.key = key
}

// Code returns the code that would now be accepted for a phone number, or "" if there is
// none.
func (e *Emulator) Code(to string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if v, ok := e.byTo.Newest(now, to); ok && e.problem(v, now) == "" {
		return v.code
	}
	return ""
}

// Tokens returns how many access tokens were requested.
func (e *Emulator) Tokens() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.issued
}

// NewToken returns an access token that was not requested.
func (e *Emulator) NewToken() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.newToken()
}

// newToken needs the lock.
func (e *Emulator) newToken() string {
	token := "emulated." + emulator.Hex(16)
	e.tokens.Add(e.Now(), token, struct{}{})
	return token
}

// A Server is an [Emulator] that listens; its URL is that of the API in front of
// /one-time-password-sms.
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
	// Fault is what Fail takes: see package emulator. Fault.On may be send, check or token.
	Fault = emulator.Fault
	// Message is what Messages returns.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
