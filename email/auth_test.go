package email_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
)

// giving is a source that gives one token after the other.
func giving(asked *int, tokens ...string) func(*email.Config) {
	return func(cfg *email.Config) {
		cfg.Username = "app@example.com"
		cfg.Token = func(context.Context) (string, error) {
			*asked++
			return tokens[min(*asked, len(tokens))-1], nil
		}
	}
}

func TestATokenIsAskedForEachConnection(t *testing.T) {
	t.Parallel()
	for offer, want := range map[string]string{
		"AUTH XOAUTH2":                       "user=app@example.com\x01auth=Bearer good\x01\x01",
		"AUTH OAUTHBEARER":                   "n,a=app@example.com,\x01auth=Bearer good\x01\x01",
		"AUTH PLAIN LOGIN XOAUTH2":           "user=app@example.com\x01auth=Bearer good\x01\x01",
		"AUTH LOGIN xoauth2 oauthbearer foo": "n,a=app@example.com,\x01auth=Bearer good\x01\x01",
	} {
		t.Run(offer, func(t *testing.T) {
			t.Parallel()
			asked := 0
			s := serve(t, offering(offer, "STARTTLS"))
			c := s.messenger(t, giving(&asked, "old", "good"), with(email.StartTLS))
			_, err := c.Deliver(t.Context(), aMessage())
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, verify.ErrUnauthorized, e.Outcome)
			assert.Equal(t, "535 5.7.8", e.VendorCode)

			_, err = c.Deliver(t.Context(), aMessage())
			require.NoError(t, err)
			require.NoError(t, c.Probe(t.Context()))
			assert.Equal(t, 3, asked)
			s.mu.Lock()
			defer s.mu.Unlock()
			assert.Equal(t, []string{strings.Replace(want, "good", "old", 1), want, want}, s.tokens)
			assert.Len(t, s.contents, 1)
		})
	}
}

func TestTokensThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		offer, token string
		err          error
		detail       string
		asked        int
	}{
		"a source that fails":     {"AUTH XOAUTH2", "", errors.New("s3cret"), "Token gave no token", 1},
		"no token":                {"AUTH XOAUTH2", "", nil, "Token gave no token", 1},
		"a token of two lines":    {"AUTH OAUTHBEARER", "s3cret\r\nRSET", nil, "Token gave no token", 1},
		"a token with an end":     {"AUTH OAUTHBEARER", "s3cret\x01", nil, "Token gave no token", 1},
		"a token without end":     {"AUTH XOAUTH2", strings.Repeat("x", 9<<10), nil, "Token gave no token", 1},
		"passwords only":          {"AUTH PLAIN LOGIN", "good", nil, "OAUTHBEARER and XOAUTH2", 0},
		"a server that asks none": {"SIZE", "good", nil, "OAUTHBEARER and XOAUTH2", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			s := serve(t, offering(tc.offer))
			c := s.messenger(t, func(cfg *email.Config) {
				cfg.Username = "app"
				cfg.Token = func(context.Context) (string, error) {
					asked++
					return tc.token, tc.err
				}
			})
			e := deliverError(t, t.Context(), c)
			assert.Equal(t, verify.ErrUnauthorized, e.Outcome)
			assert.Contains(t, e.Detail, tc.detail)
			assert.Equal(t, tc.asked, asked)
			assert.NotContains(t, s.lines(), "MAIL")
		})
	}
}

func TestASourceThatWaitsForItsCaller(t *testing.T) {
	t.Parallel()
	s := serve(t, offering("AUTH XOAUTH2"))
	ctx, cancel := context.WithCancel(t.Context())
	c := s.messenger(t, func(cfg *email.Config) {
		cfg.Username = "app"
		cfg.Token = func(ctx context.Context) (string, error) {
			cancel()
			<-ctx.Done()
			return "", ctx.Err()
		}
	})
	assert.Equal(t, verify.ErrUnavailable, deliverError(t, ctx, c).Outcome)
}

// A Messenger that New did not make refuses its calls.
func TestAMessengerThatNewDidNotMake(t *testing.T) {
	t.Parallel()
	c := new(email.Messenger)
	e := deliverError(t, t.Context(), c)
	assert.Equal(t, verify.ErrUnsupported, e.Outcome)
	require.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported)
	assert.Equal(t, "smtp", c.Capabilities().Vendor)
}
