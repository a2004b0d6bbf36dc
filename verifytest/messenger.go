package verifytest

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A MessengerTarget is one messenger, and what the suite must see and do behind it.
type MessengerTarget struct {
	// Messenger is what is tested: an [otp.Messenger] or an [otp.CodeMessenger].
	// Required. It may change a message on its way to recordings, which know one text.
	Messenger otp.Courier

	// Arrived returns the newest text that reached somebody. It must be the whole text that
	// the messenger was given, or, of a CodeMessenger, hold the code. Defaults to nil: then
	// nobody looks.
	Arrived func(to string) string

	// Fault, Effects and Secrets are those of a [Target]. A messenger is in no check, so
	// Fault is asked for the faults of a Send alone.
	Fault   func(Fault) bool
	Effects func() int
	Secrets []string
}

// RunMessenger plays the scenarios of [Run] over an [otp.Engine] that sends through a
// fresh target: its store is an [otp.MemoryStore], and its texts name the product Acme. A
// messenger checks no codes, so of its promises those of Send are tried: what is sent, what
// is refused before a request is made, what an error says of the message, and what is
// hidden. The code is read on its way to the messenger.
func RunMessenger(t *testing.T, newTarget func(t *testing.T) MessengerTarget) {
	t.Helper()
	Run(t, func(t *testing.T) Target {
		t.Helper()
		return newTarget(t).engine(t)
	})
}

// engine is an engine over the target, of whose checks the faults are its own.
func (m MessengerTarget) engine(t testing.TB) Target {
	t.Helper()
	if m.Messenger == nil {
		t.Fatalf("MessengerTarget.Messenger is missing")
	}
	codes := &codesSeen{}
	engine, err := otp.New(otp.Config{
		Messenger: m.watched(t, codes), Store: new(otp.MemoryStore), Keys: [][]byte{make([]byte, 32)}, Product: "Acme",
	})
	if err != nil {
		t.Fatalf("verifytest: %v", err)
	}
	return Target{
		Verifier: engine, Code: codes.last, carried: codes.newest, Effects: m.Effects, Secrets: m.Secrets,
		Fault: func(f Fault) bool {
			switch {
			case f == FaultTooManyAttempts:
				return spendAttempts(t, engine, codes)
			case strings.HasPrefix(string(f), "check_"), m.Fault == nil:
				return false
			}
			return m.Fault(f)
		},
	}
}

// spendAttempts checks wrong codes until none is compared any longer, and reports
// whether there was a code to try them on.
func spendAttempts(t testing.TB, v verify.Verifier, codes *codesSeen) bool {
	t.Helper()
	to := codes.to()
	right := codes.last(to, "")
	if right == "" {
		return false
	}
	for range 5 {
		if err := v.Check(t.Context(), to, raised(right)); err == nil {
			t.Fatalf("%s\n\ta wrong code was approved", wrongIsNo)
		}
	}
	return true
}

// watched is the messenger, whose codes are seen. It takes what the messenger takes.
func (m MessengerTarget) watched(t testing.TB, codes *codesSeen) otp.Courier {
	switch messenger := m.Messenger.(type) {
	case otp.Messenger:
		return watchedTexts{messenger, codes, m.arrives(t)}
	case otp.CodeMessenger:
		return watchedCodes{messenger, codes, m.arrives(t)}
	}
	return m.Messenger // otp.New says what is wrong with it
}

// arrives looks at what reached somebody after a Send that went well. It prints no text.
func (m MessengerTarget) arrives(t testing.TB) func(to string, is func(text string) bool) {
	return func(to string, is func(string) bool) {
		t.Helper()
		if m.Arrived != nil && !is(m.Arrived(to)) {
			t.Errorf("%s\n\tanother one reached %s, or none", arrivesWhole, verify.Mask(to))
		}
	}
}

type watchedTexts struct {
	otp.Messenger
	codes   *codesSeen
	arrives func(to string, is func(text string) bool)
}

// written is a code in a text, or as a call reads it out: "1, 2, 3, 4, 5, 6".
var written = regexp.MustCompile(`[0-9]{6,10}|[0-9](?:, [0-9]){5,9}`)

func (w watchedTexts) Deliver(ctx context.Context, m otp.Message) (string, error) {
	w.codes.see(m.To, m.Request.Scope, strings.ReplaceAll(written.FindString(m.Text), ", ", ""))
	id, err := w.Messenger.Deliver(ctx, m)
	if err == nil {
		w.arrives(m.To, func(text string) bool { return text == m.Text })
	}
	return id, err
}

type watchedCodes struct {
	otp.CodeMessenger
	codes   *codesSeen
	arrives func(to string, is func(text string) bool)
}

func (w watchedCodes) DeliverCode(ctx context.Context, m otp.CodeMessage) (string, error) {
	w.codes.see(m.To, m.Request.Scope, m.Code)
	id, err := w.CodeMessenger.DeliverCode(ctx, m)
	if err == nil {
		w.arrives(m.To, func(text string) bool { return strings.Contains(text, m.Code) })
	}
	return id, err
}

// codesSeen are the last codes by recipient and scope.
type codesSeen struct {
	mu     sync.Mutex
	codes  map[[2]string]string
	latest [2]string // whose was the newest
}

func (c *codesSeen) see(to, scope, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.codes == nil {
		c.codes = map[[2]string]string{}
	}
	c.latest = [2]string{to, scope}
	c.codes[c.latest] = code
}

func (c *codesSeen) last(to, scope string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[[2]string{to, scope}]
}

func (c *codesSeen) newest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[c.latest]
}

func (c *codesSeen) to() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest[0]
}
