package twilio

import (
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	apart = "VA00000000000000000000000000000001"
	bound = "VA00000000000000000000000000000002"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		srv := twiliotest.NewServer(t, twiliotest.Options{Services: []twiliotest.Service{
			{SID: twiliotest.ServiceSID}, {SID: apart}, {SID: bound, PSD2: true},
		}})
		client, err := New(Config{
			AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken, BaseURL: srv.URL,
			Service: Service{SID: twiliotest.ServiceSID},
			Scopes:  map[string]Service{"login": {SID: apart}, "payment": {SID: bound, PSD2: true}},
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.Target{
			Verifier: client, Advance: srv.Advance, Effects: srv.Effects,
			Code:             func(to, scope string) string { return srv.Code(to, client.services[scope].SID) },
			Fault:            func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets:          []string{twiliotest.AccountSID, twiliotest.AuthToken, twiliotest.ServiceSID},
			TransactionScope: "payment",
		}
	})
}

// faults are what Twilio shows for each.
var faults = map[verifytest.Fault]twiliotest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, 20429, nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, 20429, http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManySends:         refusal("send", 429, 60203, nil),
	verifytest.FaultBlocked:              refusal("send", 403, 60410, nil),
	verifytest.FaultRefusedRecipient:     refusal("send", 400, 21211, nil),
	verifytest.FaultBadCredentials:       refusal("send", 401, 20003, nil),
	verifytest.FaultServerError:          {On: "send", Status: 500, Effect: true, Body: `{"code":20500,"message":"Internal server error","status":500}`},
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: twiliotest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: twiliotest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 201, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, 20429, http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManyAttempts:           refusal("check", 429, 60202, nil),
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, 20003, nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, 20500, nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: twiliotest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: twiliotest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: twiliotest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 200, Effect: true, Body: `{"status":"approved","valid":true,"to":"+15017122661"}`},
}

func refusal(on string, status, code int, header http.Header) twiliotest.Fault {
	f := twiliotest.Refusal(status, code)
	f.On, f.Header = on, header
	return f
}

// scripts are the recordings of each scenario. A scenario that is not here makes
// no request.
var scripts = map[string][]string{
	"send":                          {"verifications_201_sms"},
	"send_hints":                    {"verifications_201_hints"},
	"send_unreachable":              {"verifications_refused", "verifications_refused", "verifications_refused"},
	"send_rate_limited":             {"verifications_429_20429_soon", "verifications_429_20429_soon", "verifications_429_20429_soon"},
	"send_rate_limited_for_an_hour": {"verifications_429_20429_hour"},
	"send_too_many":                 {"verifications_429_60203"},
	"send_blocked":                  {"verifications_403_60410"},
	"send_refused_recipient":        {"verifications_400_21211"},
	"send_server_error":             {"verifications_500_20500"},
	"send_bad_gateway":              {"verifications_502_html"},
	"send_reply_lost":               {"verifications_reply_lost"},
	"send_timeout":                  {"verifications_hang"},
	"send_truncated":                {"verifications_201_truncated"},
	"send_unknown_body":             {"verifications_200_empty"},
	"send_redirected":               {"verifications_307"},
	"bad_credentials":               {"verifications_401_20003"},

	"check_right":                    {"verifications_201_sms", "verificationcheck_200_approved"},
	"check_wrong":                    {"verifications_201_sms", "verificationcheck_200_pending_next"},
	"check_wrong_then_right":         {"verifications_201_sms", "verificationcheck_200_pending_next", "verificationcheck_200_approved"},
	"check_twice":                    {"verifications_201_sms", "verificationcheck_200_approved", "verificationcheck_404_20404"},
	"check_finished":                 {"verifications_201_sms", "verificationcheck_200_approved", "verificationcheck_404_20404_next"},
	"check_never_sent":               {"verificationcheck_404_20404"},
	"check_other_recipient":          {"verifications_201_sms", "verificationcheck_404_20404_other", "verificationcheck_200_approved"},
	"check_expired":                  {"verifications_201_sms", "verificationcheck_404_20404"},
	"check_unreachable":              {"verifications_201_sms", "verificationcheck_refused", "verificationcheck_refused"},
	"check_rate_limited_for_an_hour": {"verifications_201_sms", "verificationcheck_429_20429_hour"},
	"check_too_many_attempts":        {"verifications_201_sms", "verificationcheck_429_60202"},
	"check_bad_credentials":          {"verifications_201_sms", "verificationcheck_401_20003"},
	"check_server_error":             {"verifications_201_sms", "verificationcheck_500_20500", "verificationcheck_500_20500"},
	"check_reply_lost":               {"verifications_201_sms", "verificationcheck_reply_lost", "verificationcheck_reply_lost"},
	"check_reply_lost_once":          {"verifications_201_sms", "verificationcheck_reply_lost", "verificationcheck_404_20404"},
	"check_timeout":                  {"verifications_201_sms", "verificationcheck_hang"},
	"check_truncated":                {"verifications_201_sms", "verificationcheck_200_truncated", "verificationcheck_200_truncated"},
	"check_unknown_body":             {"verifications_201_sms", "verificationcheck_200_empty"},
	"check_not_found":                {"verifications_201_sms", "verificationcheck_404_html"},
	"check_other_subject":            {"verifications_201_sms", "verificationcheck_200_other_recipient"},

	"cancel":         {"verifications_201_sms", "verification_200_canceled", "verificationcheck_404_20404"},
	"cancel_nothing": {"verification_404_20404_update"},
	"concurrent_sends_and_checks": {
		"verifications_201_sms", "verifications_201_other",
		"verificationcheck_200_approved", "verificationcheck_404_20404", "verificationcheck_404_20404", "verificationcheck_404_20404",
		"verificationcheck_200_approved_other", "verificationcheck_404_20404_other", "verificationcheck_404_20404_other", "verificationcheck_404_20404_other",
	},
	"errors_match_one_outcome": {"verifications_201_sms", "verificationcheck_200_pending_next"},
	"privacy":                  {"verifications_201_sms", "verificationcheck_200_pending_next", "verificationcheck_200_approved"},

	"capabilities_channel_sms":      {"verifications_201_sms"},
	"capabilities_channel_voice":    {"verifications_201_call"},
	"capabilities_channel_whatsapp": {"verifications_201_whatsapp"},
	"capabilities_channel_email":    {"verifications_201_email"},
	"capabilities_digits_6":         {"verifications_201_sms"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		vendor := fixture.New(t, fixture.Files(scripts[path.Base(t.Name())]...)...)
		return verifytest.Target{
			Verifier: over(t, vendor.Client()),
			Code:     func(string, string) string { return "123456" },
			Advance:  func(time.Duration) {}, // the recordings know what time it is
			Fault:    func(verifytest.Fault) bool { return true },
			Effects: func() int {
				return vendor.Requests(http.MethodPost, "/v2/Services/VA00000000000000000000000000000000/Verifications")
			},
			Secrets: []string{"AC00000000000000000000000000000000", "placeholder"},
		}
	})
}
