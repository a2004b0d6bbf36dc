package authy_test

import (
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		key   string
		fault authytest.Fault
		want  verify.Outcome
		says  string
	}{
		"a good key":          {key: authytest.APIKey},
		"another key":         {key: "placeholder", want: verify.ErrUnauthorized, says: "the API key is wrong"},
		"a suspended account": {key: authytest.APIKey, fault: authytest.Refusal(400, 60008), want: verify.ErrUnauthorized, says: "the account is suspended"},
		"no success":          {key: authytest.APIKey, fault: authytest.Fault{Status: 200, Body: `{"success":false}`}, want: verify.ErrRejected, says: "gave no reason"},
		"neither yes nor no":  {key: authytest.APIKey, fault: authytest.Fault{Status: 200, Body: `{"success":"maybe"}`}, want: verify.ErrOutcomeUnknown, says: "neither true nor false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authytest.NewServer(t)
			if tc.fault.Status != 0 {
				tc.fault.On, tc.fault.Times = "app details", -1
				srv.Fail(tc.fault)
			}
			cfg := authy.Config{APIKey: tc.key, BaseURL: srv.URL}
			users, err := authy.NewUsers(cfg)
			require.NoError(t, err)
			phone, err := authy.NewPhone(cfg)
			require.NoError(t, err)
			for _, p := range []verify.Prober{users, phone} {
				err := p.Probe(t.Context())
				assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
				if tc.want != "" {
					assert.ErrorContains(t, err, "authy: probe: ")
					assert.ErrorContains(t, err, tc.says)
				}
			}
			assert.Zero(t, srv.Effects())
			assert.NoError(t, users.Close())
			assert.NoError(t, phone.Close())
		})
	}
}

func TestDocumentedAnswerToAProbe(t *testing.T) {
	t.Parallel()
	transport := fixture.New(t, "testdata/app_details_200.json")
	transport.Credential = "X-Authy-API-Key"
	require.NoError(t, replayedPhone(t, transport).Probe(t.Context()))
}
