package contract_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

const bandwidthContract = "../../bandwidth/testdata/contract.yaml"

func bandwidthConfig(url string) bandwidth.Config {
	return bandwidth.Config{
		AccountID: bandwidthtest.AccountID, ClientID: bandwidthtest.ClientID, ClientSecret: bandwidthtest.ClientSecret,
		SMSApplicationID: bandwidthtest.SMSApplicationID, VoiceApplicationID: bandwidthtest.VoiceApplicationID,
		From: bandwidthtest.From, BaseURL: url,
	}
}

func TestBandwidthKeepsTheContract(t *testing.T) {
	const to = "+15005550006"
	for name, change := range map[string]func(*bandwidth.Config){
		"with an API credential": func(*bandwidth.Config) {},
		"with all settings": func(c *bandwidth.Config) {
			c.Message = "{NAME} <{SCOPE}> " + strings.Repeat("é", 2000) + "\n{CODE}"
			c.Expiry = time.Minute
			c.CallbackURL = "https://app.example.com/status?key=placeholder"
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := bandwidthtest.New(bandwidthtest.Options{})
			s := newStrict(t, bandwidthContract, e)
			cfg := bandwidthConfig(s.URL)
			change(&cfg)
			client, err := bandwidth.New(cfg)
			require.NoError(t, err)

			for _, scope := range []string{"", "s", strings.Repeat("s", 25)} {
				for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice} {
					for digits := 4; digits <= 8; digits++ {
						_, err := client.Send(t.Context(), to, verify.WithScope(scope), verify.WithChannel(channel),
							verify.WithDigits(digits), verify.WithLocale("da"), verify.WithClientIP(netip.MustParseAddr("192.0.2.1")))
						require.NoError(t, err)
						require.NoError(t, client.Check(t.Context(), to, e.Code(to, scope), verify.WithScope(scope)))
					}
				}
			}
			_, err = client.Send(t.Context(), "+491234567890123", bandwidth.WithMessage("Din kode: {CODE}"))
			require.NoError(t, err)
			_, err = client.Send(t.Context(), "+6907290")
			require.NoError(t, err)
			require.ErrorIs(t, client.Check(t.Context(), "+6907290", "00000000"), verify.ErrMismatch)
			assert.Equal(t, 17, s.requests("sms"))
			assert.Equal(t, 15, s.requests("voice"))
			assert.Equal(t, 31, s.requests("check"))
			assert.Equal(t, e.Tokens(), s.requests("token"))
		})
	}
}

func TestBandwidthsRefusalsKeepTheContract(t *testing.T) {
	e := bandwidthtest.New(bandwidthtest.Options{})
	s := newStrict(t, bandwidthContract, e)
	client, err := bandwidth.New(bandwidthConfig(s.URL))
	require.NoError(t, err)
	for _, status := range []int{400, 401, 403, 429, 500} {
		refusal := bandwidthtest.Refusal(status)
		refusal.Times = 3
		refusal.Header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		e.Fail(refusal)
		require.Error(t, client.Check(t.Context(), "+15005550006", "123456"))
		e.Heal()
	}
}

func TestBandwidthsContractForbids(t *testing.T) {
	code := func(path, body string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.SetBasicAuth("user", "placeholder")
			return r
		}
	}
	const (
		messaging = "/accounts/9900000/code/messaging"
		calls     = "/accounts/9900000/code/voice"
		check     = "/accounts/9900000/code/verify"
	)
	good := `{"to":"+15005550006","from":"+15017122661","applicationId":"a","message":"{CODE}","digits":6}`
	but := func(old, changed string) func() *http.Request {
		require.Contains(t, good, old)
		return code(messaging, strings.Replace(good, old, changed, 1))
	}
	broken(t, bandwidthContract, map[string]func() *http.Request{
		"no recipient":               but(`"to":"+15005550006",`, ""),
		"a recipient without a plus": but(`+15005550006`, "15005550006"),
		"no sender":                  but(`"from":"+15017122661",`, ""),
		"no application":             but(`"applicationId":"a",`, ""),
		"too long an application":    but(`"a"`, `"`+strings.Repeat("a", 51)+`"`),
		"a message without the code": but("{CODE}", "hello"),
		"too long a message":         but("{CODE}", "{CODE}"+strings.Repeat("x", 2043)),
		"three digits":               but("6}", "3}"),
		"nine digits":                but("6}", "9}"),
		"digits as a string":         but("6}", `"6"}`),
		"an empty scope":             but("6}", `6,"scope":""}`),
		"too long a scope":           but("6}", `6,"scope":"`+strings.Repeat("s", 26)+`"}`),
		"a field not of the API":     but("6}", `6,"locale":"da"}`),
		"a callback over plain http": but("6}", `6,"callbackUrl":"http://app.example.com"}`),
		"a callback of a call":       code(calls, strings.Replace(good, "6}", `6,"callbackUrl":"https://app.example.com"}`, 1)),
		"a check without an age":     code(check, `{"to":"+15005550006","code":"123456"}`),
		"a check of 16 minutes":      code(check, `{"to":"+15005550006","expirationTimeInMinutes":16,"code":"123456"}`),
		"a check of no minutes":      code(check, `{"to":"+15005550006","expirationTimeInMinutes":0,"code":"123456"}`),
		"a check of a short code":    code(check, `{"to":"+15005550006","expirationTimeInMinutes":3,"code":"123"}`),
		"a check of a long code":     code(check, `{"to":"+15005550006","expirationTimeInMinutes":3,"code":"123456789"}`),
		"a code as a number":         code(check, `{"to":"+15005550006","expirationTimeInMinutes":3,"code":123456}`),
		"an application at a check":  code(check, `{"to":"+15005550006","expirationTimeInMinutes":3,"code":"123456","applicationId":"a"}`),
		"another path":               code("/accounts/9900000/code/whatsapp", good),
		"no credential": func() *http.Request {
			r := code(messaging, good)()
			r.Header.Del("Authorization")
			return r
		},
		"a form": func() *http.Request {
			r := code(messaging, "to=%2B15005550006")()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"a token of another grant": func() *http.Request {
			r := code("/api/v1/oauth2/token", "grant_type=password")()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"a token for a token": func() *http.Request {
			r := code("/api/v1/oauth2/token", "grant_type=client_credentials")()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Authorization", "Bearer placeholder")
			return r
		},
	})
	_, err := validate(routerOf(t, bandwidthContract), code(messaging, good)())
	require.NoError(t, err, "what the table changes is itself good")
}
