package contract_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
)

const gatewayapiContract = "../../gatewayapi/testdata/contract.yaml"

func TestGatewayAPIKeepsTheContract(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg       gatewayapi.Config
		operation string
	}{
		"Messaging API": {gatewayapi.Config{Token: gatewayapitest.Token, Sender: "Acme"}, "single"},
		"Messaging API, all settings": {gatewayapi.Config{
			Token: gatewayapitest.Token, Sender: "123456789012345", Label: strings.Repeat("ø", 128), Priority: "urgent",
		}, "single"},
		"REST API": {gatewayapi.Config{Token: gatewayapitest.Token, Classic: true}, "mtsms"},
		"REST API, all settings": {gatewayapi.Config{
			Token: gatewayapitest.Token, Basic: true, Classic: true, Sender: "Acme Shop 1", Label: "login",
			Priority: "very_urgent", Class: "secret",
		}, "mtsms"},
		"REST API with signatures": {gatewayapi.Config{
			Key: gatewayapitest.Key, Secret: gatewayapitest.Secret, Classic: true, Sender: "1204", Priority: "bulk",
		}, "mtsms"},
	} {
		t.Run(name, func(t *testing.T) {
			e := gatewayapitest.New(gatewayapitest.Options{})
			s := newStrict(t, gatewayapiContract, e)
			tc.cfg.BaseURL = s.URL
			client, err := gatewayapi.New(tc.cfg)
			require.NoError(t, err)

			sent := 0
			for _, to := range []string{"+15005550006", "+6907290", "+999999999999999"} {
				for _, ttl := range []time.Duration{0, time.Second, 10 * time.Minute, 240 * time.Hour} {
					for _, text := range []string{"Acme: 123456", "代码 \"123456\" <&>\n😀", strings.Repeat("x", 1600)} {
						_, err := client.Deliver(t.Context(), otp.Message{
							To: to, Channel: verify.ChannelSMS, Text: text, TTL: ttl, Ref: strings.Repeat("0", 32),
						})
						require.NoError(t, err)
						sent++
					}
				}
			}
			assert.Equal(t, sent, s.requests(tc.operation))
			assert.Equal(t, sent, e.Effects())
		})
	}
}

func TestGatewayAPIsRefusalsKeepTheContract(t *testing.T) {
	for name, cfg := range map[string]gatewayapi.Config{
		"Messaging API": {Token: gatewayapitest.Token, Sender: "Acme"},
		"REST API":      {Token: gatewayapitest.Token, Sender: "Acme", Classic: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := gatewayapitest.New(gatewayapitest.Options{Credit: -1})
			s := newStrict(t, gatewayapiContract, e)
			cfg.BaseURL = s.URL
			client, err := gatewayapi.New(cfg)
			require.NoError(t, err)
			m := otp.Message{To: "+15005550006", Channel: verify.ChannelSMS, Text: "Hi"}
			_, err = client.Deliver(t.Context(), m)
			require.ErrorIs(t, err, verify.ErrUnauthorized, "no credit")
			faults := []gatewayapitest.Fault{gatewayapitest.Refusal(403, "0x0215")}
			if !cfg.Classic {
				faults = append(faults, gatewayapitest.Refusal(403, ""), gatewayapitest.Invalid("recipient"))
			}
			for _, fault := range faults {
				e.Fail(fault)
				_, err = client.Deliver(t.Context(), m)
				require.Error(t, err)
			}
		})
	}
}

func TestGatewayAPIsContractForbids(t *testing.T) {
	post := func(path, body string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Token placeholder")
			return r
		}
	}
	const (
		single      = `{"sender":"Acme","recipient":15005550006,"message":"Hi","expiration":"PT600S","reference":"1"}`
		mtsms       = `{"sender":"Acme","recipients":[{"msisdn":15005550006}],"message":"Hi","validity_period":600}`
		singleRoute = "/mobile/single"
		mtsmsRoute  = "/rest/mtsms"
	)
	but := func(path, good, old, changed string) func() *http.Request {
		require.Contains(t, good, old)
		return post(path, strings.Replace(good, old, changed, 1))
	}
	broken(t, gatewayapiContract, map[string]func() *http.Request{
		"no sender":                  but(singleRoute, single, `"sender":"Acme",`, ""),
		"a sender of two letters":    but(singleRoute, single, "Acme", "Ac"),
		"a sender of twelve letters": but(singleRoute, single, "Acme", "AcmeAcmeAcme"),
		"a sender of sixteen digits": but(singleRoute, single, "Acme", "1234567890123456"),
		"a recipient in quotes":      but(singleRoute, single, "15005550006", `"15005550006"`),
		"a recipient with a plus":    but(singleRoute, single, "15005550006", `"+15005550006"`),
		"a recipient too large":      but(singleRoute, single, "15005550006", "1000000000000000"),
		"no message":                 but(singleRoute, single, `"message":"Hi",`, ""),
		"an expiration as a number":  but(singleRoute, single, `"PT600S"`, "600"),
		"an expiration of nothing":   but(singleRoute, single, "PT600S", "PT0S"),
		"a reference as a number":    but(singleRoute, single, `"reference":"1"`, `"reference":1`),
		"a priority that shouts":     but(singleRoute, single, `"reference":"1"`, `"priority":"URGENT"`),
		"a label too long":           but(singleRoute, single, `"reference":"1"`, `"label":"`+strings.Repeat("x", 129)+`"`),
		"a field of the REST API":    but(singleRoute, single, `"reference":"1"`, `"userref":"1"`),

		"no recipients":                but(mtsmsRoute, mtsms, `{"msisdn":15005550006}`, ""),
		"two recipients":               but(mtsmsRoute, mtsms, `}]`, `},{"msisdn":15017122661}]`),
		"a recipient without more":     but(mtsmsRoute, mtsms, `{"msisdn":15005550006}`, "15005550006"),
		"an encoding of its own":       but(mtsmsRoute, mtsms, `"validity_period":600`, `"encoding":"UCS-2"`),
		"a validity too short":         but(mtsmsRoute, mtsms, "600}", "59}"),
		"a validity too long":          but(mtsmsRoute, mtsms, "600}", "432001}"),
		"a validity as a string":       but(mtsmsRoute, mtsms, "600}", `"600"}`),
		"a priority in small":          but(mtsmsRoute, mtsms, `"validity_period":600`, `"priority":"urgent"`),
		"a class of its own":           but(mtsmsRoute, mtsms, `"validity_period":600`, `"class":"charge"`),
		"a field of the Messaging API": but(mtsmsRoute, mtsms, `"validity_period":600`, `"expiration":"PT600S"`),
		"another path":                 post("/rest/sms", mtsms),
		"no credential": func() *http.Request {
			r := post(singleRoute, single)()
			r.Header.Del("Authorization")
			return r
		},
		"a form": func() *http.Request {
			r := post(mtsmsRoute, "message=Hi")()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
	})
	for path, good := range map[string]string{singleRoute: single, mtsmsRoute: mtsms} {
		_, err := validate(routerOf(t, gatewayapiContract), post(path, good)())
		require.NoError(t, err, "what the table changes is itself good")
	}
}
