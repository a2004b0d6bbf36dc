package infobip

import (
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify/infobip/infobiptest"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	applicationID = "1234567"
	apartID       = "1234568"
)

var apart = infobiptest.Application{ID: apartID, SMSTemplate: "7654323", VoiceTemplate: "7654324"}

// An application as it should be, and one that accepts a code again, as Infobip makes
// them.
func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, multiple := range map[string]bool{"a code once": false, "a code as often as it is asked": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, func(t *testing.T) verifytest.Target { return overTheEmulator(t, multiple) })
		})
	}
}

func overTheEmulator(t *testing.T, multiple bool) verifytest.Target {
	srv := infobiptest.NewServer(t, infobiptest.Options{Multiple: multiple, Applications: []infobiptest.Application{apart}})
	cfg := twoApplications()
	cfg.APIKey, cfg.BaseURL = infobiptest.APIKey, srv.URL
	client, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return verifytest.Target{
		Verifier: client, Advance: srv.Advance, Effects: srv.Effects,
		Code:    func(to, scope string) string { return srv.Code(to, client.applications[scope].ID) },
		Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
		Secrets: []string{infobiptest.APIKey},
	}
}

func twoApplications() Config {
	return Config{
		APIKey:      "placeholder",
		Application: Application{ID: applicationID, SMSTemplate: "7654321", VoiceTemplate: "7654322", CodeLength: 6},
		Scopes:      map[string]Application{"login": {ID: apart.ID, SMSTemplate: apart.SMSTemplate, VoiceTemplate: apart.VoiceTemplate, CodeLength: 6}},
	}
}

// faults are what Infobip shows for each. It documents no answer beyond the limit of
// a recipient's sends, and no guard.
var faults = map[verifytest.Fault]infobiptest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, "TOO_MANY_REQUESTS", nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, "TOO_MANY_REQUESTS", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultRefusedRecipient:     {On: "send", Status: 200, Body: `{"pinId":"A","to":"15005550006","ncStatus":"NC_DESTINATION_NOT_REACHABLE","smsStatus":"MESSAGE_NOT_SENT"}`},
	verifytest.FaultBadCredentials:       refusal("send", 401, "UNAUTHORIZED", nil),
	verifytest.FaultServerError:          effect(refusal("send", 500, "GENERAL_ERROR", nil)),
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: infobiptest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: infobiptest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "TOO_MANY_REQUESTS", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "UNAUTHORIZED", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "GENERAL_ERROR", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: infobiptest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: infobiptest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: infobiptest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
}

func refusal(on string, status int, code string, header http.Header) infobiptest.Fault {
	f := infobiptest.Refusal(status, code)
	f.On, f.Header = on, header
	return f
}

func effect(f infobiptest.Fault) infobiptest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"sms_200"},
	"send_hints":                    {"sms_200"},
	"send_unreachable":              {"sms_refused", "sms_refused", "sms_refused"},
	"send_rate_limited":             {"sms_429", "sms_429", "sms_429"},
	"send_rate_limited_for_an_hour": {"sms_429_hour"},
	"send_refused_recipient":        {"sms_200_not_sent"},
	"send_server_error":             {"sms_500"},
	"send_bad_gateway":              {"sms_502_html"},
	"send_reply_lost":               {"sms_reply_lost"},
	"send_timeout":                  {"sms_hang"},
	"send_truncated":                {"sms_200_truncated"},
	"send_unknown_body":             {"sms_200_empty"},
	"send_redirected":               {"sms_307"},
	"bad_credentials":               {"sms_401"},

	"check_right":                    {"sms_200", "verify_200"},
	"check_wrong":                    {"sms_200", "verify_200_wrong"},
	"check_wrong_then_right":         {"sms_200", "verify_200_wrong", "verify_200"},
	"check_twice":                    {"sms_200", "verify_200"},
	"check_finished":                 {"sms_200", "verify_200"},
	"check_other_recipient":          {"sms_200", "verify_200"},
	"check_expired":                  {"sms_200", "verify_200_expired"},
	"check_unreachable":              {"sms_200", "verify_refused", "verify_refused", "verify_refused"},
	"check_rate_limited_for_an_hour": {"sms_200", "verify_429_hour"},
	"check_too_many_attempts":        {"sms_200", "verify_200_no_more"},
	"check_bad_credentials":          {"sms_200", "verify_401"},
	"check_server_error":             {"sms_200", "verify_500"},
	"check_reply_lost":               {"sms_200", "verify_reply_lost"},
	"check_reply_lost_once":          {"sms_200", "verify_reply_lost"},
	"check_timeout":                  {"sms_200", "verify_hang"},
	"check_truncated":                {"sms_200", "verify_200_truncated"},
	"check_unknown_body":             {"sms_200", "verify_200_empty"},
	"check_not_found":                {"sms_200", "verify_404_html"},
	"check_other_subject":            {"sms_200", "verify_200_subject"},

	"scope_apart": {"sms_200_login", "verify_200_login"},
	"concurrent_sends_and_checks": {
		"sms_200", "sms_200_other",
		"verify_200", "verify_200", "verify_200", "verify_200",
		"verify_200_other", "verify_200_other", "verify_200_other", "verify_200_other",
	},
	"errors_match_one_outcome": {"sms_200", "verify_200_wrong"},
	"privacy":                  {"sms_200", "verify_200_wrong", "verify_200"},

	"capabilities_channel_sms":   {"sms_200"},
	"capabilities_channel_voice": {"voice_200"},
	"capabilities_digits_6":      {"sms_200"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		script, played := scripts[scenario]
		vendor := recordings(t, script...)
		together := 0
		if scenario == "concurrent_sends_and_checks" {
			together = 8
		}
		return verifytest.Target{
			Verifier: overTransport(t, &meeting{under: vendor.Client().Transport, checks: together}),
			Code:     func(string, string) string { return "123456" },
			Advance:  func(time.Duration) {}, // the recordings know what time it is
			Fault:    func(verifytest.Fault) bool { return played },
			Effects: func() int {
				return vendor.Requests(http.MethodPost, "/2fa/2/pin") + vendor.Requests(http.MethodPost, "/2fa/2/pin/voice")
			},
			Secrets: []string{"placeholder"},
		}
	})
}

// A meeting has checks wait until all of them are at the vendor, who says yes to
// each: how many would be left to ask is else a matter of luck.
type meeting struct {
	under  http.RoundTripper
	checks int
	once   sync.Once
	all    sync.WaitGroup
}

func (m *meeting) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.checks > 0 && strings.HasSuffix(r.URL.Path, "/verify") {
		m.once.Do(func() { m.all.Add(m.checks) })
		m.all.Done()
		m.all.Wait()
	}
	return m.under.RoundTrip(r)
}

// recordings returns a transport that plays these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	return fixture.New(t, fixture.Files(names...)...)
}

func over(t *testing.T, vendor *fixture.Transport) *Client {
	return overTransport(t, vendor.Client().Transport)
}

func overTransport(t *testing.T, vendor http.RoundTripper) *Client {
	cfg := twoApplications()
	cfg.HTTPClient = &http.Client{Transport: vendor}
	c, err := New(cfg)
	require.NoError(t, err)
	return c
}
