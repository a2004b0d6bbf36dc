package gatewayapi

import (
	"context"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"Messaging API":            {Token: gatewayapitest.Token, Sender: "Acme"},
		"REST API":                 {Token: gatewayapitest.Token, Sender: "Acme", Classic: true},
		"REST API with signatures": {Key: gatewayapitest.Key, Secret: gatewayapitest.Secret, Sender: "Acme", Classic: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
				srv := gatewayapitest.NewServer(t)
				cfg := cfg
				cfg.BaseURL = srv.URL
				client, err := New(cfg)
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, client.Close()) })
				return verifytest.MessengerTarget{
					Messenger: client, Arrived: srv.LastText, Effects: srv.Effects,
					Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
					Secrets: []string{gatewayapitest.Token, gatewayapitest.Key, gatewayapitest.Secret},
				}
			})
		})
	}
}

// recorded writes what the recordings were made with.
type recorded struct{ otp.Messenger }

func (r recorded) Deliver(ctx context.Context, m otp.Message) (string, error) {
	m.Text, m.Ref = acme, reference
	return r.Messenger.Deliver(ctx, m)
}

// faults are what GatewayAPI shows for each. It checks no codes, so those of a
// check are the engine's own.
var faults = map[verifytest.Fault]gatewayapitest.Fault{
	verifytest.FaultRateLimited:          gatewayapitest.Refusal(http.StatusTooManyRequests, ""),
	verifytest.FaultRateLimitedForAnHour: hour(gatewayapitest.Refusal(http.StatusTooManyRequests, "")),
	verifytest.FaultTooManySends:         gatewayapitest.Refusal(http.StatusForbidden, "0x0214"),
	verifytest.FaultBlocked:              gatewayapitest.Refusal(http.StatusForbidden, "0x0215"),
	verifytest.FaultRefusedRecipient:     gatewayapitest.Invalid("recipient"),
	verifytest.FaultBadCredentials:       gatewayapitest.Refusal(http.StatusForbidden, ""),
	verifytest.FaultServerError:          {Status: 500, Effect: true, Body: `{"incident_uuid":"x","message":"x"}`},
	verifytest.FaultBadGateway:           {Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {Break: gatewayapitest.Close, Effect: true},
	verifytest.FaultTimeout:              {Delay: time.Hour},
	verifytest.FaultTruncated:            {Break: gatewayapitest.Truncate},
	verifytest.FaultUnknownBody:          {Status: 202, Effect: true, Body: `{"status":"ok"}`},
	verifytest.FaultRedirected:           {Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},
}

func hour(f gatewayapitest.Fault) gatewayapitest.Fault {
	f.Header = http.Header{"Retry-After": {"3600"}}
	return f
}

// scripts are the recordings of the scenarios that make other requests than one
// healthy Send, or none.
var scripts = map[string][]string{
	"send_bad_recipient":            {},
	"send_unsupported_channel":      {},
	"send_unsupported_digits":       {},
	"send_unsupported_scope":        {},
	"canceled_before":               {},
	"check_never_sent":              {},
	"check_malformed":               {},
	"idempotency_key_malformed":     {},
	"check_bad_recipient":           {},
	"cancel_nothing":                {},
	"capabilities_honest":           {},
	"capabilities_channel_voice":    {},
	"capabilities_channel_whatsapp": {},
	"capabilities_channel_email":    {},
	"capabilities_digits_4":         {},
	"capabilities_digits_5":         {},
	"check_expired":                 {},
	"send_unreachable":              {"single_refused", "single_refused", "single_refused"},
	"send_rate_limited":             {"single_429", "single_429", "single_429"},
	"send_rate_limited_for_an_hour": {"single_429_hour"},
	"send_too_many":                 {"single_403_0x0214"},
	"send_blocked":                  {"single_403_0x0215"},
	"send_refused_recipient":        {"single_422_recipient"},
	"send_server_error":             {"single_500"},
	"send_bad_gateway":              {"single_502_html"},
	"send_reply_lost":               {"single_reply_lost"},
	"send_timeout":                  {"single_hang"},
	"send_truncated":                {"single_202_truncated"},
	"send_unknown_body":             {"single_202_empty"},
	"send_redirected":               {"single_307"},
	"bad_credentials":               {"single_403"},
	"concurrent_sends_and_checks":   {"single_202", "single_202_other"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		files, scripted := scripts[path.Base(t.Name())]
		if !scripted {
			files = []string{"single_202"}
		}
		vendor := played(t, files...)
		return verifytest.MessengerTarget{
			Messenger: recorded{over(t, vendor.Client(), "single")},
			Effects:   func() int { return vendor.Requests(http.MethodPost, "/mobile/single") },
			Fault: func(f verifytest.Fault) bool {
				_, known := faults[f]
				return known || f == verifytest.FaultUnreachable
			},
			Secrets: []string{"placeholder"},
		}
	})
}
