package otp

import (
	"bytes"
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

const (
	phone   = "+15005550006"
	other   = "+15017122661"
	address = "a@example.com"
)

var (
	keyA = bytes.Repeat([]byte("A"), 32)
	keyB = bytes.Repeat([]byte("B"), 32)
	keyC = bytes.Repeat([]byte("C"), 32)
)

// A post is a messenger that keeps what it is given.
type post struct {
	name     string
	channels []verify.Channel
	err      error
	deliver  func(context.Context, Message) (string, error)

	mu       sync.Mutex
	messages []Message
}

func (p *post) Deliver(ctx context.Context, m Message) (string, error) {
	p.mu.Lock()
	p.messages = append(p.messages, m)
	p.mu.Unlock()
	if p.deliver != nil {
		return p.deliver(ctx, m)
	}
	return "id of " + p.name, p.err
}

func (p *post) Capabilities() verify.Capabilities {
	channels := p.channels
	if channels == nil {
		channels = []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail}
	}
	return verify.Capabilities{Vendor: p.name, Channels: channels, ClientIP: true, Locale: true}
}

func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.messages)
}

// last returns the message that was delivered last.
func (p *post) last(t testing.TB) Message {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotEmpty(t, p.messages, "nothing was sent")
	return p.messages[len(p.messages)-1]
}

var digitsOnly = regexp.MustCompile(`[0-9]{6,10}`)

// code reads the code out of the message that was delivered last.
func (p *post) code(t testing.TB) string {
	t.Helper()
	code := digitsOnly.FindString(p.last(t).Text)
	require.NotEmpty(t, code, "no code in the message")
	return code
}

// wrong returns a code that differs from the last one in its last digit.
func (p *post) wrong(t testing.TB) string {
	t.Helper()
	return wrongFor(p.code(t))
}

func wrongFor(code string) string {
	b := []byte(code)
	b[len(b)-1] = '0' + (b[len(b)-1]-'0'+1)%10
	return string(b)
}

// newEngine returns an engine over a post and a MemoryStore, after edits.
func newEngine(t testing.TB, edits ...func(*Config)) (*Engine, *post) {
	t.Helper()
	p := &post{name: "post"}
	cfg := Config{Messenger: p, Store: new(MemoryStore), Keys: [][]byte{keyA}, Product: "Acme"}
	for _, edit := range edits {
		edit(&cfg)
	}
	e, err := New(cfg)
	require.NoError(t, err)
	return e, p
}

// oftenSent lifts the limits on sends.
func oftenSent(cfg *Config) {
	cfg.Limits = Limits{Sends: 100_000, Cooldown: []time.Duration{0}}
}

// mustSend sends, and returns the code.
func mustSend(t testing.TB, e *Engine, p *post, opts ...verify.SendOption) string {
	t.Helper()
	_, err := e.Send(t.Context(), phone, opts...)
	require.NoError(t, err)
	return p.code(t)
}

// requireOne demands that err matches want and no other outcome. It returns a
// copy of it, which is no error that a caller could forget.
func requireOne(t testing.TB, err error, want verify.Outcome) verify.Error {
	t.Helper()
	require.ErrorIs(t, err, want)
	for _, o := range allOutcomes {
		if o != want {
			require.NotErrorIs(t, err, o, "a second outcome")
		}
	}
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	return *e
}

var allOutcomes = []verify.Outcome{
	verify.ErrMismatch, verify.ErrNotPending, verify.ErrTooManyAttempts, verify.ErrTooManySends,
	verify.ErrInvalidRecipient, verify.ErrBlocked, verify.ErrUnsupported, verify.ErrUnauthorized,
	verify.ErrRejected, verify.ErrRateLimited, verify.ErrUnavailable, verify.ErrOutcomeUnknown,
}
