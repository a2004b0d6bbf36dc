package telegram

import (
	"context"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		srv := telegramtest.NewServer(t)
		client, err := New(Config{Token: telegramtest.Token, BaseURL: srv.URL})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.MessengerTarget{
			Messenger: client, Arrived: srv.LastText, Effects: srv.Effects,
			Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets: []string{telegramtest.Token},
		}
	})
}

// recorded writes what the recordings were made with.
type recorded struct{ otp.CodeMessenger }

func (r recorded) DeliverCode(ctx context.Context, m otp.CodeMessage) (string, error) {
	m.Code, m.Ref = "123456", reference
	return r.CodeMessenger.DeliverCode(ctx, m)
}

// faults are what Telegram shows for each. It checks no codes, so those of a
// check are the engine's own. It has said before that it reaches the number.
var faults = atSend(map[verifytest.Fault]telegramtest.Fault{
	verifytest.FaultRateLimited:          answered(http.StatusTooManyRequests, telegramtest.Refusal("FLOOD_WAIT")),
	verifytest.FaultRateLimitedForAnHour: telegramtest.Refusal("FLOOD_WAIT_3600"),
	verifytest.FaultRefusedRecipient:     telegramtest.Refusal("PHONE_NUMBER_NOT_AVAILABLE"),
	verifytest.FaultBadCredentials:       telegramtest.Refusal("ACCESS_TOKEN_INVALID"),
	verifytest.FaultServerError:          {Status: 500, Effect: true, Body: `{"ok":false,"error":"INTERNAL"}`},
	verifytest.FaultBadGateway:           {Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {Break: telegramtest.Close, Effect: true},
	verifytest.FaultTimeout:              {Delay: time.Hour},
	verifytest.FaultTruncated:            {Break: telegramtest.Truncate},
	verifytest.FaultUnknownBody:          {Status: 200, Effect: true, Body: `{"status":"ok"}`},
	verifytest.FaultRedirected:           {Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},
})

func atSend(faults map[verifytest.Fault]telegramtest.Fault) map[verifytest.Fault]telegramtest.Fault {
	for name, f := range faults {
		f.On = "send"
		faults[name] = f
	}
	return faults
}

func answered(n int, f telegramtest.Fault) telegramtest.Fault {
	f.Status = n
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
	"capabilities_channel_sms":      {},
	"capabilities_channel_voice":    {},
	"capabilities_channel_whatsapp": {},
	"capabilities_channel_email":    {},
	"capabilities_digits_4":         {},
	"capabilities_digits_5":         {},
	"capabilities_digits_9":         {},
	"capabilities_digits_10":        {},
	"transaction_kept":              {},
	"transaction_changed":           {},
	"send_too_many":                 {}, // not documented
	"send_blocked":                  {}, // not documented
	"check_expired":                 {},
	"send_unreachable":              {"ability_refused", "ability_refused", "ability_refused"},
	"send_rate_limited":             {"ability_200", "send_429", "send_429", "send_429"},
	"send_rate_limited_for_an_hour": {"ability_200", "send_429_hour"},
	"send_refused_recipient":        {"ability_200", "send_phone_number_not_available"},
	"send_server_error":             {"ability_200", "send_500"},
	"send_bad_gateway":              {"ability_200", "send_502_html"},
	"send_reply_lost":               {"ability_200", "send_reply_lost"},
	"send_timeout":                  {"ability_200", "send_hang"},
	"send_truncated":                {"ability_200", "send_200_truncated"},
	"send_unknown_body":             {"ability_200", "send_200_empty"},
	"send_redirected":               {"ability_200", "send_307"},
	"bad_credentials":               {"ability_200", "send_access_token_invalid"},
	"concurrent_sends_and_checks":   {"ability_200", "send_200", "ability_200_other", "send_200_other"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		files, scripted := scripts[path.Base(t.Name())]
		if !scripted {
			files = []string{"ability_200", "send_200"}
		}
		vendor := played(t, files...)
		return verifytest.MessengerTarget{
			Messenger: recorded{over(t, vendor.Client())},
			Effects:   func() int { return vendor.Requests(http.MethodPost, sendRoute) },
			Fault: func(f verifytest.Fault) bool {
				_, known := faults[f]
				return known || f == verifytest.FaultUnreachable
			},
			Secrets: []string{"placeholder"},
		}
	})
}
