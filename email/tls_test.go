package email_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	t.Run("asked for by STARTTLS", func(t *testing.T) {
		t.Parallel()
		s := serve(t, offering("STARTTLS", "AUTH PLAIN"))
		_, err := s.messenger(t, withLogin, with(email.StartTLS)).Deliver(t.Context(), aMessage())
		require.NoError(t, err)
		assert.Equal(t, []string{"EHLO app.example.com", "STARTTLS"}, s.clear())
		assert.Len(t, s.mails(), 1)
	})
	t.Run("from the first byte", func(t *testing.T) {
		t.Parallel()
		s := serve(t, offering("AUTH PLAIN"), func(s *server) { s.wrap = true })
		_, err := s.messenger(t, withLogin, with(email.Implicit)).Deliver(t.Context(), aMessage())
		require.NoError(t, err)
		assert.Empty(t, s.clear())
		assert.Len(t, s.mails(), 1)
	})
}

func TestNoTLSNoMail(t *testing.T) {
	t.Parallel()
	stranger := func(cfg *email.Config) { cfg.RootCAs = nil }
	tests := map[string]struct {
		script   func(*server)
		security email.Security
		change   func(*email.Config)
		want     string
	}{
		"not offered":           {offering(), email.StartTLS, nil, "offers no STARTTLS"},
		"offered and refused":   {upgrading("454 4.7.0 not now"), email.StartTLS, nil, "come back later"},
		"offered and forgotten": {upgrading("220 go ahead"), email.StartTLS, nil, "agree on no TLS"},
		"a stranger, STARTTLS":  {offering("STARTTLS"), email.StartTLS, stranger, "certificate is not trusted"},
		"a stranger, implicit":  {func(s *server) { s.wrap = true }, email.Implicit, stranger, "certificate is not trusted"},
		"another's name":        {func(s *server) { s.wrap, s.host = true, "localhost" }, email.Implicit, nil, "certificate is not trusted"},
		"an old version": {func(s *server) {
			s.wrap, s.secure.MinVersion, s.secure.MaxVersion = true, tls.VersionTLS10, tls.VersionTLS11
		}, email.Implicit, nil, "agree on no TLS"},
		"implicit meets no TLS":  {offering(), email.Implicit, nil, "agree on no TLS"},
		"no answer to the hello": {says("EHLO", "502 no"), email.StartTLS, nil, "offers no STARTTLS"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, offering("AUTH PLAIN LOGIN"), tc.script)
			e := deliverError(t, t.Context(), s.messenger(t, withLogin, with(tc.security), func(cfg *email.Config) {
				if tc.change != nil {
					tc.change(cfg)
				}
			}))
			assert.Equal(t, verify.ErrUnavailable, e.Outcome)
			assert.Contains(t, e.Detail, tc.want)
			assert.NotContains(t, s.lines(), "AUTH PLAIN", "a password goes to nobody else")
			assert.NotContains(t, s.lines(), "AUTH LOGIN")
			assert.Empty(t, s.mails())
		})
	}
}

// upgrading answers STARTTLS, and then goes on in the clear.
func upgrading(reply string) func(*server) {
	return func(s *server) {
		s.offers, s.replies["STARTTLS"] = append(s.offers, "STARTTLS"), reply
	}
}

func TestMechanisms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ offered, used string }{
		"plain":            {"AUTH LOGIN PLAIN", "AUTH PLAIN"},
		"login":            {"AUTH LOGIN", "AUTH LOGIN"},
		"in small letters": {"AUTH plain", "AUTH PLAIN"},
		"SCRAM":            {"AUTH CRAM-MD5 SCRAM-SHA-256", "AUTH SCRAM-SHA-256"},
		"CRAM":             {"AUTH CRAM-MD5", "AUTH CRAM-MD5"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, offering("STARTTLS", tc.offered))
			_, _ = s.messenger(t, withLogin, with(email.StartTLS)).Deliver(t.Context(), aMessage())
			assert.Contains(t, s.lines(), tc.used)
			assert.NotContains(t, s.clear(), tc.used)
		})
	}
	t.Run("none we know", func(t *testing.T) {
		t.Parallel()
		for _, offered := range []string{"AUTH GSSAPI", "SIZE"} {
			s := serve(t, offering(offered))
			e := deliverError(t, t.Context(), s.messenger(t, withLogin))
			assert.Equal(t, verify.ErrUnauthorized, e.Outcome)
			assert.Contains(t, e.Detail, "offers none of")
			assert.Empty(t, s.mails())
		}
	})
}
