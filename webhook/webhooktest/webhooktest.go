// Package webhooktest is an endpoint as package webhook wants one, for tests and demos:
// no account, no network, no cost.
//
//	srv := webhooktest.NewServer(t)
//	messenger, err := webhook.New(webhook.Config{URL: srv.URL, Secrets: []string{webhooktest.Secret}})
//
// An otp.Engine over this messenger sends and checks codes, and srv.Code(to) returns
// the code in the newest message.
//
// # What is emulated
//
// An endpoint that checks each signature by Standard Webhooks, with a time that is at
// most five minutes off this machine's clock, which Advance does not move; that takes
// an id once, within five minutes; that answers to probes and sends nothing for them;
// and that refuses numbers and addresses which are none. It serves every channel, at
// the path / alone.
package webhooktest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed" // the facts
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// The endpoint that zero [Options] emulate.
const (
	Secret = "whsec_ZW11bGF0ZWR3ZWJob29rc2VjcmV0MDAwMDAw"
	URL    = "https://messages.example.com/otp"
)

const (
	tolerance = 5 * time.Minute
	maxText   = 2000 // characters
)

// Options describe an endpoint.
type Options struct {
	Secret string    `dsn:"secret"` // Defaults to [Secret].
	URL    string    `dsn:"url"`    // What a client's setting says. Defaults to [URL].
	Absent []string  // Recipients whom the endpoint does not reach. Defaults to none.
	Start  time.Time // Stops the emulator's clock there. Defaults to real time.
	Addr   string    // Where NewServer listens. Defaults to a free port of 127.0.0.1.
}

var defaults = Options{Secret: Secret, URL: URL}

// An Emulator is an endpoint in memory. It is safe for concurrent use.
type Emulator struct {
	emulator.Core
	options Options
	absent  map[string]bool

	mu    sync.Mutex
	taken emulator.List[string, bool] // ids
}

// New returns an emulator of the endpoint that opts describe.
func New(opts Options) *Emulator {
	opts = emulator.Default(opts, defaults)
	e := &Emulator{options: opts, absent: map[string]bool{}}
	for _, to := range opts.Absent {
		e.absent[to] = true
	}
	e.taken.Life = tolerance
	e.Start(emulator.API{
		Start:      opts.Start,
		Routes:     []emulator.Route{{On: "send", Pattern: "POST /{$}", Serve: e.serve}},
		NotFound:   func(*http.Request) *emulator.Answer { return refuse(http.StatusNotFound, "rejected") },
		NotAllowed: func(*http.Request) *emulator.Answer { return refuse(http.StatusMethodNotAllowed, "rejected") },
	})
	return e
}

// Code returns the code in the newest message to a recipient, six to ten digits of it,
// or "" if there is none in it.
func (e *Emulator) Code(to string) string { return e.LastCode(to, "") }

func (e *Emulator) serve(r *http.Request) *emulator.Answer {
	raw, err := io.ReadAll(r.Body)
	if err != nil || !e.isSigned(r.Header, raw) {
		return refuse(http.StatusUnauthorized, "unauthorized")
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	object, err := emulator.ReadObject(r)
	switch kind := object.String("type"); {
	case err != nil, kind != "verify.message" && kind != "verify.probe":
		return refuse(http.StatusBadRequest, "rejected")
	case kind == "verify.probe":
		return &emulator.Answer{Status: http.StatusNoContent}
	}
	return e.take(r.Header.Get("webhook-id"), object.Object("data"))
}

// take sends a message, once for an id.
func (e *Emulator) take(id string, data emulator.Fields) *emulator.Answer {
	to, channel := data.String("to"), data.String("channel")
	text, ok := data.Text("text", maxText)
	isPhone, isAddress := emulator.IsPhone(to), strings.Count(to, "@") == 1
	switch {
	case !ok || text == "":
		return refuse(http.StatusBadRequest, "rejected")
	case channel == "email" && !isAddress, channel != "email" && !isPhone:
		return refuse(http.StatusUnprocessableEntity, "invalid_recipient")
	case e.absent[to]:
		return refuse(http.StatusUnprocessableEntity, "not_reachable")
	}
	answer := &emulator.Answer{Body: map[string]any{"id": id}}
	if e.isNew(id) {
		answer.Message = &Message{Vendor: "webhook", ID: id, To: to, Channel: channel, Code: emulator.CodeIn(text), Text: text}
	}
	return answer
}

// isNew reports whether an id comes for the first time, and remembers it.
func (e *Emulator) isNew(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.taken.Newest(e.Now(), id); known {
		return false
	}
	e.taken.Add(e.Now(), id, true)
	return true
}

// isSigned checks a request as an endpoint does: one of the signatures fits, and the
// time is recent.
func (e *Emulator) isSigned(h http.Header, body []byte) bool {
	id, at := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(e.options.Secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return false
	}
	want := emulator.MAC(sha256.New, string(key), id+"."+at+"."+string(body))
	for item := range strings.FieldsSeq(h.Get("webhook-signature")) {
		encoded, versioned := strings.CutPrefix(item, "v1,")
		if mac, err := base64.StdEncoding.DecodeString(encoded); err == nil && versioned && hmac.Equal(mac, want) {
			return true
		}
	}
	return false
}

func refuse(status int, word string) *emulator.Answer {
	return &emulator.Answer{Status: status, Body: map[string]any{"error": word}}
}

// Refusal returns a fault that answers with a word, such as "blocked", and has no
// effect.
func Refusal(status int, word string) Fault { return refuse(status, word).Fault() }

// A Server is an [Emulator] that listens; its URL is that of the endpoint.
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
	// emulator. Fault.On may be send. The Scope of a Message is empty.
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

// Facts are what docs/hooks.md and Standard Webhooks say of an endpoint. A zero Fact is
// not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all vendors. Of
// a Setup's settings secret and url count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	return New(opts), emulator.Sample{Scheme: "webhook", Settings: settings, User: "secret", Messenger: true}
}
