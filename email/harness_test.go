package email_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/otp"
)

func (s *server) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.contents...)
}

func (s *server) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

func (s *server) clear() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.inClear...)
}

// config is for this server, without TLS.
func (s *server) config() email.Config {
	return email.Config{Host: s.host, Port: s.port, From: "Acme <login@example.com>", Hello: "app.example.com", RootCAs: s.roots}
}

func (s *server) messenger(t testing.TB, change ...func(*email.Config)) *email.Messenger {
	t.Helper()
	cfg := s.config()
	for _, f := range change {
		f(&cfg)
	}
	c, err := email.New(cfg)
	require.NoError(t, err)
	return c
}

func withLogin(cfg *email.Config) { cfg.Username, cfg.Password = "app", "s3cret" }

func with(security email.Security) func(*email.Config) {
	return func(cfg *email.Config) { cfg.Security = security }
}

// aMessage is what an engine hands over.
func aMessage() otp.Message {
	return otp.Message{
		To: "a@example.com", Channel: verify.ChannelEmail,
		Text: "Acme: 123456 is your code. Never share it.", Ref: "0123456789abcdef0123456789abcdef",
	}
}
