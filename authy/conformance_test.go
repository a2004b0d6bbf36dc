package authy_test

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/require"
)

func TestUsersOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		users, srv := emulated(t)
		require.NoError(t, users.Register(t.Context(), verifytest.OtherEmail, verifytest.Other))
		target := emulatorTarget(srv, users.Close)
		target.Verifier, target.Vague = users, true // a wrong code and none look the same
		return target
	})
}

func TestPhoneOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		client, srv := emulatedPhone(t)
		target := emulatorTarget(srv, client.Close)
		target.Verifier = client
		return target
	})
}

func emulatorTarget(srv *authytest.Server, disconnect func() error) verifytest.Target {
	return verifytest.Target{
		Code:    srv.Code,
		Advance: srv.Advance,
		Effects: srv.Effects,
		Secrets: []string{authytest.APIKey},
		Fault: func(f verifytest.Fault) bool {
			if f == verifytest.FaultUnreachable || f == verifytest.FaultCheckUnreachable {
				srv.Close()
				return disconnect() == nil // no connection of before is left
			}
			fault, ok := emulatorFaults[f]
			fault.On = "send"
			if strings.HasPrefix(string(f), "check_") || f == verifytest.FaultTooManyAttempts {
				fault.On = "check"
			}
			if fault.Times == 0 {
				fault.Times = -1
			}
			if ok {
				srv.Fail(fault)
			}
			return ok
		},
	}
}

var hour = http.Header{"Retry-After": {"3600"}}

// emulatorFaults are what the emulator shows. It can show no approval of somebody
// else, since no answer of Authy's to a check names anybody.
var emulatorFaults = map[verifytest.Fault]authytest.Fault{
	verifytest.FaultRateLimited:               {Status: 429, Body: `{"success":false}`},
	verifytest.FaultRateLimitedForAnHour:      {Status: 429, Body: `{"success":false}`, Header: hour},
	verifytest.FaultTooManySends:              authytest.Refusal(429, 60003),
	verifytest.FaultBlocked:                   authytest.Refusal(403, 60115),
	verifytest.FaultRefusedRecipient:          authytest.Refusal(403, 60082),
	verifytest.FaultBadCredentials:            authytest.Refusal(401, 60001),
	verifytest.FaultServerError:               {Effect: true, Status: 500, Body: `{"success":false}`},
	verifytest.FaultBadGateway:                {Effect: true, Status: 502, Body: `<html>`},
	verifytest.FaultReplyLost:                 {Effect: true, Break: authytest.Reset},
	verifytest.FaultTimeout:                   {Effect: true, Delay: time.Minute},
	verifytest.FaultTruncated:                 {Break: authytest.Truncate},
	verifytest.FaultUnknownBody:               {Effect: true, Status: 200, Body: `{"message":"Hello."}`},
	verifytest.FaultRedirected:                {Effect: true, Status: 307, Header: http.Header{"Location": {"https://example.com/"}}},
	verifytest.FaultCheckRateLimitedForAnHour: {Status: 429, Body: `{"success":false}`, Header: hour},
	verifytest.FaultTooManyAttempts:           authytest.Refusal(429, 60003),
	verifytest.FaultCheckBadCredentials:       authytest.Refusal(401, 60001),
	verifytest.FaultCheckServerError:          {Effect: true, Status: 500, Body: `{"success":false}`},
	verifytest.FaultCheckReplyLost:            {Effect: true, Break: authytest.Close},
	verifytest.FaultCheckReplyLostOnce:        {Effect: true, Break: authytest.Close, Times: 1},
	verifytest.FaultCheckTimeout:              {Effect: true, Delay: time.Minute},
	verifytest.FaultCheckTruncated:            {Break: authytest.Truncate},
	verifytest.FaultCheckNotFound:             {Status: 404, Body: `<html>`},
	verifytest.FaultCheckUnknownBody:          {Effect: true, Status: 200, Body: `{"message":"Verification code is correct."}`},
}

func TestUsersOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		vendor := played(t, recordingsOf(t, usersScripts, "sms_200_sent")...)
		return verifytest.Target{
			Verifier: replayed(t, vendor),
			Code:     func(string, string) string { return "1234567" },
			Advance:  func(time.Duration) {}, // the recordings are those of later
			Fault:    playable(t, usersScripts),
			Vague:    true,
			Secrets:  []string{"placeholder"},
			Effects: func() int {
				n := 0
				for _, way := range []string{"sms/1000", "sms/1001", "call/1000"} {
					n += vendor.Requests(http.MethodGet, "/protected/json/"+way)
				}
				return n
			},
		}
	})
}

func TestPhoneOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		vendor := played(t, recordingsOf(t, phoneScripts, "start_200_sms")...)
		return verifytest.Target{
			Verifier: replayedPhone(t, vendor),
			Code:     func(string, string) string { return codeOf(t) },
			Advance:  func(time.Duration) {},
			Fault:    playable(t, phoneScripts),
			Secrets:  []string{"placeholder"},
			Effects: func() int {
				return vendor.Requests(http.MethodPost, "/protected/json/phones/verification/start")
			},
		}
	})
}

// codeOf is as long as the scenario asks for.
func codeOf(t *testing.T) string {
	if n := strings.TrimPrefix(path.Base(t.Name()), "capabilities_digits_"); n != path.Base(t.Name()) {
		return "1234567890"[:slices.Index([]string{"4", "5", "6", "7", "8", "9", "10"}, n)+4]
	}
	return "123456"
}

// recordingsOf lists the recordings of a scenario: those of the table, or for a fault
// that is not played those before it.
func recordingsOf(t *testing.T, scripts map[string]string, send string) []string {
	text, ok := scripts[path.Base(t.Name())]
	if !ok && path.Base(t.Name()) == "check_other_subject" {
		text = send
	}
	return strings.Fields(text)
}

// playable plays the faults of the table's scenarios, which their recordings are.
func playable(t *testing.T, scripts map[string]string) func(verifytest.Fault) bool {
	return func(verifytest.Fault) bool { return scripts[path.Base(t.Name())] != "" }
}

// usersScripts are recordings by scenario. Faults of transport stand as often as
// the policy tries.
var usersScripts = map[string]string{
	"send":                          "sms_200_sent",
	"send_hints":                    "sms_200_locale",
	"send_unreachable":              "sms_refused sms_refused sms_refused",
	"send_rate_limited":             "sms_429 sms_429 sms_429",
	"send_rate_limited_for_an_hour": "sms_429_hour",
	"send_too_many":                 "sms_429_60003",
	"send_blocked":                  "sms_400_60115",
	"send_refused_recipient":        "sms_400_60108",
	"send_server_error":             "sms_500",
	"send_bad_gateway":              "sms_502_html",
	"send_reply_lost":               "sms_reply_lost",
	"send_timeout":                  "sms_hang",
	"send_truncated":                "sms_200_truncated",
	"send_unknown_body":             "sms_200_unknown",
	"send_redirected":               "sms_307",
	"bad_credentials":               "sms_401_60001",

	"check_right":                    "sms_200_sent verify_200_valid",
	"check_wrong":                    "sms_200_sent verify_401_60020_wrong",
	"check_wrong_then_right":         "sms_200_sent verify_401_60020_wrong verify_200_valid",
	"check_twice":                    "sms_200_sent verify_200_valid verify_401_60019",
	"check_finished":                 "sms_200_sent verify_200_valid verify_401_60020_wrong",
	"check_never_sent":               "verify_401_60020",
	"check_other_recipient":          "sms_200_sent verify_401_60020_other verify_200_valid",
	"check_expired":                  "sms_200_sent verify_401_60020",
	"check_unreachable":              "sms_200_sent verify_refused verify_refused",
	"check_rate_limited_for_an_hour": "sms_200_sent verify_429_hour",
	"check_too_many_attempts":        "sms_200_sent verify_429_60003",
	"check_bad_credentials":          "sms_200_sent verify_401_60001",
	"check_server_error":             "sms_200_sent verify_500 verify_500",
	"check_reply_lost":               "sms_200_sent verify_reply_lost verify_reply_lost",
	"check_reply_lost_once":          "sms_200_sent verify_reply_lost verify_401_60019",
	"check_timeout":                  "sms_200_sent verify_hang",
	"check_truncated":                "sms_200_sent verify_200_truncated verify_200_truncated",
	"check_unknown_body":             "sms_200_sent verify_200_unknown",
	"check_not_found":                "sms_200_sent verify_404_html",

	"scope_apart": "sms_200_action verify_401_60020 verify_200_valid_action",
	"concurrent_sends_and_checks": "sms_200_sent sms_200_sent_other " +
		"verify_200_valid verify_401_60019 verify_401_60019 verify_401_60019 " +
		"verify_200_valid_other verify_401_60019_other verify_401_60019_other verify_401_60019_other",
	"errors_match_one_outcome":   "sms_200_sent verify_401_60020_wrong",
	"privacy":                    "sms_200_sent verify_401_60020_wrong verify_200_valid",
	"capabilities_channel_sms":   "sms_200_sent",
	"capabilities_channel_voice": "call_200_started",
	"capabilities_digits_7":      "sms_200_sent",
}

var phoneScripts = map[string]string{
	"send":                          "start_200_sms",
	"send_hints":                    "start_200_locale",
	"send_unreachable":              "start_refused start_refused start_refused",
	"send_rate_limited":             "start_429 start_429 start_429",
	"send_rate_limited_for_an_hour": "start_429_hour",
	"send_too_many":                 "start_429_60003",
	"send_blocked":                  "start_400_60115",
	"send_refused_recipient":        "start_403_60082",
	"send_server_error":             "start_500",
	"send_bad_gateway":              "start_502_html",
	"send_reply_lost":               "start_reply_lost",
	"send_timeout":                  "start_hang",
	"send_truncated":                "start_200_truncated",
	"send_unknown_body":             "start_200_unknown",
	"send_redirected":               "start_307",
	"bad_credentials":               "start_401_60001",

	"check_right":                    "start_200_sms check_200_correct",
	"check_wrong":                    "start_200_sms check_401_60022_wrong",
	"check_wrong_then_right":         "start_200_sms check_401_60022_wrong check_200_correct",
	"check_twice":                    "start_200_sms check_200_correct check_404_60023",
	"check_finished":                 "start_200_sms check_200_correct check_404_60023_wrong",
	"check_never_sent":               "check_404_60023",
	"check_other_recipient":          "start_200_sms check_404_60023_other check_200_correct",
	"check_expired":                  "start_200_sms check_404_60023",
	"check_unreachable":              "start_200_sms check_refused check_refused",
	"check_rate_limited_for_an_hour": "start_200_sms check_429_hour",
	"check_too_many_attempts":        "start_200_sms check_429_60003",
	"check_bad_credentials":          "start_200_sms check_401_60001",
	"check_server_error":             "start_200_sms check_500 check_500",
	"check_reply_lost":               "start_200_sms check_reply_lost check_reply_lost",
	"check_reply_lost_once":          "start_200_sms check_reply_lost check_404_60023",
	"check_timeout":                  "start_200_sms check_hang",
	"check_truncated":                "start_200_sms check_200_truncated check_200_truncated",
	"check_unknown_body":             "start_200_sms check_200_unknown",
	"check_not_found":                "start_200_sms check_404_html",

	"concurrent_sends_and_checks": "start_200_sms start_200_sms_other " +
		"check_200_correct check_404_60023 check_404_60023 check_404_60023 " +
		"check_200_correct_other check_404_60023_other check_404_60023_other check_404_60023_other",
	"errors_match_one_outcome":   "start_200_sms check_401_60022_wrong",
	"privacy":                    "start_200_sms check_401_60022_wrong check_200_correct",
	"capabilities_channel_sms":   "start_200_sms",
	"capabilities_channel_voice": "start_200_call",
	"capabilities_digits_4":      "start_200_4_digits",
	"capabilities_digits_5":      "start_200_5_digits",
	"capabilities_digits_6":      "start_200_sms",
	"capabilities_digits_7":      "start_200_7_digits",
	"capabilities_digits_8":      "start_200_8_digits",
	"capabilities_digits_9":      "start_200_9_digits",
	"capabilities_digits_10":     "start_200_10_digits",
}
