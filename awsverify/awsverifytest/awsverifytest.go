// Package awsverifytest emulates what package awsverify calls of Amazon Web Services, for
// tests and demos: no account, no network, no cost.
//
//	srv := awsverifytest.NewServer(t)
//	client, err := awsverify.NewNotify(awsverify.NotifyConfig{
//		Account: awsverify.Account{
//			Region: awsverifytest.Region, AccessKeyID: awsverifytest.AccessKeyID,
//			SecretAccessKey: awsverifytest.SecretAccessKey,
//		},
//		From: awsverifytest.From, CodeConfiguration: awsverifytest.CodeConfiguration, BaseURL: srv.URL,
//	})
//
//	_, err = client.Send(ctx, to)
//	err = client.Check(ctx, to, srv.Code(to, ""))
//
// # What is emulated
//
// SendTextMessage and SendVoiceMessage of End User Messaging SMS, Publish to a number of
// SNS, and the code verification of Notify, as far as AWS's own client libraries can tell.
// Each request must be signed by Signature Version 4 for its service and Region, within
// five minutes of this machine's clock. [Options] make an account in the sandbox, numbers
// that have opted out, calling codes that are blocked, and a budget.
//
// AWS does not document the following, and the emulator does it so: SNS accepts what it
// does not deliver and refuses a number that is not verified as InvalidParameter; Notify
// refuses what End User Messaging SMS refuses, as a ConflictException or a
// ServiceQuotaExceededException; a second send to a number and referenceId ends the first
// code; a used code is INVALID; a check without a referenceId finds only codes without
// one.
package awsverifytest

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The account that zero [Options] emulate.
const (
	Region            = "us-east-1"
	AccessKeyID       = "AKIAIOSFODNN7EXAMPLE"
	SecretAccessKey   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // the example of AWS's documentation
	From              = "+15017122661"
	CodeConfiguration = "ncc-abc12345678901234"
)

// Options describe an account.
type Options struct {
	Region          string `dsn:"region"`                 // Defaults to [Region].
	AccessKeyID     string `dsn:"access_key_id"`          // Defaults to [AccessKeyID].
	SecretAccessKey string `dsn:"secret_access_key"`      // Defaults to [SecretAccessKey].
	SessionToken    string `dsn:"session_token,optional"` // Must come with each request. Defaults to none.

	Sandbox  bool     // Only numbers that are Verified are sent to.
	Verified []string // Defaults to none.
	OptedOut []string // Numbers that get nothing. Defaults to none.
	Blocked  []string // Beginnings of numbers, such as "+45", that are not sent to. Defaults to none.
	Budget   int      // How many messages reach the spend limit. Defaults to no limit.

	NewCode func(digits int) string // Makes Notify's codes. Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock there. Defaults to real time.
	Addr    string                  // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{
	Region: Region, AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey, NewCode: emulator.Digits,
}

// An Emulator is AWS in memory: an [http.Handler] for the three services. It is safe for
// concurrent use.
type Emulator struct {
	emulator.Core
	options Options

	mu    sync.Mutex
	spent int // messages
	codes emulator.List[subject, *code]
}

// New returns an emulator of the account that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	for _, list := range []*[]string{&opts.Verified, &opts.OptedOut, &opts.Blocked} {
		*list = slices.Clone(*list)
	}
	e := &Emulator{options: opts}
	e.codes.Life = time.Hour
	e.Start(emulator.API{
		Start: opts.Start, Lock: &e.mu, Guard: e.signed,
		Routes: []emulator.Route{
			{On: "send", Pattern: "POST /{$}", Serve: e.message},
			{On: "send", Pattern: "POST " + notifyPath + "send", Serve: e.sendCode},
			{On: "check", Pattern: "POST " + notifyPath + "validate", Serve: e.validate},
		},
		NotFound: func(r *http.Request) *emulator.Answer {
			return protocolOf(r).refuse(http.StatusNotFound, "UnknownOperationException")
		},
		Header: func(h http.Header, r *http.Request) {
			h.Set("X-Amzn-Requestid", emulator.UUID())
			h.Set("Content-Type", protocolOf(r).media)
		},
	})
	return e
}

// Code returns the code that Notify would now approve for a number and a scope, or "" if
// there is none. A scope may be a whole referenceId as well. Of the other products, which
// have no scopes, it is the code in the newest message.
func (e *Emulator) Code(to, scope string) string {
	references := []string{scope, "verify-" + scope}
	if scope == "" {
		references[1] = "verify" // awsverify's empty scope
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, reference := range references {
		of := subject{to, reference}
		if c := e.live(of); c != nil {
			return c.code
		}
		if _, known := e.codes.Newest(e.Now(), of); known {
			return ""
		}
	}
	return e.LastCode(to, "") // the log has a lock of its own
}

// A protocol is how a service speaks.
type protocol struct {
	service, media string
	target         string // the operation, but of Notify
}

const (
	notifyPath = "/v1/notify-code-verifications/"
	xmlMedia   = "text/xml"
	jsonMedia  = "application/x-amz-json-1.0"
	restMedia  = "application/json"
)

func protocolOf(r *http.Request) protocol {
	target := r.Header.Get("X-Amz-Target")
	switch {
	case target != "":
		return protocol{"sms-voice", jsonMedia, target}
	case r.URL.Path == "/":
		return protocol{"sns", xmlMedia, ""}
	}
	return protocol{"end-user-messaging", restMedia, ""}
}

// refuse is an error by its name, with more fields as pairs. The status is that of REST:
// the protocol of SMS has 400 for all that is the client's fault.
func (p protocol) refuse(status int, name string, more ...any) *emulator.Answer {
	if p.media == xmlMedia {
		return &emulator.Answer{Status: status, Header: http.Header{"Content-Type": {xmlMedia}}, Body: errorXML(name, more...)}
	}
	if p.media == jsonMedia && status < http.StatusInternalServerError {
		status = http.StatusBadRequest
	}
	body := map[string]any{"__type": name, "message": "refused by the emulator"}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return &emulator.Answer{Status: status, Header: http.Header{"Content-Type": {p.media}, "X-Amzn-Errortype": {name + ":"}}, Body: body}
}

// Refusal returns a fault that answers with an exception of End User Messaging SMS or of
// Notify, such as "ThrottlingException", and has no effect. The reason may be empty.
func Refusal(status int, name, reason string) Fault {
	p := protocol{media: restMedia}
	if reason == "" {
		return p.refuse(status, name).Fault()
	}
	return p.refuse(status, name, "Reason", reason).Fault()
}

// SNSRefusal returns a fault that answers with an error code of SNS, such as "Throttled",
// and has no effect.
func SNSRefusal(status int, code string) Fault {
	return protocol{media: xmlMedia}.refuse(status, code).Fault()
}

// A verdict is why a message is not sent.
type verdict struct{ exception, reason string }

// judge says why a message to a number is not sent, or counts it.
func (e *Emulator) judge(to, channel string) (v verdict, ok bool) {
	o := e.options
	switch {
	case slices.Contains(o.OptedOut, to):
		return verdict{"ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"}, false
	case slices.ContainsFunc(o.Blocked, func(prefix string) bool { return strings.HasPrefix(to, prefix) }):
		return verdict{"ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"}, false
	case o.Sandbox && !slices.Contains(o.Verified, to):
		return verdict{"ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"}, false
	case o.Budget > 0 && e.spent >= o.Budget:
		return verdict{"ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_" + channel}, false
	}
	e.spent++
	return verdict{}, true
}

// A Server is an [Emulator] that listens; its URL is the endpoint of each service.
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
	// emulator. Fault.On may be send or check. The Scope of a Message is Notify's
	// referenceId.
	Fault = emulator.Fault

	// A Message is one that was delivered.
	Message = emulator.Message
)

// What Fault.Break may be.
const Reset, Close, Truncate, Garbage = emulator.Reset, emulator.Close, emulator.Truncate, emulator.Garbage //nolint:revive // one thing in four words
