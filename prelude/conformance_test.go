package prelude

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/prelude/preludetest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		srv := preludetest.NewServer(t)
		client, err := New(Config{APIKey: preludetest.APIKey, BaseURL: srv.URL})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.Target{
			Verifier: client, Advance: srv.Advance, Effects: srv.Effects, Code: srv.Code,
			Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets: []string{preludetest.APIKey},
		}
	})
}

// faults are what Prelude shows for each. It documents no answer to one wrong code too
// many, and names nobody in an answer to a check.
var faults = map[verifytest.Fault]preludetest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, "rate_limited", nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, "rate_limited", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManySends:         {On: "send", Status: 200, Body: `{"id":"vrf_x","status":"blocked","method":"message","reason":"repeated_attempts"}`},
	verifytest.FaultBlocked:              {On: "send", Status: 200, Body: `{"id":"vrf_x","status":"blocked","method":"message","reason":"suspicious"}`},
	verifytest.FaultRefusedRecipient:     refusal("send", 400, "invalid_phone_number", nil),
	verifytest.FaultBadCredentials:       refusal("send", 401, "invalid_bearer_token", nil),
	verifytest.FaultServerError:          effect(refusal("send", 500, "internal", nil)),
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: preludetest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: preludetest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "rate_limited", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "invalid_bearer_token", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "internal", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: preludetest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: preludetest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: preludetest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
}

func refusal(on string, status int, code string, header http.Header) preludetest.Fault {
	f := preludetest.Refusal(status, code)
	f.On, f.Header = on, header
	return f
}

func effect(f preludetest.Fault) preludetest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"create_200"},
	"send_hints":                    {"create_200_hints"},
	"send_unreachable":              {"create_refused", "create_refused", "create_refused"},
	"send_rate_limited":             {"create_429", "create_429", "create_429"},
	"send_rate_limited_for_an_hour": {"create_429_hour"},
	"send_too_many":                 {"create_200_repeated_attempts"},
	"send_blocked":                  {"create_200_suspicious"},
	"send_refused_recipient":        {"create_400_invalid_phone_number"},
	"send_server_error":             {"create_500"},
	"send_bad_gateway":              {"create_502_html"},
	"send_reply_lost":               {"create_reply_lost"},
	"send_timeout":                  {"create_hang"},
	"send_truncated":                {"create_200_truncated"},
	"send_unknown_body":             {"create_200_empty"},
	"send_redirected":               {"create_307"},
	"bad_credentials":               {"create_401_invalid_bearer_token"},

	"check_right":                    {"create_200", "check_200"},
	"check_wrong":                    {"create_200", "check_200_failure"},
	"check_wrong_then_right":         {"create_200", "check_200_failure", "check_200"},
	"check_twice":                    {"create_200", "check_200", "check_200_over"},
	"check_finished":                 {"create_200", "check_200", "check_200_over_next"},
	"check_never_sent":               {"check_200_over"},
	"check_other_recipient":          {"create_200", "check_200_over_other", "check_200"},
	"check_expired":                  {"create_200", "check_200_over"},
	"check_unreachable":              {"create_200", "check_refused", "check_refused"},
	"check_rate_limited_for_an_hour": {"create_200", "check_429_hour"},
	"check_too_many_attempts":        {"create_200"},
	"check_bad_credentials":          {"create_200", "check_401_invalid_bearer_token"},
	"check_server_error":             {"create_200", "check_500", "check_500"},
	"check_reply_lost":               {"create_200", "check_reply_lost", "check_reply_lost"},
	"check_reply_lost_once":          {"create_200", "check_reply_lost", "check_200_over"},
	"check_timeout":                  {"create_200", "check_hang"},
	"check_truncated":                {"create_200", "check_200_truncated", "check_200_truncated"},
	"check_unknown_body":             {"create_200", "check_200_empty"},
	"check_not_found":                {"create_200", "check_404_html"},
	"check_other_subject":            {"create_200"},

	"concurrent_sends_and_checks": {
		"create_200", "create_200_other",
		"check_200", "check_200_over", "check_200_over", "check_200_over",
		"check_200_other", "check_200_over_other", "check_200_over_other", "check_200_over_other",
	},
	"errors_match_one_outcome": {"create_200", "check_200_failure"},
	"privacy":                  {"create_200", "check_200_failure", "check_200"},

	"capabilities_channel_sms":      {"create_200_sms"},
	"capabilities_channel_voice":    {"create_200_voice"},
	"capabilities_channel_whatsapp": {"create_200_whatsapp"},
	"capabilities_channel_telegram": {"create_200_telegram"},
	"capabilities_digits_4":         {"create_200_4_digits"},
	"capabilities_digits_5":         {"create_200_5_digits"},
	"capabilities_digits_6":         {"create_200"},
	"capabilities_digits_7":         {"create_200_7_digits"},
	"capabilities_digits_8":         {"create_200_8_digits"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		script, played := scripts[scenario]
		vendor := recordings(t, script...)
		code := "123456"
		if n, found := strings.CutPrefix(scenario, "capabilities_digits_"); found {
			code = "1234567890"[:n[0]-'0']
		}
		return verifytest.Target{
			Verifier: over(t, vendor),
			Code:     func(string, string) string { return code },
			Advance:  func(time.Duration) {}, // the recordings know what time it is
			Fault: func(f verifytest.Fault) bool { // the last two are not documented
				return played && f != verifytest.FaultTooManyAttempts && f != verifytest.FaultCheckOtherSubject
			},
			Effects: func() int { return vendor.Requests(http.MethodPost, "/v2/verification") },
			Secrets: []string{"placeholder"},
		}
	})
}

// recordings returns a transport that plays these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(names...)...)
}

func over(t *testing.T, vendor *fixture.Transport) *Client {
	c, err := New(Config{APIKey: "placeholder", HTTPClient: vendor.Client()})
	require.NoError(t, err)
	return c
}
