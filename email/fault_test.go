package email_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/internal/ports"
)

// deliverError makes one Deliver that must fail, and looks at what every error must
// be.
func deliverError(t *testing.T, ctx context.Context, c *email.Messenger) *verify.Error {
	t.Helper()
	id, err := c.Deliver(ctx, aMessage())
	require.Error(t, err)
	assert.Empty(t, id)
	e := new(verify.Error)
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "smtp", e.Vendor)
	assert.Equal(t, "send", e.Op)
	assert.NotEmpty(t, e.Detail)
	for _, secret := range []string{"a@example.com", "login@", "s3cret", "app", "123456", "127.0.0.1", "canary"} {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %v", err, err, err, e.Err), secret)
	}
	return e
}

// What a server says, at each stage. A 4xx and a 5xx are a definite no.
func TestReplies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stage, reply string
		want         verify.Outcome
		code         string
		detail       string
	}{
		"closed for the day":             {"connect", "421 4.3.2 canary", verify.ErrUnavailable, "421 4.3.2", "come back later"},
		"no service":                     {"connect", "554 canary", verify.ErrUnavailable, "554", "refused to talk"},
		"something that is not SMTP":     {"connect", "HTTP/1.1 400 canary", verify.ErrUnavailable, "", "does not speak SMTP"},
		"a greeting out of place":        {"connect", "250 canary", verify.ErrUnavailable, "", "does not speak SMTP"},
		"credentials refused":            {"AUTH", "535 5.7.8 canary", verify.ErrUnauthorized, "535 5.7.8", "credentials"},
		"a mechanism refused":            {"AUTH", "504 5.5.4 canary", verify.ErrUnauthorized, "504 5.5.4", "credentials"},
		"credentials not checkable":      {"AUTH", "454 4.7.0 canary", verify.ErrUnavailable, "454 4.7.0", "come back later"},
		"another sender's address":       {"MAIL", "553 5.7.1 canary", verify.ErrUnauthorized, "553 5.7.1", "address in From"},
		"credentials wanted":             {"MAIL", "530 5.7.0 canary", verify.ErrUnauthorized, "530 5.7.0", "credentials"},
		"no room":                        {"MAIL", "452 4.3.1 canary", verify.ErrUnavailable, "452 4.3.1", "come back later"},
		"no such mailbox":                {"RCPT", "550 5.1.1 <a@example.com> canary", verify.ErrInvalidRecipient, "550 5.1.1", "no such mailbox"},
		"no such mailbox, in short":      {"RCPT", "550 canary", verify.ErrInvalidRecipient, "550", "no such mailbox"},
		"moved":                          {"RCPT", "551 canary", verify.ErrInvalidRecipient, "551", "no such mailbox"},
		"a name not allowed":             {"RCPT", "553 5.1.3 canary", verify.ErrInvalidRecipient, "553 5.1.3", "no such mailbox"},
		"a full mailbox":                 {"RCPT", "552 5.2.2 canary", verify.ErrInvalidRecipient, "552 5.2.2", "no such mailbox"},
		"no relay":                       {"RCPT", "550 5.7.1 canary", verify.ErrRejected, "550 5.7.1", "policy"},
		"a policy, in short":             {"RCPT", "554 canary", verify.ErrRejected, "554", "policy"},
		"a bad sender, said late":        {"RCPT", "550 5.1.8 canary", verify.ErrUnauthorized, "550 5.1.8", "address in From"},
		"credentials wanted, said late":  {"RCPT", "530 5.7.0 canary", verify.ErrUnauthorized, "530 5.7.0", "credentials"},
		"greylisted":                     {"RCPT", "450 4.2.0 canary", verify.ErrInvalidRecipient, "450 4.2.0", "takes no mail now"},
		"greylisted by a policy":         {"RCPT", "451 4.7.1 canary", verify.ErrInvalidRecipient, "451 4.7.1", "takes no mail now"},
		"greylisted, in short":           {"RCPT", "450 canary", verify.ErrInvalidRecipient, "450", "takes no mail now"},
		"its own server says later":      {"RCPT", "450 4.1.1 canary", verify.ErrInvalidRecipient, "450 4.1.1", "takes no mail now"},
		"a full mailbox, for now":        {"RCPT", "452 4.2.2 canary", verify.ErrInvalidRecipient, "452 4.2.2", "takes no mail now"},
		"too many recipients":            {"RCPT", "452 4.5.3 canary", verify.ErrInvalidRecipient, "452 4.5.3", "takes no mail now"},
		"trouble of the server's own":    {"RCPT", "451 4.3.0 canary", verify.ErrUnavailable, "451 4.3.0", "come back later"},
		"closed in between":              {"RCPT", "421 4.7.0 canary", verify.ErrUnavailable, "421 4.7.0", "come back later"},
		"a sender DNS does not know":     {"RCPT", "450 4.1.8 canary", verify.ErrUnavailable, "450 4.1.8", "come back later"},
		"a greeting without a domain":    {"RCPT", "504 5.5.2 canary", verify.ErrRejected, "504 5.5.2", "Hello"},
		"the same, in short":             {"RCPT", "504 canary", verify.ErrRejected, "504", "Hello"},
		"the same, for now":              {"RCPT", "450 4.5.2 canary", verify.ErrRejected, "450 4.5.2", "Hello"},
		"the same, said to the sender":   {"MAIL", "504 5.5.2 canary", verify.ErrUnauthorized, "504 5.5.2", "Hello"},
		"a full mailbox, said late":      {"content", "552 5.2.2 canary", verify.ErrInvalidRecipient, "552 5.2.2", "no such mailbox"},
		"what is no enhanced code":       {"RCPT", "550 5.1.1234 canary", verify.ErrInvalidRecipient, "550", "no such mailbox"},
		"a code of another class":        {"RCPT", "550 2.1.5 canary", verify.ErrInvalidRecipient, "550", "no such mailbox"},
		"no mail today":                  {"DATA", "451 4.3.0 canary", verify.ErrUnavailable, "451 4.3.0", "come back later"},
		"no mail at all":                 {"DATA", "554 5.5.1 canary", verify.ErrRejected, "554 5.5.1", "refused this mail"},
		"an answer out of place":         {"DATA", "250 canary", verify.ErrUnavailable, "", "does not speak SMTP"},
		"taken for spam":                 {"content", "550 5.7.1 canary", verify.ErrRejected, "550 5.7.1", "refused this mail"},
		"not now":                        {"content", "451 4.7.1 canary", verify.ErrUnavailable, "451 4.7.1", "come back later"},
		"nonsense after the text":        {"content", "canary", verify.ErrOutcomeUnknown, "", "may arrive"},
		"another yes after the text":     {"content", "251 canary", verify.ErrOutcomeUnknown, "", "may arrive"},
		"a question after the text":      {"content", "354 canary", verify.ErrOutcomeUnknown, "", "may arrive"},
		"a number that means nothing":    {"content", "650 canary", verify.ErrOutcomeUnknown, "", "may arrive"},
		"a multi-line no after the text": {"content", "554-5.7.1 canary\r\n554 5.7.1 canary", verify.ErrRejected, "554 5.7.1", "refused this mail"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, says(tc.stage, tc.reply), offering("AUTH PLAIN"))
			e := deliverError(t, t.Context(), s.messenger(t, withLogin))
			assert.Equal(t, tc.want, e.Outcome)
			assert.Equal(t, tc.code, e.VendorCode)
			assert.Contains(t, e.Detail, tc.detail)
			assert.Equal(t, 1, e.Requests)
			assert.Equal(t, "0123456789abcdef0123456789abcdef@example.com", e.RequestID)
			if tc.stage != "content" {
				assert.Empty(t, s.mails(), "surely nothing was sent")
			}
		})
	}
}

// A server that refuses the greeting at once does so to EHLO and to HELO.
func TestAGreetingThatIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"501 5.5.4 canary", "504 canary", "550 5.5.2 canary"} {
		s := serve(t, says("EHLO", reply), says("HELO", reply))
		e := deliverError(t, t.Context(), s.messenger(t))
		assert.Equal(t, verify.ErrUnauthorized, e.Outcome)
		assert.Contains(t, e.Detail, "Hello")
	}
}

// Without a reply it depends on one thing only: had the text begun to leave.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	stages := map[string]verify.Outcome{
		"connect": verify.ErrUnavailable, "EHLO": verify.ErrUnavailable, "STARTTLS": verify.ErrUnavailable,
		"AUTH": verify.ErrUnavailable, "MAIL": verify.ErrUnavailable, "RCPT": verify.ErrUnavailable,
		"DATA": verify.ErrUnavailable, "content": verify.ErrOutcomeUnknown,
	}
	for stage, want := range stages {
		for _, fault := range []string{hangUp, keepMum, babble} {
			t.Run(stage+", "+fault, func(t *testing.T) {
				t.Parallel()
				var s *server
				var e *verify.Error
				var begun time.Time
				var reached atomic.Bool
				for patience := 300 * time.Millisecond; !reached.Load(); patience *= 4 { // a busy machine is late
					require.Less(t, patience, time.Minute, "the client never comes to this stage")
					s = serve(t, says(stage, fault), offering("AUTH PLAIN", "STARTTLS"), func(s *server) {
						s.reached = map[string]func(){stage: func() { reached.Store(true) }}
					})
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					if fault != keepMum {
						ctx = t.Context()
					}
					begun = time.Now().Add(patience)
					e = deliverError(t, ctx, s.messenger(t, withLogin, with(email.StartTLS)))
				}
				assert.Equal(t, want, e.Outcome)
				assert.Empty(t, e.VendorCode)
				if fault == keepMum {
					assert.ErrorIs(t, e, context.DeadlineExceeded)
				}
				assert.Less(t, time.Since(begun), 5*time.Second)
				if stage == "content" {
					assert.Len(t, s.mails(), 1)
				} else {
					assert.Empty(t, s.mails())
				}
			})
		}
	}
}

func TestCallersWhoGiveUp(t *testing.T) {
	t.Parallel()
	for stage, want := range map[string]verify.Outcome{"RCPT": verify.ErrUnavailable, "content": verify.ErrOutcomeUnknown} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			s := serve(t, says(stage, keepMum), func(s *server) { s.reached = map[string]func(){stage: cancel} })
			begun := time.Now()
			e := deliverError(t, ctx, s.messenger(t))
			assert.Equal(t, want, e.Outcome)
			assert.ErrorIs(t, e, context.Canceled)
			assert.Less(t, time.Since(begun), 2*time.Second)
		})
	}
	t.Run("before it began", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := serve(t)
		e := deliverError(t, ctx, s.messenger(t))
		assert.Equal(t, verify.ErrUnavailable, e.Outcome)
		assert.ErrorIs(t, e, context.Canceled)
		assert.Zero(t, e.Requests)
		assert.Empty(t, s.lines())
	})
}

// What comes after the yes changes nothing.
func TestAcceptedIsAccepted(t *testing.T) {
	t.Parallel()
	for _, farewell := range []string{hangUp, keepMum, "421 canary", "canary"} {
		t.Run(farewell, func(t *testing.T) {
			t.Parallel()
			s := serve(t, says("QUIT", farewell))
			begun := time.Now()
			id, err := s.messenger(t).Deliver(t.Context(), aMessage())
			require.NoError(t, err)
			assert.NotEmpty(t, id)
			assert.Less(t, time.Since(begun), 5*time.Second)
		})
	}
}

func TestServersThatAreNotThere(t *testing.T) {
	t.Parallel()
	_, closed, err := net.SplitHostPort(ports.Closed(t))
	require.NoError(t, err)
	port, err := strconv.Atoi(closed)
	require.NoError(t, err)
	tests := map[string]func(*email.Config){
		"nobody listens":         func(cfg *email.Config) { cfg.Port = port },
		"a name that is nowhere": func(cfg *email.Config) { cfg.Host, cfg.Port = "canary.invalid", 1 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := email.Config{Host: "127.0.0.1", From: "login@example.com"}
			change(&cfg)
			c, err := email.New(cfg)
			require.NoError(t, err)
			e := deliverError(t, t.Context(), c)
			assert.Equal(t, verify.ErrUnavailable, e.Outcome)
			assert.Contains(t, e.Detail, "cannot be reached")
		})
	}
}

// A server that floods us ends with its connection, not with our memory.
func TestFloods(t *testing.T) {
	t.Parallel()
	s := serve(t, says("MAIL", strings.Repeat("250-canary\r\n", 100_000)))
	e := deliverError(t, t.Context(), s.messenger(t))
	assert.Equal(t, verify.ErrUnavailable, e.Outcome)
}
