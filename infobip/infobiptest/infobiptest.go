// Package infobiptest emulates Infobip's 2FA, for tests and demos: no account, no
// network, no cost.
//
//	srv := infobiptest.NewServer(t)
//	client, err := infobip.New(infobip.Config{
//		BaseURL: srv.URL,
//		APIKey:  infobiptest.APIKey,
//		Application: infobip.Application{
//			ID: infobiptest.ApplicationID, SMSTemplate: infobiptest.SMSTemplate, CodeLength: 6,
//		},
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// PINs by text message and by call, their resending and their check, what is told of
// them, and reading an application, as far as Infobip's own client library can tell.
// An application is as package infobip wants it: its PINs live for 10 minutes and are
// accepted once. [Options].TimeToLive and [Options].Multiple make one with Infobip's
// defaults.
//
// Infobip does not document the following, and the emulator does it so: each send has
// a PIN of its own, and the one before works on; a used PIN is TTL_EXPIRED; the words
// of pinError are those that clients of others read. An application's limits of sends
// and of checks are not emulated, since no source says what they answer.
package infobiptest

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	APIKey        = "00000000000000000000000000000000-emulated"
	ApplicationID = "1234567"
	SMSTemplate   = "7654321"
	VoiceTemplate = "7654322"
)

const (
	remembered = 24 * time.Hour // how long a PIN is known
	attempts   = 10             // of one PIN: the default of an application
)

// Options describe an account. The zero value is one with an application, whose ids
// are the constants above.
type Options struct {
	APIKey        string        `dsn:"api_key"`
	ApplicationID string        `dsn:"application_id"` // of the first application
	SMSTemplate   string        `dsn:"sms_template"`   // of the first application
	VoiceTemplate string        `dsn:"voice_template"` // of the first application
	Digits        int           `dsn:"digits"`         // of the first application. Defaults to 6.
	Applications  []Application // Others. Defaults to none.

	TimeToLive time.Duration // pinTimeToLive of all applications, in whole seconds. Defaults to 10 minutes.
	Multiple   bool          // allowMultiplePinVerifications of all applications.

	NewCode func(digits int) string // Makes the codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

// An Application is a 2FA application and its templates: what Infobip keeps codes
// apart by.
type Application struct {
	ID            string `dsn:"id,self"` // Unique.
	SMSTemplate   string `dsn:"sms_template"`
	VoiceTemplate string `dsn:"voice_template"`
	CodeLength    int    `dsn:"digits"` // Defaults to 6.
}

var defaults = Options{
	APIKey: APIKey, ApplicationID: ApplicationID, SMSTemplate: SMSTemplate, VoiceTemplate: VoiceTemplate,
	Digits: 6, TimeToLive: 10 * time.Minute, NewCode: emulator.Digits,
}

// An Emulator is Infobip's 2FA in memory: an [http.Handler] for the paths below
// /2fa/2. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options      Options
	applications map[string]Application

	mu   sync.Mutex
	byTo emulator.List[recipient, *pin]
	byID emulator.List[string, *pin]
}

// A recipient is a phone number in an application.
type recipient struct{ to, application string }

type pin struct {
	recipient
	id, code string
	wrong    int
	at       time.Time
	verified time.Time
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults), applications: map[string]Application{}}
	o := e.options
	for _, a := range append(o.Applications, Application{o.ApplicationID, o.SMSTemplate, o.VoiceTemplate, o.Digits}) {
		a.CodeLength = cmp.Or(a.CodeLength, 6)
		e.applications[a.ID] = a
	}
	e.byTo.Life, e.byID.Life = remembered, remembered
	e.Start(emulator.API{
		Start: opts.Start, Routes: e.routes(), Lock: &e.mu,
		Guard:    emulator.Guarded("App", o.APIKey, refuse(http.StatusUnauthorized, "UNAUTHORIZED")),
		NotFound: func(*http.Request) *emulator.Answer { return notFound() },
		Header:   emulator.Headers("Content-Type", "application/json;charset=UTF-8"),
	})
	return e
}

// Code returns the newest code that would now be accepted for to in an application,
// or "" if there is none. An empty application is the first.
func (e *Emulator) Code(to, application string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.byTo.Newest(now, recipient{to, cmp.Or(application, e.options.ApplicationID)})
	if !ok || e.problem(p, now) != "" {
		return ""
	}
	return p.code
}

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
	// Fault is what Fail takes: see package emulator. Fault.On may be send, check, fetch or application.
	// The Scope of a Message is the id of its application.
	Fault = emulator.Fault
	// Message is what Messages returns.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
