package vonage

import (
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/verifytest"
	"github.com/go2fa/verify/vonage/vonagetest"
)

// Both kinds of credentials: the key of the account, and tokens of an application.
func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, withTokens := range map[string]bool{"with the key of the account": false, "with tokens": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, func(t *testing.T) verifytest.Target { return overTheEmulator(t, withTokens) })
		})
	}
}

func overTheEmulator(t *testing.T, withTokens bool) verifytest.Target {
	srv := vonagetest.NewServer(t)
	cfg := settings()
	cfg.APIKey, cfg.APISecret, cfg.BaseURL = vonagetest.APIKey, vonagetest.APISecret, srv.URL
	secret := cfg.APISecret
	if withTokens {
		cfg.APIKey, cfg.APISecret, cfg.ApplicationID, cfg.PrivateKey = "", "", vonagetest.ApplicationID, applicationKey()
		srv.Trust(cfg.PrivateKey)
		secret = strings.Split(string(cfg.PrivateKey), "\n")[1]
	}
	client, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return verifytest.Target{
		Verifier: client, Advance: srv.Advance, Effects: srv.Effects,
		Code:    func(to, _ string) string { return srv.Code(to) },
		Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
		Secrets: []string{secret},
	}
}

var applicationKey = sync.OnceValue(vonagetest.NewKey)

func settings() Config {
	return Config{APIKey: "placeholder", APISecret: "placeholdersecret", Region: "eu", Brand: "Acme", WhatsAppFrom: "15017122661"}
}

// faults are what Vonage shows for each. A guard that blocks is no error of a send.
var faults = map[verifytest.Fault]vonagetest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, "throttled", nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, "throttled", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManySends:         refusal("send", 409, "concurrent", nil),
	verifytest.FaultRefusedRecipient: {On: "send", Status: 422,
		Body: `{"type":"https://developer.vonage.com/api-errors#invalid-params","title":"Invalid params","invalid_parameters":[{"name":"to","reason":"to is invalid"}]}`},
	verifytest.FaultBadCredentials: refusal("send", 401, "unauthorized", nil),
	verifytest.FaultServerError:    effect(refusal("send", 500, "internal-error", nil)),
	verifytest.FaultBadGateway:     {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:      {On: "send", Break: vonagetest.Close, Effect: true},
	verifytest.FaultTimeout:        {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:      {On: "send", Break: vonagetest.Truncate},
	verifytest.FaultUnknownBody:    {On: "send", Status: 202, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:     {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "throttled", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManyAttempts:           refusal("check", 410, "expired", nil),
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "unauthorized", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "internal-error", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: vonagetest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: vonagetest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: vonagetest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 200, Body: `{"request_id":"c11236f4-00bf-4b89-84ba-88b25df97316","status":"completed"}`},
}

func refusal(on string, status int, kind string, header http.Header) vonagetest.Fault {
	f := vonagetest.Refusal(status, kind)
	f.On = on
	if header != nil {
		f.Header = header
	}
	return f
}

func effect(f vonagetest.Fault) vonagetest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"send_202"},
	"send_hints":                    {"send_202"},
	"send_unreachable":              {"send_refused", "send_refused", "send_refused"},
	"send_rate_limited":             {"send_429", "send_429", "send_429"},
	"send_rate_limited_for_an_hour": {"send_429_hour"},
	"send_too_many":                 {"send_409"},
	"send_refused_recipient":        {"send_422_to"},
	"send_server_error":             {"send_500"},
	"send_bad_gateway":              {"send_502_html"},
	"send_reply_lost":               {"send_reply_lost"},
	"send_timeout":                  {"send_hang"},
	"send_truncated":                {"send_202_truncated"},
	"send_unknown_body":             {"send_202_empty"},
	"send_redirected":               {"send_307"},
	"bad_credentials":               {"send_401"},

	"check_right":                    {"send_202", "check_200"},
	"check_wrong":                    {"send_202", "check_400"},
	"check_wrong_then_right":         {"send_202", "check_400", "check_200"},
	"check_twice":                    {"send_202", "check_200", "check_404"},
	"check_finished":                 {"send_202", "check_200", "check_404_next"},
	"check_other_recipient":          {"send_202", "check_200"},
	"check_expired":                  {"send_202", "check_404"},
	"check_unreachable":              {"send_202", "check_refused", "check_refused"},
	"check_rate_limited_for_an_hour": {"send_202", "check_429_hour"},
	"check_too_many_attempts":        {"send_202", "check_410"},
	"check_bad_credentials":          {"send_202", "check_401"},
	"check_server_error":             {"send_202", "check_500", "check_500"},
	"check_reply_lost":               {"send_202", "check_reply_lost", "check_reply_lost"},
	"check_reply_lost_once":          {"send_202", "check_reply_lost", "check_404"},
	"check_timeout":                  {"send_202", "check_hang"},
	"check_truncated":                {"send_202", "check_200_truncated", "check_200_truncated"},
	"check_unknown_body":             {"send_202", "check_200_empty"},
	"check_not_found":                {"send_202", "check_404_html"},
	"check_other_subject":            {"send_202", "check_200_another"},

	"cancel": {"send_202", "cancel_204"},
	"concurrent_sends_and_checks": {
		"send_202", "send_202_other",
		"check_200", "check_404", "check_404", "check_404",
		"check_200_other", "check_404_other", "check_404_other", "check_404_other",
	},
	"errors_match_one_outcome": {"send_202", "check_400"},
	"privacy":                  {"send_202", "check_400", "check_200"},

	"capabilities_channel_sms":      {"send_202"},
	"capabilities_channel_voice":    {"send_202_voice"},
	"capabilities_channel_whatsapp": {"send_202_whatsapp"},
	"capabilities_channel_email":    {"send_202_email"},
	"capabilities_digits_4":         {"send_202_4_digits"},
	"capabilities_digits_5":         {"send_202_5_digits"},
	"capabilities_digits_6":         {"send_202"},
	"capabilities_digits_7":         {"send_202_7_digits"},
	"capabilities_digits_8":         {"send_202_8_digits"},
	"capabilities_digits_9":         {"send_202_9_digits"},
	"capabilities_digits_10":        {"send_202_10_digits"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		script, played := scripts[scenario]
		code := "123456"
		if digits, err := strconv.Atoi(strings.TrimPrefix(scenario, "capabilities_digits_")); err == nil {
			code = "1234567890"[:digits]
		}
		vendor := recordings(t, script...)
		return verifytest.Target{
			Verifier: over(t, vendor),
			Code:     func(string, string) string { return code },
			Advance:  func(time.Duration) {}, // the recordings know what time it is
			Fault:    func(verifytest.Fault) bool { return played },
			Effects:  func() int { return vendor.Requests(http.MethodPost, "/v2/verify") },
			Secrets:  []string{"placeholdersecret"},
		}
	})
}

// recordings returns a transport that plays these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(names...)...)
}

func over(t *testing.T, vendor *fixture.Transport) *Client {
	cfg := settings()
	cfg.HTTPClient = vendor.Client()
	c, err := New(cfg)
	require.NoError(t, err)
	return c
}
