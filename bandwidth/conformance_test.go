package bandwidth

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		srv := bandwidthtest.NewServer(t)
		client, err := New(Config{
			AccountID: bandwidthtest.AccountID, ClientID: bandwidthtest.ClientID, ClientSecret: bandwidthtest.ClientSecret,
			SMSApplicationID: bandwidthtest.SMSApplicationID, VoiceApplicationID: bandwidthtest.VoiceApplicationID,
			From: bandwidthtest.From, BaseURL: srv.URL,
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.Target{
			Verifier: client, Code: srv.Code, Advance: srv.Advance, Effects: srv.Effects,
			Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets: []string{bandwidthtest.ClientID, bandwidthtest.ClientSecret, "emulated."},
			Vague:   true,
		}
	})
}

// faults are what Bandwidth shows for each. It has no limit of a recipient's
// sends, no guard and no refused recipient of its own, and echoes no subject. A
// throttle of checks is a gateway's: its own 429 is the limit of guesses.
var faults = map[verifytest.Fault]bandwidthtest.Fault{
	verifytest.FaultRateLimited:          refusal("send", http.StatusTooManyRequests, nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", http.StatusTooManyRequests, http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultBadCredentials:       refusal("send", http.StatusForbidden, nil),
	verifytest.FaultServerError:          {On: "send", Status: 500, Effect: true, Body: `{"error":"Internal Error","requestId":"x"}`},
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: bandwidthtest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: bandwidthtest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{"status":"ok"}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: {On: "check", Status: 429, Body: "<html>", Header: http.Header{"Retry-After": {"3600"}}},
	verifytest.FaultTooManyAttempts:           refusal("check", http.StatusTooManyRequests, nil),
	verifytest.FaultCheckBadCredentials:       refusal("check", http.StatusUnauthorized, nil),
	verifytest.FaultCheckServerError:          refusal("check", http.StatusInternalServerError, nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: bandwidthtest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: bandwidthtest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: bandwidthtest.Truncate},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{"status":"approved"}`},
}

func refusal(on string, status int, header http.Header) bandwidthtest.Fault {
	f := bandwidthtest.Refusal(status)
	f.On, f.Header = on, header
	return f
}

// scripts are the exchanges of each scenario, after that of a token. Of a
// scenario that is not here, none is played.
var scripts = map[string][]string{
	"send":                          {"messaging_200"},
	"send_hints":                    {"messaging_200"},
	"send_unreachable":              {"messaging_refused", "messaging_refused", "messaging_refused"},
	"send_rate_limited":             {"messaging_429", "messaging_429", "messaging_429"},
	"send_rate_limited_for_an_hour": {"messaging_429_hour"},
	"send_server_error":             {"messaging_500"},
	"send_bad_gateway":              {"messaging_502_html"},
	"send_reply_lost":               {"messaging_reply_lost"},
	"send_timeout":                  {"messaging_hang"},
	"send_truncated":                {"messaging_200_truncated"},
	"send_unknown_body":             {"messaging_200_empty"},
	"send_redirected":               {"messaging_307"},
	"bad_credentials":               {"messaging_403"},

	"check_right":                    {"messaging_200", "verify_200_true"},
	"check_wrong":                    {"messaging_200", "verify_200_false"},
	"check_wrong_then_right":         {"messaging_200", "verify_200_false", "verify_200_true"},
	"check_twice":                    {"messaging_200", "verify_200_true", "verify_200_gone"},
	"check_finished":                 {"messaging_200", "verify_200_true", "verify_200_false"},
	"check_never_sent":               {"verify_200_gone"},
	"check_other_recipient":          {"messaging_200", "verify_200_gone_other", "verify_200_true"},
	"check_expired":                  {"messaging_200", "verify_200_gone"},
	"check_unreachable":              {"messaging_200", "verify_refused", "verify_refused"},
	"check_rate_limited_for_an_hour": {"messaging_200", "verify_429_html"},
	"check_too_many_attempts":        {"messaging_200", "verify_429"},
	"check_bad_credentials":          {"messaging_200", "verify_403"},
	"check_server_error":             {"messaging_200", "verify_500", "verify_500"},
	"check_reply_lost":               {"messaging_200", "verify_reply_lost", "verify_reply_lost"},
	"check_reply_lost_once":          {"messaging_200", "verify_reply_lost", "verify_200_gone"},
	"check_timeout":                  {"messaging_200", "verify_hang"},
	"check_truncated":                {"messaging_200", "verify_200_truncated", "verify_200_truncated"},
	"check_unknown_body":             {"messaging_200", "verify_200_empty"},
	"check_not_found":                {"messaging_200", "verify_404_html"},
	"check_other_subject":            {"messaging_200"},

	"scope_apart": {"messaging_200_login", "verify_200_gone", "verify_200_true_login"},
	"concurrent_sends_and_checks": {
		"messaging_200", "messaging_200_other",
		"verify_200_true", "verify_200_gone", "verify_200_gone", "verify_200_gone",
		"verify_200_true_other", "verify_200_gone_other", "verify_200_gone_other", "verify_200_gone_other",
	},
	"errors_match_one_outcome": {"messaging_200", "verify_200_false"},
	"privacy":                  {"messaging_200", "verify_200_false", "verify_200_true"},

	"capabilities_channel_sms":   {"messaging_200"},
	"capabilities_channel_voice": {"voice_200"},
	"capabilities_digits_4":      {"messaging_200_4_digits"},
	"capabilities_digits_5":      {"messaging_200_5_digits"},
	"capabilities_digits_6":      {"messaging_200"},
	"capabilities_digits_7":      {"messaging_200_7_digits"},
	"capabilities_digits_8":      {"messaging_200_8_digits"},
}

// notPlayed are faults without an exchange: see faults.
var notPlayed = []verifytest.Fault{
	verifytest.FaultTooManySends, verifytest.FaultBlocked, verifytest.FaultRefusedRecipient,
	verifytest.FaultCheckOtherSubject,
}

func TestConformanceOverExchanges(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		var client *http.Client
		effects := func() int { return 0 }
		if files, ok := scripts[scenario]; ok {
			vendor := played(t, files...)
			client = vendor.Client()
			effects = func() int {
				return vendor.Requests(http.MethodPost, "/api/v1/accounts/9900000/code/messaging") +
					vendor.Requests(http.MethodPost, "/api/v1/accounts/9900000/code/voice")
			}
		} else {
			client = nothing(t)
		}
		return verifytest.Target{
			Verifier: over(t, client),
			Code:     func(string, string) string { return codeOf(scenario) },
			Advance:  func(time.Duration) {}, // the exchanges know what time it is
			Fault:    func(f verifytest.Fault) bool { return !slices.Contains(notPlayed, f) },
			Effects:  effects,
			Secrets:  []string{"placeholder-client", "placeholder-secret", "placeholder-access-token"},
			Vague:    true,
		}
	})
}

// nothing fails the test at any request.
func nothing(t *testing.T) *http.Client {
	return &http.Client{Transport: refuse{t}}
}

type refuse struct{ t *testing.T }

func (r refuse) RoundTrip(req *http.Request) (*http.Response, error) {
	r.t.Errorf("a request where none may be made: %s", req.URL.Path)
	return nil, http.ErrHandlerTimeout
}

// codeOf is the code of the exchanges, as long as the scenario's name says.
func codeOf(scenario string) string {
	if n, found := strings.CutPrefix(scenario, "capabilities_digits_"); found {
		return "12345678"[:n[0]-'0']
	}
	return "123456"
}
