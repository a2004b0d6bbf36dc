// Package bandwidthtest emulates Bandwidth's MFA API, for tests and demos: no
// account, no network, no cost.
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
// an error; API credentials, whose tokens end; one application for each channel;
// scopes; the age of a code, which the check chooses; and the pause after too many
// wrong codes. Paths may have the prefix /api/v1 or not.
//
// Bandwidth does not document the following, and the emulator does it so: each
// send makes a code of its own, and all of them work within their age; an approval
// uses up the code that was approved, and no other; the sixth wrong code of a
// number within two minutes is refused, and so is any code until the pause is
// over; a token that has ended is answered with 401. A callback URL is accepted
// and never called.
package bandwidthtest

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	AccountID          = "9900000"
	ClientID           = "emulatedclientid"
	ClientSecret       = "emulatedclientsecret0000000000000"
	SMSApplicationID   = "00000000-0000-4000-8000-000000000001"
	VoiceApplicationID = "00000000-0000-4000-8000-000000000002"
	From               = "+15017122661"
	Name               = "Acme"
)

// The limits of codes.
const (
	longest     = 15 * time.Minute // the most that a check may allow
	pause       = 2 * time.Minute
	maxAttempts = 5 // wrong codes of a number within the pause
)

// Options describe an account. The zero value is one with both applications, whose
// ids and secrets are the constants above.
type Options struct {
	AccountID          string `dsn:"account_id"`
	ClientID           string `dsn:"client_id"`
	ClientSecret       string `dsn:"client_secret"`
	SMSApplicationID   string `dsn:"sms_app"`
	VoiceApplicationID string `dsn:"voice_app"`
	From               string `dsn:"from"` // the applications' number
	Name               string // what {NAME} stands for

	TokenLife time.Duration           // How long an access token works. Defaults to an hour.
	NewCode   func(digits int) string // Makes the codes. Defaults to random digits.
	Start     time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr      string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{
	AccountID: AccountID, ClientID: ClientID, ClientSecret: ClientSecret, SMSApplicationID: SMSApplicationID,
	VoiceApplicationID: VoiceApplicationID, From: From, Name: Name, TokenLife: time.Hour, NewCode: emulator.Digits,
}

// An Emulator is Bandwidth's MFA API in memory: an [http.Handler] for the paths
// below /accounts, and for that of the token. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu     sync.Mutex
	codes  emulator.List[recipient, *code]
	wrong  emulator.List[string, struct{}] // wrong codes by number
	tokens emulator.List[string, struct{}]
	issued int // tokens
}

// A recipient is a phone number within a scope.
type recipient struct{ to, scope string }

// newRecipient gives the empty scope the name that it has at Bandwidth.
func newRecipient(to, scope string) recipient { return recipient{to, cmp.Or(scope, "2FA")} }

type code struct {
	digits string
	at     time.Time
	used   bool
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	e := &Emulator{options: emulator.Default(opts, defaults)}
	e.codes.Life, e.wrong.Life, e.tokens.Life = longest, pause, e.options.TokenLife
	e.Start(emulator.API{
		Start:    opts.Start,
		Routes:   e.routes(),
		Report:   e.report,
		NotFound: func(*http.Request) *emulator.Answer { return notFound() },
		Header:   emulator.Headers("Content-Type", "application/json; charset=utf-8", "X-Amzn-Requestid", "{uuid}"),
	})
	return e
}

// Code returns the newest code that would now be approved for to in a scope, if
// the check allows it the 15 minutes that it may, or "" if there is none.
func (e *Emulator) Code(to, scope string) string {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	newest := ""
	if len(e.wrong.Get(now, to)) < maxAttempts {
		for _, c := range e.codes.Get(now, newRecipient(to, scope)) {
			if !c.used {
				newest = c.digits
			}
		}
	}
	return newest
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
	token := "emulated." + emulator.Hex(16)
	e.tokens.Add(e.Now(), token, struct{}{})
	return token
}

// Revoke ends all access tokens, as when an operator takes a credential back.
func (e *Emulator) Revoke() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tokens.Clear()
}

// A Server is an [Emulator] that listens; its URL is that of the API without
// /api/v1.
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
	// A Fault is what Fail takes, and a Message what Messages returns. Fault.On may be send, check or token. The
	// Scope of a Message is "2FA" if none was given.
	//
	//	srv.Fail(bandwidthtest.Fault{On: "send", Status: 503})
	//	srv.Fail(bandwidthtest.Fault{Break: bandwidthtest.Reset, Effect: true})
	//
	// The first is refused without an effect. In the second the message leaves, and
	// only the reply is lost.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const (
	Reset    = emulator.Reset    // the connection is reset, without a byte of reply
	Close    = emulator.Close    // the connection is closed, without a byte of reply
	Truncate = emulator.Truncate // the reply ends in the middle of its body
	Garbage  = emulator.Garbage  // what comes back is not HTTP
)
