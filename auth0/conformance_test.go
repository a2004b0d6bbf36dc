package auth0

import (
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/auth0/auth0test"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, connections := range map[string][]string{"both": nil, "email": {"email"}} {
		t.Run(name, func(t *testing.T) {
			verifytest.Run(t, func(t *testing.T) verifytest.Target {
				srv := auth0test.NewServer(t)
				client, err := New(Config{
					BaseURL: srv.URL, Domain: auth0test.Domain, ClientID: auth0test.ClientID, ClientSecret: auth0test.ClientSecret,
					Connections: connections, CodeLength: 6,
				})
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, client.Close()) })
				return verifytest.Target{
					Verifier: client, Advance: srv.Advance, Effects: srv.Effects,
					Code:    func(to, _ string) string { return srv.Code(to) },
					Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
					Secrets: []string{auth0test.ClientSecret, "emulated."},
					Vague:   true,
				}
			})
		})
	}
}

// faults are what Auth0 shows for each. It has no limit of a recipient's sends, and a
// token names nobody.
var faults = map[verifytest.Fault]auth0test.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, "too_many_requests", "", nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, "too_many_requests", "", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultBlocked:              refusal("send", 400, "sms_provider_error", "placeholder (Code: 21408)", nil),
	verifytest.FaultRefusedRecipient:     refusal("send", 400, "bad.phone_number", "", nil),
	verifytest.FaultBadCredentials:       refusal("send", 401, "access_denied", "Unauthorized", nil),
	verifytest.FaultServerError:          {On: "send", Status: 500, Effect: true, Body: `{"error":"server_error"}`},
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: auth0test.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: auth0test.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "too_many_requests", "", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManyAttempts:           refusal("check", 403, "invalid_grant", "You've reached the maximum number of attempts. Please try to login again.", nil),
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "access_denied", "Unauthorized", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "server_error", "", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: auth0test.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: auth0test.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: auth0test.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
}

func refusal(on string, status int, code, text string, header http.Header) auth0test.Fault {
	f := auth0test.Refusal(status, code, text)
	f.On, f.Header = on, header
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"start_200"},
	"send_hints":                    {"start_200_hints"},
	"send_unreachable":              {"start_refused", "start_refused", "start_refused"},
	"send_rate_limited":             {"start_429", "start_429", "start_429"},
	"send_rate_limited_for_an_hour": {"start_429_hour"},
	"send_blocked":                  {"start_400_provider_21408"},
	"send_refused_recipient":        {"start_400_phone_number"},
	"send_server_error":             {"start_500"},
	"send_bad_gateway":              {"start_502_html"},
	"send_reply_lost":               {"start_reply_lost"},
	"send_timeout":                  {"start_hang"},
	"send_truncated":                {"start_200_truncated"},
	"send_unknown_body":             {"start_200_empty"},
	"send_redirected":               {"start_307"},
	"bad_credentials":               {"start_401"},

	"check_right":                    {"start_200", "token_200_bare"},
	"check_wrong":                    {"start_200", "token_403_wrong"},
	"check_wrong_then_right":         {"start_200", "token_403_wrong", "token_200_bare"},
	"check_twice":                    {"start_200", "token_200_bare", "token_403_gone"},
	"check_finished":                 {"start_200", "token_200_bare", "token_403_wrong"},
	"check_never_sent":               {"token_403_gone"},
	"check_other_recipient":          {"start_200", "token_403_gone_other", "token_200_bare"},
	"check_expired":                  {"start_200", "token_403_expired"},
	"check_unreachable":              {"start_200", "token_refused", "token_refused", "token_refused"},
	"check_rate_limited_for_an_hour": {"start_200", "token_429_hour"},
	"check_too_many_attempts":        {"start_200", "token_403_too_many"},
	"check_bad_credentials":          {"start_200", "token_401"},
	"check_server_error":             {"start_200", "token_500"},
	"check_reply_lost":               {"start_200", "token_reply_lost"},
	"check_reply_lost_once":          {"start_200", "token_reply_lost"},
	"check_timeout":                  {"start_200", "token_hang"},
	"check_truncated":                {"start_200", "token_200_truncated"},
	"check_unknown_body":             {"start_200", "token_200_empty"},
	"check_not_found":                {"start_200", "token_404_html"},

	"concurrent_sends_and_checks": {
		"start_200", "start_200_other",
		"token_200_bare", "token_403_gone", "token_403_gone", "token_403_gone",
		"token_200_other", "token_403_gone_other", "token_403_gone_other", "token_403_gone_other",
	},
	"errors_match_one_outcome": {"start_200", "token_403_wrong"},
	"privacy":                  {"start_200", "token_403_wrong", "token_200_bare"},

	"capabilities_channel_sms":   {"start_200"},
	"capabilities_channel_email": {"start_200_email"},
	"capabilities_digits_6":      {"start_200"},
}

// silent are the scenarios in which a vendor shows what Auth0 does not: see faults.
// Their sends are healthy.
var silent = map[string][]string{"check_other_subject": {"start_200"}}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		script, played := scripts[scenario]
		if !played {
			script = silent[scenario]
		}
		vendor := recordings(t, script...)
		return verifytest.Target{
			Verifier: over(t, vendor, func(c *Config) { c.CodeLength = 6 }),
			Code:     func(string, string) string { return "123456" },
			Advance:  func(time.Duration) {}, // the recordings know what time it is
			Fault:    func(verifytest.Fault) bool { return played },
			Effects:  func() int { return vendor.Requests(http.MethodPost, "/passwordless/start") },
			Secrets:  []string{"placeholder-secret", "placeholder-access-token"},
			Vague:    true,
		}
	})
}

// recordings returns a transport that plays these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	vendor := fixture.New(t, fixture.Files(names...)...)
	vendor.Credential = "client_"
	return vendor
}

func placeholders(client *http.Client, change ...func(*Config)) Config {
	cfg := Config{
		Domain: "example.eu.auth0.com", ClientID: "placeholder-client", ClientSecret: "placeholder-secret", HTTPClient: client,
	}
	for _, c := range change {
		c(&cfg)
	}
	return cfg
}

func over(t *testing.T, vendor *fixture.Transport, change ...func(*Config)) *Client {
	c, err := New(placeholders(vendor.Client(), change...))
	require.NoError(t, err)
	return c
}
