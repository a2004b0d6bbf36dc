package sinch

import (
	"net/http"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/sinch/sinchtest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Both kinds of authentication, and an application that says yes to a used code.
func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		basic bool
		opts  sinchtest.Options
	}{
		"signed":                    {false, sinchtest.Options{SignedOnly: true}},
		"basic":                     {true, sinchtest.Options{}},
		"a used code is good again": {false, sinchtest.Options{Again: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, func(t *testing.T) verifytest.Target { return overTheEmulator(t, tc.basic, tc.opts) })
		})
	}
}

func overTheEmulator(t *testing.T, basic bool, opts sinchtest.Options) verifytest.Target {
	srv := sinchtest.NewServer(t, opts)
	client, err := New(Config{
		ApplicationKey: sinchtest.ApplicationKey, ApplicationSecret: sinchtest.ApplicationSecret, Basic: basic, BaseURL: srv.URL,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return verifytest.Target{
		Verifier: client, Advance: srv.Advance, Effects: srv.Effects, Code: srv.Code,
		Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
		Secrets: []string{sinchtest.ApplicationKey, sinchtest.ApplicationSecret},
	}
}

// faults are what Sinch shows for each. It documents no limit of wrong codes.
var faults = map[verifytest.Fault]sinchtest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 42900, nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 42900, http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManySends:         refusal("send", 42901, nil),
	verifytest.FaultRefusedRecipient:     refusal("send", 40005, nil),
	verifytest.FaultBadCredentials:       refusal("send", 40102, nil),
	verifytest.FaultServerError:          effect(refusal("send", 50000, nil)),
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: sinchtest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: sinchtest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 42900, http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultCheckBadCredentials:       refusal("check", 40102, nil),
	verifytest.FaultCheckServerError:          refusal("check", 50000, nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: sinchtest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: sinchtest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: sinchtest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 200, Effect: true, Body: `{"id":"another","method":"sms","status":"SUCCESSFUL"}`},
}

func refusal(on string, code int, header http.Header) sinchtest.Fault {
	f := sinchtest.Refusal(code)
	f.On, f.Header = on, header
	return f
}

func effect(f sinchtest.Fault) sinchtest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"sms_200"},
	"send_hints":                    {"sms_200"},
	"send_unreachable":              {"sms_refused", "sms_refused", "sms_refused"},
	"send_rate_limited":             {"sms_429_42900", "sms_429_42900", "sms_429_42900"},
	"send_rate_limited_for_an_hour": {"sms_429_42900_hour"},
	"send_too_many":                 {"sms_429_42901"},
	"send_refused_recipient":        {"sms_400_40005"},
	"send_server_error":             {"sms_500_50000"},
	"send_bad_gateway":              {"sms_502_html"},
	"send_reply_lost":               {"sms_reply_lost"},
	"send_timeout":                  {"sms_hang"},
	"send_truncated":                {"sms_200_truncated"},
	"send_unknown_body":             {"sms_200_empty"},
	"send_redirected":               {"sms_307"},
	"bad_credentials":               {"sms_401_40102"},

	"check_right":                    {"sms_200", "report_200"},
	"check_wrong":                    {"sms_200", "report_200_wrong"},
	"check_wrong_then_right":         {"sms_200", "report_200_wrong", "report_200"},
	"check_twice":                    {"sms_200", "report_200"},
	"check_finished":                 {"sms_200", "report_200"},
	"check_other_recipient":          {"sms_200", "report_200"},
	"check_expired":                  {"sms_200", "report_200_expired"},
	"check_unreachable":              {"sms_200", "report_refused", "report_refused", "report_refused"},
	"check_rate_limited_for_an_hour": {"sms_200", "report_429_42900_hour"},
	"check_too_many_attempts":        {"sms_200"},
	"check_bad_credentials":          {"sms_200", "report_401_40102"},
	"check_server_error":             {"sms_200", "report_500_50000"},
	"check_reply_lost":               {"sms_200", "report_reply_lost"},
	"check_reply_lost_once":          {"sms_200", "report_reply_lost"},
	"check_timeout":                  {"sms_200", "report_hang"},
	"check_truncated":                {"sms_200", "report_200_truncated"},
	"check_unknown_body":             {"sms_200", "report_200_empty"},
	"check_not_found":                {"sms_200", "report_404_html"},
	"check_other_subject":            {"sms_200", "report_200_subject"},

	"concurrent_sends_and_checks": {
		"sms_200", "sms_200_other",
		"report_200", "report_200", "report_200", "report_200",
		"report_200_other", "report_200_other", "report_200_other", "report_200_other",
	},
	"errors_match_one_outcome": {"sms_200", "report_200_wrong"},
	"privacy":                  {"sms_200", "report_200_wrong", "report_200"},

	"capabilities_channel_sms":      {"sms_200"},
	"capabilities_channel_voice":    {"callout_200"},
	"capabilities_channel_whatsapp": {"whatsapp_200"},
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
			Advance:  func(time.Duration) {},                                                                  // the recordings know what time it is
			Fault:    func(f verifytest.Fault) bool { return played && f != verifytest.FaultTooManyAttempts }, // not documented
			Effects:  func() int { return vendor.Requests(http.MethodPost, "/verification/v1/verifications") },
			Secrets:  []string{"placeholder"},
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
	if m.checks > 0 && r.Method == http.MethodPut {
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
	c, err := New(Config{ApplicationKey: "placeholder", ApplicationSecret: "cGxhY2Vob2xkZXI=", HTTPClient: &http.Client{Transport: vendor}})
	require.NoError(t, err)
	return c
}
