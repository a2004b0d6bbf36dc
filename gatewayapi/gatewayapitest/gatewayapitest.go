// Package gatewayapitest emulates GatewayAPI, for tests and demos: no account, no
// network, no cost.
//
//	srv := gatewayapitest.NewServer(t)
//	messenger, err := gatewayapi.New(gatewayapi.Config{
//		BaseURL: srv.URL,
//		Token:   gatewayapitest.Token,
//		Sender:  "Acme",
//	})
//
// An otp.Engine over this messenger sends and checks codes, and srv.Code(to)
// returns the code in the newest message.
//
// # What is emulated
//
// Sending by the Messaging API, one message or many, and by the REST API in JSON,
// as a form and in the query; the account's balance; what each API accepts as
// credentials, with signatures, their time and their nonces really checked; both
// shapes of errors; the price of each part, and the end of the credit. A request
// to a Host of GatewayAPI's own is held to it: each API has its host, and a token
// of the other region is forbidden.
//
// GatewayAPI does not document the following, and the emulator does it so: a
// signature may be five minutes off; under the encoding UTF8 a character that
// GSM-7 lacks arrives as a question mark; a request to the REST API without
// credentials, or with some that it cannot read, is refused with 401 and no code;
// parameters without a meaning here are ignored.
package gatewayapitest

import (
	"cmp"
	_ "embed" // the texts of errors
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The texts are those of https://gatewayapi.com/docs/error-codes/.
var (
	//go:embed facts.txt
	facts string
	//go:embed texts.txt
	textLines string
	//go:embed shapes.txt
	shapeLines string
	//go:embed classic_shapes.txt
	classicShapeLines string
	//go:embed kinds.txt
	kindLines string

	texts         = emulator.Table(textLines)
	kinds         = emulator.Table(kindLines)
	shapes        = emulator.ReadShapes(shapeLines)
	classicShapes = emulator.ReadShapes(classicShapeLines)
)

// The account that zero [Options] emulate.
const (
	Token  = "emulatedgatewayapitoken"
	Key    = "emulatedgatewayapikey"
	Secret = "emulatedgatewayapisecret"
	Credit = 1000.00

	WebhookSecret = "emulatedwebhooksecret" // signs reports
)

const (
	price   = 12 // hundredths of DKK a part
	firstID = 421332671
)

// Options describe an account.
type Options struct {
	Token  string    `dsn:"token"`               // Defaults to [Token].
	Key    string    `dsn:"api_key,optional"`    // Defaults to [Key].
	Secret string    `dsn:"api_secret,optional"` // Defaults to [Secret].
	Region string    `dsn:"region"`              // Its platform, "com" or "eu". Defaults to "com".
	Credit float64   // What messages may cost in DKK, 0.12 a part. Defaults to [Credit]; below zero there is none.
	Start  time.Time // Stops the emulator's clock there. Defaults to real time.
	Addr   string    // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{Token: Token, Key: Key, Secret: Secret, Region: "com", Credit: Credit}

// An Emulator is GatewayAPI in memory: an [http.Handler] for the paths below
// /mobile and /rest. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options
	oauth   emulator.OAuth1

	mu     sync.Mutex
	credit int   // hundredths of DKK
	lastID int64 // of the REST API
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	e := &Emulator{options: opts, credit: max(int(opts.Credit*100), 0), lastID: firstID - 1}
	e.oauth.Key, e.oauth.Secret, e.oauth.Skew = opts.Key, opts.Secret, 5*time.Minute
	e.Start(emulator.API{
		Start: opts.Start,
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /mobile/single", Serve: e.held("messaging", e.mobileToken, e.single)},
			{On: "send", Pattern: "POST /mobile/multi", Serve: e.held("messaging", e.mobileToken, e.multi)},
			{On: "send", Pattern: "POST /rest/mtsms", Serve: e.held("gatewayapi", e.classicCredential, e.mtsms)},
			{On: "send", Pattern: "GET /rest/mtsms", Serve: e.held("gatewayapi", e.classicCredential, e.mtsms)},
			{On: "balance", Pattern: "GET /rest/me", Serve: e.held("gatewayapi", e.classicCredential, e.me)},
		},
		Lock: &e.mu, Report: e.report,
		NotFound:   func(*http.Request) *emulator.Answer { return described(http.StatusNotFound) },
		NotAllowed: func(*http.Request) *emulator.Answer { return described(http.StatusMethodNotAllowed) },
	})
	return e
}

// Code returns the code in the newest message to a recipient, six to ten digits
// of it, or "" if there is none in it.
func (e *Emulator) Code(to string) string { return e.LastCode(to, "") }

// message is a text as the phone shows it.
func message(id string, msisdn int64, text string) Message {
	return Message{
		Vendor: "gatewayapi", ID: id, To: "+" + strconv.FormatInt(msisdn, 10), Channel: "sms", Code: emulator.CodeIn(text), Text: text,
	}
}

// pay takes the price of so many parts from the credit, if it is enough.
func (e *Emulator) pay(parts int) bool {
	if parts*price > e.credit {
		return false
	}
	e.credit -= parts * price
	return true
}

// held refuses a request to the host of another API, one without credentials, and
// one to the other region.
func (e *Emulator) held(product string, credential func(*http.Request) refusal, serve func(*http.Request) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		region, asked := e.host(r)
		if asked != "" && asked != product {
			return described(http.StatusNotFound)
		}
		_ = r.ParseForm() // it reads forms only; what cannot be parsed is missing
		switch f := credential(r); {
		case f != nil:
			return f
		case region != e.options.Region:
			return described(http.StatusForbidden)
		}
		return serve(r)
	}
}

// host splits the name of one of GatewayAPI's own hosts into its region and its
// product, "gatewayapi" or "messaging". Any other name serves all.
func (e *Emulator) host(r *http.Request) (region, product string) {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	product, region, _ = strings.Cut(strings.TrimPrefix(host, "messaging."), ".")
	if product != "gatewayapi" || region != "com" && region != "eu" {
		return e.options.Region, ""
	}
	if strings.HasPrefix(host, "messaging.") {
		product = "messaging"
	}
	return region, product
}

// A refusal is an error in the shape of either API; nil means that nothing is
// wrong.
type refusal = *emulator.Answer

// described is an error of the Messaging API that is about no field.
func described(status int) refusal {
	return &emulator.Answer{Status: status, Body: map[string]any{"description": http.StatusText(status), "detail": []any{}}}
}

// coded is an error of the REST API, with what stands for %1 and so on.
func coded(status int, code string, variables ...string) refusal {
	body := map[string]any{"code": code, "incident_uuid": emulator.UUID(), "message": cmp.Or(texts[code], "Error")}
	if len(variables) > 0 {
		body["variables"] = variables
	}
	return &emulator.Answer{Status: status, Body: body}
}

// uncoded is an error of the REST API for which there is no code.
func uncoded(status int, text string) refusal {
	return &emulator.Answer{Status: status, Body: map[string]any{"incident_uuid": emulator.UUID(), "message": cmp.Or(text, http.StatusText(status))}}
}

// Refusal returns a fault that answers with an error of GatewayAPI's and has no
// effect: in the shape of the REST API for a code such as "0x0216", in that of
// the Messaging API for none.
func Refusal(status int, code string) Fault {
	if code == "" {
		return described(status).Fault()
	}
	return coded(status, code).Fault()
}

// Invalid returns a fault by which the Messaging API refuses fields of a message,
// such as "recipient", and has no effect.
func Invalid(fields ...string) Fault {
	var all []problem
	for _, field := range fields {
		all = append(all, problem{Loc: []any{"body", field}, Type: "value_error"})
	}
	return invalid(all).Fault()
}

// A Server is an [Emulator] that listens; its URL is that of both APIs.
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
	// A Fault is what Fail takes, and a Message what Messages returns: see package emulator. Fault.On may be send
	// or balance. The Scope of a Message is empty: GatewayAPI knows nothing of codes.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words

// Facts are what GatewayAPI documents. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings token, api_key, api_secret and region count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	settings["sender"], opts.Credit = "Acme", 1e9
	return New(opts), emulator.Sample{Scheme: "gatewayapi", Settings: settings, User: "token", Host: "region", Messenger: true}
}
