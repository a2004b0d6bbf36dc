// Package telegramtest emulates Telegram Gateway, for tests and demos: no account, no
// network, no cost.
//
//	srv := telegramtest.NewServer(t)
//	messenger, err := telegram.New(telegram.Config{BaseURL: srv.URL, Token: telegramtest.Token})
//
// An otp.Engine over this messenger sends and checks codes, and srv.Code(to)
// returns the code in the newest message.
//
// # What is emulated
//
// The four methods, asked by POST in JSON, as a form or in the query, or by GET;
// numbers that are not on Telegram; the fee of a message, which the question for a
// number pays in advance, once; and the end of the funds. The code is the
// application's: codes that Telegram makes are refused, and it judges none. A callback
// URL is accepted and never called: reports go where Report is told.
//
// Telegram does not document the following, and the emulator does it so: every refusal
// is answered with the status 200, as the vendor's tutorial reads it; and an id is
// good for a day. No fee is refunded, since every message is delivered at once. Methods are
// known by the spelling of the documentation only.
package telegramtest

import (
	_ "embed" // the facts
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	Token = "emulatedtelegramtoken"
	Funds = 1000.00
)

// price is what a message costs, in cents.
const price = 1

// Options describe an account.
type Options struct {
	Token  string    `dsn:"token"` // Defaults to [Token].
	Absent []string  // Numbers that are not on Telegram. Defaults to none.
	Funds  float64   // What messages may cost in US dollars, 0.01 each. Defaults to [Funds]; below zero there is nothing.
	Start  time.Time // Stops the emulator's clock there. Defaults to real time.
	Addr   string    // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{Token: Token, Funds: Funds}

// An Emulator is Telegram Gateway in memory: an [http.Handler] for its methods. It is
// safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu       sync.Mutex
	cents    int
	requests emulator.List[string, *request]
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	opts.Absent = slices.Clone(opts.Absent)
	e := &Emulator{options: opts, cents: max(int(opts.Funds*100), 0)}
	e.requests.Life = 24 * time.Hour
	api := emulator.API{
		Start:      opts.Start,
		Report:     e.report,
		NotFound:   func(*http.Request) *emulator.Answer { return refuse("UNKNOWN_METHOD") },
		NotAllowed: func(*http.Request) *emulator.Answer { return refuse("UNKNOWN_METHOD") },
	}
	for _, m := range []struct {
		on, name string
		serve    func(parameters) *emulator.Answer
	}{
		{"ability", "/checkSendAbility", e.ability},
		{"send", "/sendVerificationMessage", e.send},
		{"check", "/checkVerificationStatus", e.check},
		{"cancel", "/revokeVerificationMessage", e.revoke},
	} {
		for _, method := range []string{"GET ", "POST "} {
			api.Routes = append(api.Routes, emulator.Route{On: m.on, Pattern: method + m.name, Serve: e.authorized(m.serve)})
		}
	}
	e.Start(api)
	return e
}

// Code returns the code in the newest message to a recipient, or "".
func (e *Emulator) Code(to string) string { return e.LastCode(to, "") }

// Spent returns what was charged so far, in US dollars.
func (e *Emulator) Spent() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return float64(max(int(e.options.Funds*100), 0)-e.cents) / 100
}

// authorized reads the parameters of a request that has the account's token.
func (e *Emulator) authorized(serve func(parameters) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		p, ok := read(r)
		token := emulator.Credential(r, "Bearer")
		if token == "" {
			token = p["access_token"]
		}
		switch {
		case token == "":
			return refuse("ACCESS_TOKEN_REQUIRED")
		case !ok || token != e.options.Token:
			return refuse("ACCESS_TOKEN_INVALID")
		}
		return serve(p)
	}
}

// refuse is an error of Telegram Gateway's; nil means that nothing is wrong.
func refuse(word string) *emulator.Answer {
	return &emulator.Answer{Body: map[string]any{"ok": false, "error": word}}
}

func comply(result any) *emulator.Answer {
	return &emulator.Answer{Body: map[string]any{"ok": true, "result": result}}
}

// Refusal returns a fault that answers with an error word, such as
// "PHONE_NUMBER_NOT_AVAILABLE", and has no effect.
func Refusal(word string) Fault { return refuse(word).Fault() }

// A Server is an [Emulator] that listens; its URL is that of the API.
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
	// A Fault is what Fail takes, and a Message what Messages returns: see package
	// emulator. Fault.On may be ability, send, check or cancel. The Scope of a Message
	// is empty.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const (
	Reset    = emulator.Reset
	Close    = emulator.Close
	Truncate = emulator.Truncate
	Garbage  = emulator.Garbage
)

//go:embed facts.txt
var facts string

// Facts are what Telegram documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings token counts.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	opts.Funds = 1e9
	return New(opts), emulator.Sample{Scheme: "telegram", Settings: settings, User: "token", Messenger: true, Asks: "/checkSendAbility"}
}
