package awsverify

import (
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notifyFaults are what Notify shows for each. It names nobody in an answer to a check, and
// one attempt too many is answered as a wrong code.
var notifyFaults = map[verifytest.Fault]awsverifytest.Fault{
	verifytest.FaultRateLimited:          on("send", awsverifytest.Refusal(429, "ThrottlingException", "")),
	verifytest.FaultRateLimitedForAnHour: on("send", hour(awsverifytest.Refusal(429, "ThrottlingException", ""))),
	verifytest.FaultRefusedRecipient:     {On: "send", Status: 400, Body: `{"__type":"ValidationException","fieldList":[{"path":"/destinationIdentity"}]}`},
	verifytest.FaultBadCredentials:       on("send", awsverifytest.Refusal(403, "AccessDeniedException", "")),
	verifytest.FaultServerError:          on("send", effect(awsverifytest.Refusal(500, "InternalServerException", ""))),
	verifytest.FaultBadGateway:           on("send", lost[verifytest.FaultBadGateway]),
	verifytest.FaultReplyLost:            on("send", lost[verifytest.FaultReplyLost]),
	verifytest.FaultTimeout:              on("send", lost[verifytest.FaultTimeout]),
	verifytest.FaultTruncated:            on("send", lost[verifytest.FaultTruncated]),
	verifytest.FaultUnknownBody:          on("send", lost[verifytest.FaultUnknownBody]),
	verifytest.FaultRedirected:           on("send", lost[verifytest.FaultRedirected]),

	verifytest.FaultCheckRateLimitedForAnHour: on("check", hour(awsverifytest.Refusal(429, "ThrottlingException", ""))),
	verifytest.FaultCheckBadCredentials:       on("check", awsverifytest.Refusal(403, "AccessDeniedException", "")),
	verifytest.FaultCheckServerError:          on("check", awsverifytest.Refusal(500, "InternalServerException", "")),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: awsverifytest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: awsverifytest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: awsverifytest.Truncate},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
}

func TestNotifyOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, stateless := range map[string]bool{"with references": false, "stateless": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, func(t *testing.T) verifytest.Target {
				srv := awsverifytest.NewServer(t)
				client, err := NewNotify(NotifyConfig{
					Account: emulatedAccount(), From: sender, VoiceFrom: sender, CodeConfiguration: awsverifytest.CodeConfiguration,
					Stateless: stateless, BaseURL: srv.URL,
				})
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, client.Close()) })
				return verifytest.Target{
					Verifier: client, Code: srv.Code, Effects: srv.Effects, Advance: srv.Advance, Vague: true,
					Fault: func(f verifytest.Fault) bool {
						return verifytest.Arrange(t, srv, client, notifyFaults, f)
					},
					Secrets: []string{awsverifytest.SecretAccessKey},
				}
			})
		})
	}
}

// notifyScripts are the recordings of each scenario. A scenario that is not here makes no
// request.
var notifyScripts = map[string][]string{
	"send":                          {"code_200"},
	"send_hints":                    {"code_200"},
	"send_unreachable":              {"code_refused", "code_refused", "code_refused"},
	"send_rate_limited":             {"code_429", "code_429", "code_429"},
	"send_rate_limited_for_an_hour": {"code_429_hour"},
	"send_refused_recipient":        {"code_400_number"},
	"send_server_error":             {"code_500"},
	"send_bad_gateway":              {"code_502_html"},
	"send_reply_lost":               {"code_reply_lost"},
	"send_timeout":                  {"code_hang"},
	"send_truncated":                {"code_200_truncated"},
	"send_unknown_body":             {"code_200_empty"},
	"send_redirected":               {"code_307"},
	"bad_credentials":               {"code_403"},

	"check_right":                    {"code_200", "validate_200"},
	"check_wrong":                    {"code_200", "validate_200_invalid_wrong"},
	"check_wrong_then_right":         {"code_200", "validate_200_invalid_wrong", "validate_200"},
	"check_twice":                    {"code_200", "validate_200"},
	"check_finished":                 {"code_200", "validate_200"},
	"check_other_recipient":          {"code_200", "validate_200"},
	"check_expired":                  {"code_200", "validate_200_invalid"},
	"check_unreachable":              {"code_200", "validate_refused", "validate_refused", "validate_refused"},
	"check_rate_limited_for_an_hour": {"code_200", "validate_429_hour"},
	"check_bad_credentials":          {"code_200", "validate_403"},
	"check_server_error":             {"code_200", "validate_500"},
	"check_reply_lost":               {"code_200", "validate_reply_lost"},
	"check_reply_lost_once":          {"code_200", "validate_reply_lost"},
	"check_timeout":                  {"code_200", "validate_hang"},
	"check_truncated":                {"code_200", "validate_200_truncated"},
	"check_unknown_body":             {"code_200", "validate_200_empty"},
	"check_not_found":                {"code_200", "validate_404_html"},
	"check_other_subject":            {"code_200"},
	"check_too_many_attempts":        {"code_200"},
	"send_too_many":                  {},
	"send_blocked":                   {},
	"scope_apart":                    {"code_200_login", "validate_200_login"},

	"concurrent_sends_and_checks": {
		"code_200", "code_200_other",
		"validate_200", "validate_200", "validate_200", "validate_200",
		"validate_200_other", "validate_200_other", "validate_200_other", "validate_200_other",
	},
	"errors_match_one_outcome": {"code_200", "validate_200_invalid_wrong"},
	"privacy":                  {"code_200", "validate_200_invalid_wrong", "validate_200"},

	"capabilities_channel_sms":   {"code_200"},
	"capabilities_channel_voice": {"code_200_voice"},
	"capabilities_digits_4":      {"code_200_4_digits"},
	"capabilities_digits_5":      {"code_200_5_digits"},
	"capabilities_digits_6":      {"code_200"},
	"capabilities_digits_7":      {"code_200_7_digits"},
	"capabilities_digits_8":      {"code_200_8_digits"},
}

// A meeting has checks wait until all of them are at AWS, which says yes to each: how many
// would be left to ask is else a matter of luck. One yes counts.
type meeting struct {
	under  http.RoundTripper
	checks int
	once   sync.Once
	all    sync.WaitGroup
}

func (m *meeting) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.checks > 0 && r.URL.Path == checkRoute {
		m.once.Do(func() { m.all.Add(m.checks) })
		m.all.Done()
		m.all.Wait()
	}
	return m.under.RoundTrip(r)
}

func TestNotifyOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		scenario := path.Base(t.Name())
		vendor := fixture.New(t, fixture.Files(notifyScripts[scenario]...)...)
		code := "123456"
		if n, found := strings.CutPrefix(scenario, "capabilities_digits_"); found {
			code = "1234567890"[:n[0]-'0']
		}
		together := 0
		if scenario == "concurrent_sends_and_checks" {
			together = 8
		}
		return verifytest.Target{
			Verifier: overNotify(t, &http.Client{Transport: &meeting{under: vendor, checks: together}}), Vague: true,
			Code:    func(string, string) string { return code },
			Advance: func(time.Duration) {}, // the recordings know what time it is
			Fault: func(f verifytest.Fault) bool {
				_, known := notifyFaults[f]
				return known || f == verifytest.FaultUnreachable || f == verifytest.FaultCheckUnreachable
			},
			Effects: func() int { return vendor.Requests(http.MethodPost, sendRoute) },
			Secrets: []string{"placeholder"},
		}
	})
}
