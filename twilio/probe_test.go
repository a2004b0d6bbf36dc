package twilio_test

import (
	"context"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const thirdSID = "VA22222222222222222222222222222222"

// probed returns what Probe says of a Config, at an account with three Services:
// of 6 digits, of 8 with PSD2, and of 4.
func probed(t *testing.T, change func(*twilio.Config), faults ...twiliotest.Fault) (*verify.Error, *twiliotest.Server) {
	srv := twiliotest.NewServer(t, twiliotest.Options{Services: []twiliotest.Service{
		{SID: twiliotest.ServiceSID}, {SID: otherSID, CodeLength: 8, PSD2: true}, {SID: thirdSID, CodeLength: 4},
	}})
	srv.Fail(faults...)
	cfg := valid()
	cfg.BaseURL = srv.URL
	change(&cfg)
	client, err := twilio.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	prober, ok := verify.As[verify.Prober](client)
	require.True(t, ok)
	if err = prober.Probe(t.Context()); err == nil {
		return nil, srv
	}
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "probe", e.Op)
	return e, srv
}

func TestProbe(t *testing.T) {
	t.Parallel()
	scopes := func(s map[string]twilio.Service) func(*twilio.Config) {
		return func(c *twilio.Config) { c.Scopes = s }
	}
	for name, tc := range map[string]struct {
		change func(*twilio.Config)
		detail string
		kind   verify.Outcome
	}{
		"all is well":        {scopes(map[string]twilio.Service{"pay": {SID: otherSID, CodeLength: 8, PSD2: true}, "short": {SID: thirdSID, CodeLength: 4}}), "", ""},
		"another length":     {scopes(map[string]twilio.Service{"short": {SID: thirdSID}}), "the Service of scope short sends 4 digits, not 6: set its CodeLength to 4", verify.ErrRejected},
		"PSD2 is not said":   {scopes(map[string]twilio.Service{"pay": {SID: otherSID, CodeLength: 8}}), "the Service of scope pay has PSD2: set its PSD2", verify.ErrRejected},
		"PSD2 is not set up": {func(c *twilio.Config) { c.Service.PSD2 = true }, "the Service of the empty scope has no PSD2: have it switched on, or leave PSD2 out", verify.ErrRejected},
		"no such Service":    {func(c *twilio.Config) { c.Service.SID = "VA33333333333333333333333333333333" }, "the Service of the empty scope was not found: check its SID and the region", verify.ErrRejected},
		"more than one": {scopes(map[string]twilio.Service{"pay": {SID: otherSID}, "short": {SID: thirdSID}}),
			"the Service of scope pay sends 8 digits, not 6: set its CodeLength to 8; the Service of scope pay has PSD2: set its PSD2; " +
				"the Service of scope short sends 4 digits, not 6: set its CodeLength to 4", verify.ErrRejected},
		"a wrong token": {func(c *twilio.Config) { c.AuthToken = "placeholder" }, "the credentials are wrong, or of another region", verify.ErrUnauthorized},
		"an API key": {func(c *twilio.Config) {
			c.AuthToken, c.APIKeySID, c.APIKeySecret = "", twiliotest.APIKeySID, twiliotest.APIKeySecret
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, srv := probed(t, tc.change)
			assert.Zero(t, srv.Effects())
			if tc.kind == "" {
				assert.Nil(t, e)
				return
			}
			require.NotNil(t, e)
			assert.Equal(t, tc.kind, e.Outcome)
			assert.Equal(t, tc.detail, e.Detail)
		})
	}
}

// A Probe that cannot be believed finds neither good nor bad.
func TestProbeTrustsNoStrangeAnswer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no code length":        `{"sid":"` + twiliotest.ServiceSID + `"}`,
		"a length of words":     `{"sid":"` + twiliotest.ServiceSID + `","code_length":"six"}`,
		"a length of no code":   `{"sid":"` + twiliotest.ServiceSID + `","code_length":60}`,
		"of another Service":    `{"sid":"` + otherSID + `","code_length":6}`,
		"of no Service":         `{"code_length":6}`,
		"a page in place of it": `<html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := probed(t, func(*twilio.Config) {}, twiliotest.Fault{On: "service", Status: 200, Body: body})
			require.NotNil(t, e)
			assert.Equal(t, verify.ErrOutcomeUnknown, e.Outcome)
		})
	}
	e, _ := probed(t, func(*twilio.Config) {}, twiliotest.Fault{On: "service", Status: 200, Body: `{"sid":"` + twiliotest.ServiceSID + `","code_length":6,"psd2_enabled":null}`})
	assert.Nil(t, e, "nothing is said of PSD2")
}

func TestProbeTriesAgainAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	e, srv := probed(t, func(*twilio.Config) {}, twiliotest.Fault{On: "service", Status: 503})
	assert.Nil(t, e)
	assert.Equal(t, 2, srv.Requests())

	client, srv := emulated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := client.Probe(ctx)
	assert.ErrorIs(t, err, verify.ErrUnavailable)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, srv.Requests())
}

func TestDocumentedAnswersToAProbe(t *testing.T) {
	t.Parallel()
	probe := func(file string, digits int) error {
		cfg := valid()
		cfg.Service.CodeLength, cfg.HTTPClient = digits, fixture.New(t, file).Client()
		client, err := twilio.New(cfg)
		require.NoError(t, err)
		return client.Probe(t.Context())
	}
	require.NoError(t, probe("testdata/services_200.json", 4))
	require.ErrorContains(t, probe("testdata/services_200.json", 6), "sends 4 digits, not 6")
	require.ErrorContains(t, probe("testdata/services_404_20404.json", 6), "was not found")
}
