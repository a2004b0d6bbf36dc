package contract_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
)

const (
	twilioContract = "../../twilio/testdata/contract.yaml"
	boundService   = "VA00000000000000000000000000000002"
)

func strictTwilio(t *testing.T, change func(*twilio.Config)) (*twilio.Client, *twiliotest.Emulator, *strict) {
	e := twiliotest.New(twiliotest.Options{Services: []twiliotest.Service{
		{SID: twiliotest.ServiceSID}, {SID: boundService, PSD2: true},
	}})
	s := newStrict(t, twilioContract, e)
	cfg := twilio.Config{
		AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken, BaseURL: s.URL,
		Service: twilio.Service{SID: twiliotest.ServiceSID},
		Scopes:  map[string]twilio.Service{"payment": {SID: boundService, PSD2: true}},
	}
	change(&cfg)
	client, err := twilio.New(cfg)
	require.NoError(t, err)
	return client, e, s
}

func TestTwilioKeepsTheContract(t *testing.T) {
	for name, change := range map[string]func(*twilio.Config){
		"with the account's token": func(*twilio.Config) {},
		"with an API key": func(c *twilio.Config) {
			c.AccountSID, c.AuthToken = "", ""
			c.APIKeySID, c.APIKeySecret = twiliotest.APIKeySID, twiliotest.APIKeySecret
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, e, s := strictTwilio(t, change)
			ctx := t.Context()
			for channel, to := range map[verify.Channel]string{
				verify.ChannelSMS: "+15005550006", verify.ChannelVoice: "+15017122661",
				verify.ChannelWhatsApp: "+491234567890123", verify.ChannelEmail: "a.b+c@mail.example.com",
			} {
				_, err := client.Send(ctx, to, verify.WithChannel(channel), verify.WithDigits(6),
					verify.WithLocale("pt-BR"), verify.WithClientIP(netip.MustParseAddr("2001:db8::1")),
					twilio.WithTag("tenant", "7"), twilio.WithRateLimit("end_user_ip", "192.0.2.1"),
					twilio.WithSubstitution("name", "Ann & Bob = 1"))
				require.NoError(t, err, channel)
				_, err = client.Fetch(ctx, to)
				require.NoError(t, err)
				require.NoError(t, client.Check(ctx, to, e.Code(to, "")))
				_, err = client.Send(ctx, to, verify.WithChannel(channel))
				require.NoError(t, err)
				require.NoError(t, client.Cancel(ctx, to))
			}
			_, err := client.Send(ctx, "+6907290", verify.WithClientIP(netip.MustParseAddr("192.0.2.1")),
				twilio.WithTemplate("HJ00000000000000000000000000000000"), twilio.WithAppHash("AAAAAAAAA+/"))
			require.NoError(t, err)
			scope, amount := verify.WithScope("payment"), verify.WithTransaction("€39.99", "Acme & Søn")
			_, err = client.Send(ctx, "+15005550006", scope, amount)
			require.NoError(t, err)
			require.NoError(t, client.Check(ctx, "+15005550006", e.Code("+15005550006", boundService), scope, amount))
			assert.Equal(t, []int{10, 5, 4, 4},
				[]int{s.requests("send"), s.requests("check"), s.requests("update"), s.requests("fetch")})
		})
	}
}

func TestTwiliosRefusalsKeepTheContract(t *testing.T) {
	client, _, _ := strictTwilio(t, func(*twilio.Config) {})
	ctx := t.Context()
	require.ErrorIs(t, client.Check(ctx, "+15005550006", "123456"), verify.ErrNotPending)
	require.NoError(t, client.Cancel(ctx, "+15005550006"))
	for range 5 {
		_, err := client.Send(ctx, "+15005550006")
		require.NoError(t, err)
	}
	_, err := client.Send(ctx, "+15005550006")
	require.ErrorIs(t, err, verify.ErrTooManySends)
}

func TestTwiliosContractForbids(t *testing.T) {
	post := func(path, body string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth("user", "placeholder")
			return r
		}
	}
	const (
		service = "/v2/Services/" + twiliotest.ServiceSID
		send    = service + "/Verifications"
		check   = service + "/VerificationCheck"
		good    = "To=%2B15005550006&Channel=sms"
	)
	broken(t, twilioContract, map[string]func() *http.Request{
		"no recipient":                post(send, "Channel=sms"),
		"no channel":                  post(send, "To=%2B15005550006"),
		"a recipient without a plus":  post(send, "To=15005550006&Channel=sms"),
		"a plus that is not escaped":  post(send, "To=+15005550006&Channel=sms"),
		"our own word for a call":     post(send, "To=%2B15005550006&Channel=voice"),
		"a channel without a code":    post(send, "To=%2B15005550006&Channel=sna"),
		"a template of another kind":  post(send, good+"&TemplateSid=VA00000000000000000000000000000000"),
		"tags that are no object":     post(send, good+"&Tags=a"),
		"limits that are no object":   post(send, good+"&RateLimits=%5B%5D"),
		"a hash that is too short":    post(send, good+"&AppHash=AAAA"),
		"a locale with an underscore": post(send, good+"&Locale=pt_BR"),
		"a field not of the API":      post(send, good+"&CodeLength=6"),
		"a Service of another kind":   post("/v2/Services/AC00000000000000000000000000000000/Verifications", good),
		"a check without a code":      post(check, "To=%2B15005550006"),
		"a check of a short code":     post(check, "To=%2B15005550006&Code=123"),
		"a check of letters":          post(check, "To=%2B15005550006&Code=12345O"),
		"an update to nothing":        post(send+"/%2B15005550006", "Status=pending"),
		"an update of nobody":         post(send+"/15005550006", "Status=canceled"),
		"another path":                post(service+"/Verification", good),
		"no credential": func() *http.Request {
			r := post(send, good)()
			r.Header.Del("Authorization")
			return r
		},
		"a body in JSON": func() *http.Request {
			r := post(send, `{"To":"+15005550006","Channel":"sms"}`)()
			r.Header.Set("Content-Type", "application/json")
			return r
		},
	})
}
