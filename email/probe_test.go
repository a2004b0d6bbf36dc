package email_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
)

func TestProbeSendsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, offering("AUTH PLAIN"))
	require.NoError(t, s.messenger(t, withLogin).Probe(t.Context()))
	assert.Empty(t, s.mails())
	lines := s.lines()
	assert.Equal(t, "MAIL FROM:<login@example.com> BODY=8BITMIME", lines[len(lines)-2])
	assert.Equal(t, "QUIT", lines[len(lines)-1])
}

func TestProbeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stage, reply string
		change       func(*email.Config)
		want         verify.Outcome
		detail       string
	}{
		"no server":               {"connect", hangUp, withLogin, verify.ErrUnavailable, "cannot be reached"},
		"wrong credentials":       {"AUTH", "535 5.7.8 canary", withLogin, verify.ErrUnauthorized, "Username and Password"},
		"another's address":       {"MAIL", "553 5.7.1 canary", withLogin, verify.ErrUnauthorized, "address in From"},
		"no TLS where it must be": {"", "", with(email.StartTLS), verify.ErrUnavailable, "no STARTTLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, says(tc.stage, tc.reply), offering("AUTH PLAIN"))
			var e *verify.Error
			require.ErrorAs(t, s.messenger(t, tc.change).Probe(t.Context()), &e)
			assert.Equal(t, "probe", e.Op)
			assert.Equal(t, tc.want, e.Outcome)
			assert.Contains(t, e.Detail, tc.detail)
			assert.NotContains(t, e.Error(), "canary")
		})
	}
}
