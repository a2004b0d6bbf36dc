package bird

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/bird/birdtest"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		srv := birdtest.NewServer(t)
		client, err := New(Config{APIKey: birdtest.APIKey, BaseURL: srv.URL})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.Target{
			Verifier: client, Advance: srv.Advance, Effects: srv.Effects,
			Code:    func(to, _ string) string { return srv.Code(to) },
			Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets: []string{birdtest.APIKey},
		}
	})
}

// faults are what Bird shows for each. A throttle of sends is a gateway's: its own
// 429 is the limit of a number.
var faults = map[verifytest.Fault]birdtest.Fault{
	verifytest.FaultRateLimited:          {On: "send", Status: 429, Body: `<html>`},
	verifytest.FaultRateLimitedForAnHour: {On: "send", Status: 429, Body: `<html>`, Header: http.Header{"Retry-After": {"3600"}}},
	verifytest.FaultTooManySends:         refusal("send", 429, "E01010", nil),
	verifytest.FaultBlocked:              {On: "send", Status: 200, Body: `{"id":"ver_x","status":"blocked","to":{"phone_number":"+15005550006"}}`},
	verifytest.FaultRefusedRecipient:     refusal("send", 422, "E01006", nil),
	verifytest.FaultBadCredentials:       refusal("send", 401, "E01001", nil),
	verifytest.FaultServerError:          effect(refusal("send", 500, "E01011", nil)),
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: birdtest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: birdtest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "E01010", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManyAttempts:           {On: "check", Status: 200, Body: answer(`false,"reason":"attempts_exhausted"`, "failed", "+15005550006")},
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "E01001", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "E01011", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: birdtest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: birdtest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: birdtest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 200, Effect: true, Body: answer("true", "verified", "+15017122661")},
}

// answer is that to a check.
func answer(success, status, to string) string {
	return `{"success":` + success + `,"verification":{"id":"ver_x","status":"` + status + `","to":{"phone_number":"` + to + `"}}}`
}

func refusal(on string, status int, code string, header http.Header) birdtest.Fault {
	param := ""
	if status == http.StatusUnprocessableEntity {
		param = "to.phone_number"
	}
	f := birdtest.Refusal(status, code, param)
	f.On, f.Header = on, header
	return f
}

func effect(f birdtest.Fault) birdtest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"create_200"},
	"send_hints":                    {"create_200_language"},
	"send_unreachable":              {"create_refused", "create_refused", "create_refused"},
	"send_rate_limited":             {"create_429_html", "create_429_html", "create_429_html"},
	"send_rate_limited_for_an_hour": {"create_429_html_hour"},
	"send_too_many":                 {"create_429"},
	"send_blocked":                  {"create_200_blocked"},
	"send_refused_recipient":        {"create_422_to"},
	"send_server_error":             {"create_500"},
	"send_bad_gateway":              {"create_502_html"},
	"send_reply_lost":               {"create_reply_lost"},
	"send_timeout":                  {"create_hang"},
	"send_truncated":                {"create_200_truncated"},
	"send_unknown_body":             {"create_200_empty"},
	"send_redirected":               {"create_307"},
	"bad_credentials":               {"create_401"},

	"check_right":                    {"create_200", "check_200"},
	"check_wrong":                    {"create_200", "check_200_incorrect"},
	"check_wrong_then_right":         {"create_200", "check_200_incorrect", "check_200"},
	"check_twice":                    {"create_200", "check_200", "check_404_E13000"},
	"check_finished":                 {"create_200", "check_200", "check_404_E13000_next"},
	"check_never_sent":               {"check_404_E13000"},
	"check_other_recipient":          {"create_200", "check_404_E13000_other", "check_200"},
	"check_expired":                  {"create_200", "check_200_expired"},
	"check_unreachable":              {"create_200", "check_refused", "check_refused"},
	"check_rate_limited_for_an_hour": {"create_200", "check_429_hour"},
	"check_too_many_attempts":        {"create_200", "check_200_exhausted"},
	"check_bad_credentials":          {"create_200", "check_401"},
	"check_server_error":             {"create_200", "check_500", "check_500"},
	"check_reply_lost":               {"create_200", "check_reply_lost", "check_reply_lost"},
	"check_reply_lost_once":          {"create_200", "check_reply_lost", "check_404_E13000"},
	"check_timeout":                  {"create_200", "check_hang"},
	"check_truncated":                {"create_200", "check_200_truncated", "check_200_truncated"},
	"check_unknown_body":             {"create_200", "check_200_empty"},
	"check_not_found":                {"create_200", "check_404_html"},
	"check_other_subject":            {"create_200", "check_200_subject"},

	"concurrent_sends_and_checks": {
		"create_200", "create_200_other",
		"check_200", "check_404_E13000", "check_404_E13000", "check_404_E13000",
		"check_200_other", "check_404_E13000_other", "check_404_E13000_other", "check_404_E13000_other",
	},
	"errors_match_one_outcome": {"create_200", "check_200_incorrect"},
	"privacy":                  {"create_200", "check_200_incorrect", "check_200"},

	"capabilities_channel_sms":      {"create_200"},
	"capabilities_channel_voice":    {"create_200_voice"},
	"capabilities_channel_whatsapp": {"create_200_whatsapp"},
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
			Fault:    func(verifytest.Fault) bool { return played },
			Effects:  func() int { return vendor.Requests(http.MethodPost, "/v1/verify/verifications") },
			Secrets:  []string{"bk_us1_placeholder"},
		}
	})
}

// recordings returns a transport that plays these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(names...)...)
}

func over(t *testing.T, vendor *fixture.Transport) *Client {
	c, err := New(Config{APIKey: "bk_us1_placeholder", HTTPClient: vendor.Client()})
	require.NoError(t, err)
	return c
}
