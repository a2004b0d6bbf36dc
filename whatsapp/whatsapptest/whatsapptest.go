// Package whatsapptest emulates the WhatsApp Cloud API, for tests and demos: no account,
// no network, no cost.
//
//	srv := whatsapptest.NewServer(t)
//	messenger, err := whatsapp.New(whatsapp.Config{
//		BaseURL: srv.URL, Token: whatsapptest.Token,
//		PhoneNumberID: whatsapptest.PhoneNumberID, Template: whatsapptest.Template,
//	})
//
// An otp.Engine over this messenger sends and checks codes, and srv.Code(to)
// returns the code in the newest message.
//
// # What is emulated
//
// Messages by one authentication template in some languages, each with the code in its
// text and in its button; free texts, which need a conversation that there never is;
// numbers without a plus, in front of which Meta puts the calling code of the business,
// here 1; numbers that are not on WhatsApp; the number's own page; and signed reports.
// Ids of messages hold the recipient's number, as Meta's do, and Message.ID is their
// hash, which package whatsapp puts into its receipts. All messages read as in English.
//
// Meta documents codes and recommends to look at nothing else. The following it does not
// document, and the emulator does it so: 401 for a token, 403 for an account, 404 for
// what there is not, 429 for a limit, 500 for a failure, and 400 for all else; 100 for an
// unknown field and for a code of more than 15 characters; 132012 for two codes that
// differ; and a number that is not on WhatsApp is told at once.
package whatsapptest

import (
	_ "embed" // the facts
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	Token         = "EAAemulatedwhatsapptoken"
	PhoneNumberID = "106540352242922"
	Template      = "verification_code"
	AppSecret     = "emulatedwhatsappappsecret"
)

// Number is that of the business.
const Number = "+15550783881"

// Options describe an account.
type Options struct {
	Token         string    `dsn:"token"`           // Defaults to [Token].
	PhoneNumberID string    `dsn:"phone_number_id"` // Defaults to [PhoneNumberID].
	Template      string    `dsn:"template"`        // The name of the template. Defaults to [Template].
	Languages     []string  // In which it is approved. Defaults to en_US, da, es and pt_BR.
	AppSecret     string    // What reports are signed by. Defaults to [AppSecret].
	Absent        []string  // Numbers that are not on WhatsApp. Defaults to none.
	Start         time.Time // Stops the emulator's clock there. Defaults to real time.
	Addr          string    // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{
	Token: Token, PhoneNumberID: PhoneNumberID, Template: Template, AppSecret: AppSecret,
	Languages: []string{"en_US", "da", "es", "pt_BR"},
}

// An Emulator is the Cloud API in memory: an [http.Handler]. It is safe for concurrent
// use.
type Emulator struct {
	emulator.Core
	options Options

	mu   sync.Mutex
	sent emulator.List[string, string] // Meta's ids, by their hashes
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	opts.Absent, opts.Languages = slices.Clone(opts.Absent), slices.Clone(opts.Languages)
	e := &Emulator{options: opts}
	e.sent.Life = 24 * time.Hour
	e.Start(emulator.API{
		Start: opts.Start,
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /{version}/{number}/messages", Serve: e.numbered(e.send)},
			{On: "number", Pattern: "GET /{version}/{number}", Serve: e.numbered(e.page)},
		},
		Guard:    emulator.Guarded("Bearer", opts.Token, refuse(190)),
		Lock:     &e.mu,
		NotFound: func(*http.Request) *emulator.Answer { return absent() },
		Report:   e.report,
	})
	return e
}

// Code returns the code in the newest message to a recipient, or "".
func (e *Emulator) Code(to string) string { return e.LastCode(to, "") }

var versionRule = regexp.MustCompile(`^v[0-9]+\.[0-9]+$`)

// numbered serves requests of a version, for the business number.
func (e *Emulator) numbered(serve func(*http.Request) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		switch {
		case !versionRule.MatchString(r.PathValue("version")):
			return refuse(100)
		case r.PathValue("number") != e.options.PhoneNumberID:
			return absent()
		}
		return serve(r)
	}
}

// page is that of the business number.
func (e *Emulator) page(*http.Request) *emulator.Answer {
	return &emulator.Answer{Body: map[string]any{
		"id": e.options.PhoneNumberID, "display_phone_number": "+1 555-078-3881", "verified_name": "Acme", "quality_rating": "GREEN",
	}}
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
	// A Fault is what Fail takes, and a Message what Messages returns: see package
	// emulator. Fault.On may be send or number. The Scope of a Message is empty.
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

// Facts are what Meta documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all vendors.
// Of a Setup's settings token, phone_number_id and template count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{
		Scheme: "whatsapp", Settings: settings, User: "phone_number_id", Pass: "token", Host: "template", Messenger: true,
	}
}
