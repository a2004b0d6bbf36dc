package bandwidth_test

import (
	"context"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*bandwidth.Config)
		fault  bandwidthtest.Fault
		want   verify.Outcome
		says   string
	}{
		"an API credential":  {func(*bandwidth.Config) {}, bandwidthtest.Fault{}, "", ""},
		"a wrong secret":     {func(c *bandwidth.Config) { c.ClientSecret = "placeholder" }, bandwidthtest.Fault{}, verify.ErrUnauthorized, "check ClientID, ClientSecret and TokenURL"},
		"another account":    {func(c *bandwidth.Config) { c.AccountID = "1" }, bandwidthtest.Fault{}, verify.ErrUnauthorized, "the credentials are wrong"},
		"MFA is not active":  {func(*bandwidth.Config) {}, on("check", bandwidthtest.Refusal(403)), verify.ErrUnauthorized, "MFA is not active"},
		"throttled":          {func(*bandwidth.Config) {}, on("check", bandwidthtest.Refusal(429)), verify.ErrRateLimited, ""},
		"a proxy in between": {func(*bandwidth.Config) {}, bandwidthtest.Fault{On: "check", Status: 400, Body: "<html>"}, verify.ErrOutcomeUnknown, "is a proxy in between?"},
		"somebody else":      {func(*bandwidth.Config) {}, bandwidthtest.Fault{On: "check", Status: 200, Body: `{"valid":true}`}, verify.ErrOutcomeUnknown, "check BaseURL"},
		"no token to read":   {func(*bandwidth.Config) {}, bandwidthtest.Fault{On: "token", Status: 200, Body: `{}`}, verify.ErrOutcomeUnknown, "a field of the answer is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulated(t, tc.change)
			if tc.fault.Status != 0 {
				tc.fault.Times = -1
				srv.Fail(tc.fault)
			}
			prober, ok := verify.As[verify.Prober](client)
			require.True(t, ok)
			err := prober.Probe(t.Context())
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Zero(t, srv.Effects())
			if err != nil {
				assert.ErrorContains(t, err, "bandwidth: probe: ")
				assert.ErrorContains(t, err, tc.says)
			}
		})
	}
}

func on(operation string, f bandwidthtest.Fault) bandwidthtest.Fault {
	f.On = operation
	return f
}

// A token in hand proves nothing of credentials that were taken back since.
func TestProbeAsksForANewToken(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, client.Probe(t.Context()))
	assert.Equal(t, 2, srv.Tokens())

	srv.Fail(on("token", bandwidthtest.Refusal(401)))
	assert.ErrorIs(t, client.Probe(t.Context()), verify.ErrUnauthorized)
	_, err = client.Send(t.Context(), phone)
	assert.NoError(t, err, "the token that works is kept")
	assert.Equal(t, 2, srv.Tokens())
}

// A Probe spends no guess: the number's five stay.
func TestProbeIsNobodysGuess(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	for range 7 {
		require.NoError(t, client.Probe(t.Context()))
	}
	assert.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")))
}

func TestProbeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	srv.Fail(bandwidthtest.Fault{On: "token", Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.Error(t, client.Probe(ctx))
	assert.Less(t, time.Since(began), 3*time.Second, "and not with the 5 s of a token for all")
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]verify.Outcome{"probe_400": "", "probe_403": verify.ErrUnauthorized} {
		cfg := valid()
		cfg.AccountID, cfg.BaseURL = "9900000", ""
		cfg.HTTPClient = fixture.New(t, "testdata/token_200.json", "testdata/"+file+".json").Client()
		client, err := bandwidth.New(cfg)
		require.NoError(t, err)
		assert.Equal(t, want, verify.OutcomeOf(client.Probe(t.Context())), file)
	}
}
