package telnyx

import (
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/telnyx/telnyxtest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	profileID = "12ade33a-21c0-473b-b055-b3c836e1c292"
	apartID   = "12ade33a-21c0-473b-b055-b3c836e1c293"
)

// Both of the pages that disagree are played.
func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, schemaOnly := range map[string]bool{"as the quickstart says": false, "as the schema says": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, func(t *testing.T) verifytest.Target { return overTheEmulator(t, schemaOnly) })
		})
	}
}

func overTheEmulator(t *testing.T, schemaOnly bool) verifytest.Target {
	srv := telnyxtest.NewServer(t, telnyxtest.Options{SchemaOnly: schemaOnly, Profiles: []telnyxtest.Profile{{ID: apartID}}})
	client, err := New(Config{
		APIKey: telnyxtest.APIKey, BaseURL: srv.URL, Profile: Profile{ID: telnyxtest.ProfileID, CodeLength: 6},
		Scopes: map[string]Profile{"login": {ID: apartID, CodeLength: 6}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return verifytest.Target{
		Verifier: client, Advance: srv.Advance, Effects: srv.Effects,
		Code:    func(to, scope string) string { return srv.Code(to, client.profiles[scope].ID) },
		Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
		Secrets: []string{telnyxtest.APIKey},
		Vague:   true,
	}
}

// faults are what Telnyx shows for each. It documents no limit of a recipient's
// sends and no guard.
var faults = map[verifytest.Fault]telnyxtest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, "10011", nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, "10011", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultRefusedRecipient:     refusal("send", 400, "10002", nil),
	verifytest.FaultBadCredentials:       refusal("send", 401, "10009", nil),
	verifytest.FaultServerError:          effect(refusal("send", 500, "10007", nil)),
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: telnyxtest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: telnyxtest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "10011", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManyAttempts:           {On: "check", Status: 200, Body: `{"data":{"phone_number":"+15005550006","response_code":"max_attempts_exceeded"}}`},
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "10009", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "10007", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: telnyxtest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: telnyxtest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: telnyxtest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 200, Effect: true, Body: `{"data":{"phone_number":"+15017122661","response_code":"accepted"}}`},
}

func refusal(on string, status int, code string, header http.Header) telnyxtest.Fault {
	f := telnyxtest.Refusal(status, code)
	f.On, f.Header = on, header
	return f
}

func effect(f telnyxtest.Fault) telnyxtest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"sms_200"},
	"send_hints":                    {"sms_200"},
	"send_unreachable":              {"sms_refused", "sms_refused", "sms_refused"},
	"send_rate_limited":             {"sms_429_10011", "sms_429_10011", "sms_429_10011"},
	"send_rate_limited_for_an_hour": {"sms_429_10011_hour"},
	"send_refused_recipient":        {"sms_400_10002"},
	"send_server_error":             {"sms_500_10007"},
	"send_bad_gateway":              {"sms_502_html"},
	"send_reply_lost":               {"sms_reply_lost"},
	"send_timeout":                  {"sms_hang"},
	"send_truncated":                {"sms_200_truncated"},
	"send_unknown_body":             {"sms_200_empty"},
	"send_redirected":               {"sms_307"},
	"bad_credentials":               {"sms_401_10009"},

	"check_right":                    {"sms_200", "verify_200_accepted"},
	"check_wrong":                    {"sms_200", "verify_200_rejected_next"},
	"check_wrong_then_right":         {"sms_200", "verify_200_rejected_next", "verify_200_accepted"},
	"check_twice":                    {"sms_200", "verify_200_accepted", "verify_200_rejected"},
	"check_finished":                 {"sms_200", "verify_200_accepted", "verify_200_rejected_next"},
	"check_never_sent":               {"verify_404_10005"},
	"check_other_recipient":          {"sms_200", "verify_200_rejected_other", "verify_200_accepted"},
	"check_expired":                  {"sms_200", "verify_200_expired"},
	"check_unreachable":              {"sms_200", "verify_refused", "verify_refused"},
	"check_rate_limited_for_an_hour": {"sms_200", "verify_429_10011_hour"},
	"check_too_many_attempts":        {"sms_200", "verify_200_max_attempts_exceeded"},
	"check_bad_credentials":          {"sms_200", "verify_401_10009"},
	"check_server_error":             {"sms_200", "verify_500_10007", "verify_500_10007"},
	"check_reply_lost":               {"sms_200", "verify_reply_lost", "verify_reply_lost"},
	"check_reply_lost_once":          {"sms_200", "verify_reply_lost", "verify_200_rejected"},
	"check_timeout":                  {"sms_200", "verify_hang"},
	"check_truncated":                {"sms_200", "verify_200_truncated", "verify_200_truncated"},
	"check_unknown_body":             {"sms_200", "verify_200_empty"},
	"check_not_found":                {"sms_200", "verify_404_html"},
	"check_other_subject":            {"sms_200", "verify_200_subject"},

	"scope_apart": {"sms_200_login", "verify_200_rejected", "verify_200_accepted_login"},
	"concurrent_sends_and_checks": {
		"sms_200", "sms_200_other",
		"verify_200_accepted", "verify_200_rejected", "verify_200_rejected", "verify_200_rejected",
		"verify_200_accepted_other", "verify_200_rejected_other", "verify_200_rejected_other", "verify_200_rejected_other",
	},
	"errors_match_one_outcome": {"sms_200", "verify_200_rejected_next"},
	"privacy":                  {"sms_200", "verify_200_rejected_next", "verify_200_accepted"},

	"capabilities_channel_sms":      {"sms_200"},
	"capabilities_channel_voice":    {"call_200"},
	"capabilities_channel_whatsapp": {"whatsapp_200"},
	"capabilities_digits_6":         {"sms_200"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		script, played := scripts[scenario]
		vendor := recordings(t, script...)
		return verifytest.Target{
			Verifier: over(t, vendor),
			Code:     func(string, string) string { return "123456" },
			Advance:  func(time.Duration) {}, // the recordings know what time it is
			Fault:    func(verifytest.Fault) bool { return played },
			Effects: func() int {
				n := 0
				for _, kind := range []string{"sms", "call", "whatsapp"} {
					n += vendor.Requests(http.MethodPost, "/v2/verifications/"+kind)
				}
				return n
			},
			Secrets: []string{"placeholder"},
			Vague:   true,
		}
	})
}

// recordings returns a transport that plays these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(names...)...)
}

func over(t *testing.T, vendor *fixture.Transport) *Client {
	c, err := New(Config{
		APIKey: "placeholder", Profile: Profile{ID: profileID, CodeLength: 6},
		Scopes: map[string]Profile{"login": {ID: apartID, CodeLength: 6}}, HTTPClient: vendor.Client(),
	})
	require.NoError(t, err)
	return c
}
