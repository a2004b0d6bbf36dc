// Package hooks lets auth servers send their codes through any [otp.Courier]: the
// server makes and checks the code, and asks a handler of this package to bring it.
//
//	messenger, err := vendors.OpenMessenger(os.Getenv("VERIFY_DSN"))
//	hook, err := hooks.Supabase(hooks.Config{
//		Messenger: messenger, // may be a failover(...) of several
//		Text:      text.Config{Product: "Acme"},
//	}, os.Getenv("SUPABASE_HOOK_SECRET"))
//	http.Handle("POST /hooks/supabase", hook)
//
// # What is checked
//
// The signature or the secret comes first, in constant time. A request that
// signs its time is good for five minutes. A code is delivered once, however often its server repeats
// the request within Config.Keep, ten minutes by default: a request is claimed in
// [Seen] before anything is sent, and nothing is sent if Seen fails. docs/hooks.md says
// what each server signs, and so what becomes of a request that somebody recorded.
//
// # Answers
//
// Each server gets the answer that it expects, in its time: delivery has 4 seconds,
// 8 for Kratos. A server that repeats a request by itself is told that a message was
// sent if that is not known: a second message is worse than a missing one, since the
// person can ask again. What a person may see is one of a few fixed sentences.
//
// # Privacy
//
// Nothing is logged. No answer and no error holds a recipient, a code, or a secret.
package hooks

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/incoming"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/otp/text"
)

// Errors that Config.OnError is told, beside those of the Messenger and of Seen.
var (
	// ErrForged: the signature or the secret is missing or wrong. The answer is 401.
	ErrForged = errors.New("hooks: the signature or the secret is wrong: compare the server's settings with those of the hook")
	// ErrStale: the signature is right, and too old or too far ahead, or the code has
	// expired. The answer is 401.
	ErrStale = errors.New("hooks: the request was signed more than five minutes ago or ahead, or its code has expired: compare the clocks")
	// ErrUnreadable: the request is not what the server documents. The answer is 400.
	ErrUnreadable = errors.New("hooks: the request cannot be read")
)

// Limits of a request.
const (
	MaxBody    = 64 << 10 // bytes
	minKey     = 32
	minSecret  = 16
	inTime     = 4 * time.Second        // Supabase and ZITADEL give up after 5 seconds
	kratosTime = 8 * time.Second        // Kratos does after 10
	closeTime  = 500 * time.Millisecond // for Seen to remember what became of it
	pollTime   = 100 * time.Millisecond
	codeLife   = 10 * time.Minute // where the server does not say
	maxLife    = 24 * time.Hour
	minKeep    = 10 * time.Minute
	maxKeep    = 31 * 24 * time.Hour
)

// A Config is what the hooks of all servers need.
type Config struct {
	// Messenger brings the messages: what vendors.OpenMessenger opens, an otp.Fallback, a
	// guard.Messenger, any otp.Messenger or otp.CodeMessenger. One that takes codes is
	// given those of servers that tell us the code; a notice without one, and a code that
	// it does not take, is for those that take texts. Required.
	Messenger otp.Courier
	// Text says what messages read like where the server gives a code only. The others
	// send the server's text, and do not look at it.
	Text text.Config
	// Seen remembers requests, so that one that comes again sends nothing. Defaults to
	// a [MemorySeen].
	Seen Seen
	// Key is at least 32 random bytes, the same in every process that shares Seen: it
	// sees a MAC, and no recipient and no code. Defaults to a random key if Seen is left
	// out; required with a Seen.
	Key []byte
	// Keep is how long a delivered code is remembered, 10 minutes to 31 days.
	// A longer time is for servers that sign no time, so that a request which somebody
	// recorded is still known; a MemorySeen must have room for all of them. A message
	// without a code, which may come again in the same words, is remembered for 10
	// minutes. Defaults to 10 minutes.
	Keep time.Duration
	// OnError is told why a request was refused or a message not sent. Many of ErrForged
	// mean a wrong secret, or somebody who tries. Defaults to nothing.
	OnError func(context.Context, error)
}

// An order is what a server asks for.
type order struct {
	to      string
	text    string // or else one is made of code
	code    string // "" if the server does not tell it, or sends a notice
	locale  string
	ip      string
	channel verify.Channel
	life    time.Duration
	same    []string // what stays the same when the server repeats the request
	notice  bool     // it may come again in the same words
}

// A server is how one auth server talks.
type server struct {
	name    string
	time    time.Duration
	repeats bool // the request, by itself
	texts   bool // are ours to make
	proof   func(r *http.Request, body []byte) error
	read    func(body []byte) (order, error)
	answer  func(w http.ResponseWriter, o verify.Outcome) // "" if the message was sent
}

func newHandler(cfg Config, s server) (http.Handler, error) {
	fault := func(why string) (http.Handler, error) { return nil, errors.New("hooks: " + why) }
	switch {
	case cfg.Messenger == nil:
		return fault("Messenger is missing")
	case !delivers(cfg.Messenger):
		return fault("Messenger must be an otp.Messenger or an otp.CodeMessenger")
	case cfg.Seen != nil && len(cfg.Key) < minKey:
		return fault("Key must be at least 32 random bytes, the same in every process")
	case cfg.Key != nil && len(cfg.Key) < minKey:
		return fault("Key must be at least 32 random bytes")
	case cfg.Keep != 0 && (cfg.Keep < minKeep || cfg.Keep > maxKeep):
		return fault("Keep must be 10 minutes to 31 days")
	}
	h := &handler{server: s, messenger: cfg.Messenger, seen: cfg.Seen, key: slices.Clone(cfg.Key), keep: cmp.Or(cfg.Keep, minKeep), onError: cfg.OnError}
	if s.texts {
		var err error
		if h.texts, err = text.New(cfg.Text); err != nil {
			return nil, fmt.Errorf("hooks: Text: %w", err)
		}
	}
	if h.seen == nil {
		h.seen = new(MemorySeen)
	}
	if h.key == nil {
		h.key = make([]byte, minKey)
		_, _ = rand.Read(h.key) // never fails: see crypto/rand
	}
	return h, nil
}

func delivers(c otp.Courier) bool {
	_, texts := c.(otp.Messenger)
	_, codes := c.(otp.CodeMessenger)
	return texts || codes
}

type handler struct {
	server
	messenger otp.Courier
	texts     *text.Texts
	seen      Seen
	key       []byte
	keep      time.Duration
	onError   func(context.Context, error)
}

// ServeHTTP goes on when the server hangs up, so that it is known what became of the
// message.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.time)
	defer cancel()
	body, ok := incoming.Body(w, r, "application/json", MaxBody)
	if !ok {
		return
	}
	if err := h.proof(r, body); err != nil {
		h.tell(ctx, err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	o, err := h.read(body)
	if err != nil {
		h.tell(ctx, err)
		w.WriteHeader(statusOfRead(err))
		return
	}
	outcome := h.once(ctx, o)
	if h.repeats && outcome == verify.ErrOutcomeUnknown {
		outcome = ""
	}
	h.answer(w, outcome)
}

func statusOfRead(err error) int {
	if errors.Is(err, ErrStale) {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

func (h *handler) tell(ctx context.Context, err error) {
	if h.onError != nil {
		h.onError(ctx, err)
	}
}

// once delivers what was not delivered before. A claim is for the whole time that a
// request is remembered: if this process dies, nobody knows what was sent.
func (h *handler) once(ctx context.Context, o order) verify.Outcome {
	key, keep := h.keyOf(o.same), h.keep
	if o.notice {
		keep = minKeep
	}
	switch state, err := h.begin(ctx, key, keep); {
	case err != nil:
		h.tell(ctx, errSeen)
		return verify.ErrUnavailable
	case state == Busy:
		return verify.ErrOutcomeUnknown
	case state == Done:
		return ""
	}
	err := h.deliver(ctx, key, o)
	if err != nil {
		h.tell(ctx, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	switch outcome := verify.OutcomeOf(err); outcome {
	case "", verify.ErrOutcomeUnknown:
		_ = h.seen.Done(ctx, key, keep) // without it the claim stays, and nothing is sent either
		return outcome
	default: // surely nothing was sent
		_ = h.seen.Release(ctx, key) // without it a repeat is taken for sent
		return outcome
	}
}

var errSeen = errors.New("hooks: nothing was sent, since Seen failed: no one knows what was sent before")

// begin claims a key. While another call holds it, it waits for what becomes of that.
func (h *handler) begin(ctx context.Context, key [16]byte, keep time.Duration) (State, error) {
	for {
		state, err := h.seen.Begin(ctx, key, keep)
		if err != nil || state != Busy {
			return state, err
		}
		select {
		case <-ctx.Done():
			return Busy, nil
		case <-time.After(pollTime):
		}
	}
}

// deliver returns an error that holds no word of a stranger's messenger.
func (h *handler) deliver(ctx context.Context, key [16]byte, o order) error {
	ip, _ := netip.ParseAddr(o.ip) // a hint
	caps := h.messenger.Capabilities()
	opts := []verify.SendOption{verify.WithLocale(o.locale), verify.WithChannel(o.channel)}
	if ip.IsValid() {
		opts = append(opts, verify.WithClientIP(ip))
	}
	req, err := caps.SendRequest(o.to, opts...)
	if err != nil {
		return err
	}
	if o.life <= 0 {
		o.life = codeLife
	}
	if o.notice { // the next one in the same words is another message
		_, _ = rand.Read(key[:]) // never fails: see crypto/rand
	}
	m := otp.CodeMessage{To: o.to, Channel: o.channel, Code: o.code, TTL: o.life, Ref: hex.EncodeToString(key[:]), Request: req}
	return h.handOver(ctx, caps.Vendor, m, func(on verify.Channel) string { return h.textOf(o, req, on) })
}

// textOf is the server's text, or ours for a channel: none if the code cannot be
// written into it.
func (h *handler) textOf(o order, req verify.SendRequest, on verify.Channel) string {
	if o.text != "" {
		return o.text
	}
	req.Channel = on
	written, err := h.texts.Append(nil, []byte(o.code), req)
	if err != nil {
		return ""
	}
	return string(written)
}

// handOver keeps a panic, which may hold the message, out of the server's log.
func (h *handler) handOver(ctx context.Context, vendor string, m otp.CodeMessage, text func(verify.Channel) string) (err error) {
	defer func() {
		if recover() != nil {
			err = &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrOutcomeUnknown, Detail: "the messenger panicked"}
		}
	}()
	_, err = otp.Deliver(ctx, h.messenger, m, text)
	return named(vendor, err)
}

// named is err, or as much of a stranger's error as may be told: its outcome.
func named(vendor string, err error) error {
	if err == nil {
		return nil
	}
	if e := (*verify.Error)(nil); errors.As(err, &e) {
		return e
	}
	return &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.OutcomeOf(err)}
}

// keyOf names a request, so that a store sees no recipient and no code.
func (h *handler) keyOf(same []string) (key [16]byte) {
	mac := hmac.New(sha256.New, h.key)
	for _, part := range append([]string{h.name}, same...) {
		_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = mac.Write([]byte(part))
	}
	copy(key[:], mac.Sum(nil))
	return key
}
