package email_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/otp"
)

var sixDigits = regexp.MustCompile(`\d{6}`)

func TestWithAnEngine(t *testing.T) {
	t.Parallel()
	s := serve(t, offering("STARTTLS", "AUTH PLAIN LOGIN"))
	engine, err := otp.New(otp.Config{
		Messenger: s.messenger(t, withLogin, with(email.StartTLS)), Store: new(otp.MemoryStore),
		Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}, Product: "Acme",
	})
	require.NoError(t, err)
	assert.Equal(t, []verify.Channel{verify.ChannelEmail}, engine.Capabilities().Channels)

	receipt, err := engine.Send(t.Context(), "a@example.com", verify.WithScope("login"), verify.WithLocale("de"))
	require.NoError(t, err)
	assert.Equal(t, "smtp", receipt.Vendor)
	assert.Equal(t, verify.ChannelEmail, receipt.Channel)
	header, text := read(t, s)
	assert.Equal(t, "<"+receipt.ID+">", header.Get("Message-Id"))
	assert.Equal(t, "Ihr Code", header.Get("Subject"))
	code := sixDigits.FindString(text)
	require.NoError(t, engine.Check(t.Context(), "A@example.com", code, verify.WithScope("login")))
	require.ErrorIs(t, engine.Check(t.Context(), "a@example.com", code, verify.WithScope("login")), verify.ErrNotPending)

	_, err = engine.Send(t.Context(), "+15005550006")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
}

// A mail that surely was not sent costs no send; one that may arrive keeps its
// code good.
func TestWithAnEngineThatFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script func(*server)
		want   verify.Outcome
		next   verify.Outcome // of a send right after it
	}{
		"surely not sent": {says("RCPT", "451 4.3.0 later"), verify.ErrUnavailable, verify.ErrUnavailable},
		// The recipient's server must not make this one ask without end.
		"not taken by the recipient's server": {says("RCPT", "450 4.1.1 later"), verify.ErrInvalidRecipient, verify.ErrTooManySends},
		"nobody knows":                        {says("content", hangUp), verify.ErrOutcomeUnknown, verify.ErrTooManySends},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tc.script)
			engine, err := otp.New(otp.Config{
				Messenger: s.messenger(t), Store: new(otp.MemoryStore), Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")},
			})
			require.NoError(t, err)
			_, err = engine.Send(t.Context(), "a@example.com")
			require.ErrorIs(t, err, tc.want)
			_, err = engine.Send(t.Context(), "a@example.com")
			require.ErrorIs(t, err, tc.next)
			for _, m := range s.mails() {
				require.NoError(t, engine.Check(t.Context(), "a@example.com", sixDigits.FindString(m[strings.Index(m, "\r\n\r\n"):])))
			}
		})
	}
}
