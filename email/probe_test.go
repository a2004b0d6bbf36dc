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
	assert.Equal(t, []string{
		"EHLO app.example.com", "AUTH PLAIN", "MAIL FROM:<login@example.com> BODY=8BITMIME", "RCPT TO:<login@example.com>", "RSET", "QUIT",
	}, s.lines())
}

// TestNobodyNeedReadWhatComesToFrom: a mailbox that is not there is no fault of
// the server.
func TestNobodyNeedReadWhatComesToFrom(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"550 5.1.1 canary", "450 4.2.0 canary", "550 canary"} {
		s := serve(t, says("RCPT", reply))
		require.NoError(t, s.messenger(t).Probe(t.Context()), reply)
		assert.Contains(t, s.lines(), "RSET")
	}
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
		"wrong credentials":       {"AUTH", "535 5.7.8 canary", withLogin, verify.ErrUnauthorized, "credentials"},
		"a greeting it refuses":   {"RCPT", "504 5.5.2 canary", withLogin, verify.ErrRejected, "Hello"},
		"no relay":                {"RCPT", "554 5.7.1 canary", withLogin, verify.ErrRejected, "policy"},
		"a bad end":               {"RSET", "421 4.3.0 canary", withLogin, verify.ErrUnavailable, "come back later"},
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
