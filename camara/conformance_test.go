package camara

import (
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/camara/camaratest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/verifytest"
)

// Both ways for an application to prove who it is, and codes that hold letters.
func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]struct{ withKey, letters bool }{
		"with a secret": {}, "with a key": {withKey: true}, "with letters": {letters: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, func(t *testing.T) verifytest.Target { return overTheEmulator(t, kind.withKey, kind.letters) })
		})
	}
}

func overTheEmulator(t *testing.T, withKey, letters bool) verifytest.Target {
	opts, cfg := camaratest.Options{}, settings()
	if letters {
		const alphabet = "AbCdEfGhJk"
		opts.NewCode = func(int) string {
			return strings.Map(func(r rune) rune { return rune(alphabet[r-'0']) }, emulator.Digits(6))
		}
		cfg.CodeLength = 0
	}
	srv := camaratest.NewServer(t, opts)
	cfg.ClientID, cfg.ClientSecret, cfg.BaseURL, cfg.TokenURL = camaratest.ClientID, camaratest.ClientSecret, srv.URL, camaratest.TokenPath
	secret := cfg.ClientSecret
	if withKey {
		cfg.ClientSecret, cfg.PrivateKey = "", applicationKey()
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
		Secrets: []string{secret, "emulated."},
	}
}

var applicationKey = sync.OnceValue(camaratest.NewKey)

func settings() Config {
	return Config{
		APIRoot: "api.operator.example", TokenURL: "https://auth.operator.example/oauth2/token",
		ClientID: "placeholder-client", ClientSecret: "placeholder-secret", CodeLength: 6,
	}
}

// faults are what an operator shows for each. It names nobody in a yes; what stands for
// the subject of another is the correlator of another request.
var faults = map[verifytest.Fault]camaratest.Fault{
	verifytest.FaultRateLimited:          refusal("send", 429, "TOO_MANY_REQUESTS", nil),
	verifytest.FaultRateLimitedForAnHour: refusal("send", 429, "TOO_MANY_REQUESTS", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManySends:         refusal("send", 403, "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED", nil),
	verifytest.FaultRefusedRecipient:     refusal("send", 403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED", nil),
	verifytest.FaultBlocked:              refusal("send", 403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED", nil),
	verifytest.FaultBadCredentials:       refusal("send", 401, "UNAUTHENTICATED", nil),
	verifytest.FaultServerError:          effect(refusal("send", 500, "INTERNAL", nil)),
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {On: "send", Break: camaratest.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: camaratest.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refusal("check", 429, "TOO_MANY_REQUESTS", http.Header{"Retry-After": {"3600"}}),
	verifytest.FaultTooManyAttempts:           refusal("check", 400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED", nil),
	verifytest.FaultCheckBadCredentials:       refusal("check", 401, "UNAUTHENTICATED", nil),
	verifytest.FaultCheckServerError:          refusal("check", 500, "INTERNAL", nil),
	verifytest.FaultCheckReplyLost:            {On: "check", Break: camaratest.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: camaratest.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: camaratest.Garbage, Effect: true}, // a 204 has no body that could be cut
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Effect: true, Body: `{}`},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: `<html>`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 204, Header: http.Header{"X-Correlator": {"b4333c46-49c0-4f62-80d7-f0ef930f1c46"}}},
}

func refusal(on string, status int, code string, header http.Header) camaratest.Fault {
	f := camaratest.Refusal(status, code)
	f.On, f.Header = on, header
	return f
}

func effect(f camaratest.Fault) camaratest.Fault {
	f.Effect = true
	return f
}

// scripts are the recordings of each scenario, after that of a token. A scenario that is
// not here makes no request.
var scripts = map[string][]string{
	"send":                          {"send_200"},
	"send_hints":                    {"send_200"},
	"send_unreachable":              {"send_refused", "send_refused", "send_refused"},
	"send_rate_limited":             {"send_429", "send_429", "send_429"},
	"send_rate_limited_for_an_hour": {"send_429_hour"},
	"send_too_many":                 {"send_403_max"},
	"send_refused_recipient":        {"send_403_not_allowed"},
	"send_blocked":                  {"send_403_blocked"},
	"send_server_error":             {"send_500"},
	"send_bad_gateway":              {"send_502_html"},
	"send_reply_lost":               {"send_reply_lost"},
	"send_timeout":                  {"send_hang"},
	"send_truncated":                {"send_200_truncated"},
	"send_unknown_body":             {"send_200_empty"},
	"send_redirected":               {"send_307"},
	"bad_credentials":               {"send_401", "token_200", "send_401"},

	"check_right":                    {"send_200", "check_204"},
	"check_wrong":                    {"send_200", "check_400_wrong"},
	"check_wrong_then_right":         {"send_200", "check_400_wrong", "check_204"},
	"check_twice":                    {"send_200", "check_204"},
	"check_finished":                 {"send_200", "check_204"},
	"check_other_recipient":          {"send_200", "check_204"},
	"check_expired":                  {"send_200", "check_400_expired"},
	"check_unreachable":              {"send_200", "check_refused", "check_refused", "check_refused"},
	"check_rate_limited_for_an_hour": {"send_200", "check_429_hour"},
	"check_too_many_attempts":        {"send_200", "check_400_failed"},
	"check_bad_credentials":          {"send_200", "check_401", "token_200", "check_401"},
	"check_server_error":             {"send_200", "check_500"},
	"check_reply_lost":               {"send_200", "check_reply_lost"},
	"check_reply_lost_once":          {"send_200", "check_reply_lost"},
	"check_timeout":                  {"send_200", "check_hang"},
	"check_truncated":                {"send_200", "check_200_truncated"},
	"check_unknown_body":             {"send_200", "check_200"},
	"check_not_found":                {"send_200", "check_404_html"},
	"check_other_subject":            {"send_200", "check_204_stranger"},

	"concurrent_sends_and_checks": {
		"send_200", "send_200_other",
		"check_204", "check_204", "check_204", "check_204",
		"check_204_other", "check_204_other", "check_204_other", "check_204_other",
	},
	"errors_match_one_outcome": {"send_200", "check_400_wrong"},
	"privacy":                  {"send_200", "check_400_wrong", "check_204"},

	"capabilities_channel_sms": {"send_200"},
	"capabilities_digits_6":    {"send_200"},
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
			Effects:  func() int { return vendor.Requests(http.MethodPost, "/one-time-password-sms/v1/send-code") },
			Secrets:  []string{"placeholder-client", "placeholder-secret", "placeholder-access-token"},
		}
	})
}

// A meeting has checks wait until all of them are at the operator, which says yes to
// each: how many would be left to ask is else a matter of luck.
type meeting struct {
	under  http.RoundTripper
	checks int
	once   sync.Once
	all    sync.WaitGroup
}

func (m *meeting) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.checks > 0 && strings.HasSuffix(r.URL.Path, "/validate-code") {
		m.once.Do(func() { m.all.Add(m.checks) })
		m.all.Done()
		m.all.Wait()
	}
	return m.under.RoundTrip(r)
}

// recordings returns a transport that plays a token and these files.
func recordings(t *testing.T, names ...string) *fixture.Transport {
	if len(names) == 0 {
		return fixture.New(t)
	}
	return fixture.New(t, fixture.Files(append([]string{"token_200"}, names...)...)...)
}

func over(t *testing.T, vendor *fixture.Transport) *Client {
	return overTransport(t, vendor.Client().Transport)
}

// overTransport makes a client whose correlators are those of the recordings.
func overTransport(t *testing.T, vendor http.RoundTripper) *Client {
	cfg := settings()
	cfg.HTTPClient = &http.Client{Transport: vendor}
	c, err := New(cfg)
	require.NoError(t, err)
	clear(c.secret)
	return c
}
