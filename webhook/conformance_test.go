package webhook

import (
	"context"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
	"github.com/go2fa/verify/webhook/webhooktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		srv := webhooktest.NewServer(t)
		client, err := New(Config{URL: srv.URL, Secrets: []string{webhooktest.Secret}})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.MessengerTarget{
			Messenger: client, Arrived: srv.LastText, Effects: srv.Effects,
			Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets: []string{webhooktest.Secret},
		}
	})
}

// recorded writes what the recordings were made with.
type recorded struct{ otp.Messenger }

func (r recorded) Deliver(ctx context.Context, m otp.Message) (string, error) {
	m.Text, m.Request.Locale = acme, ""
	return r.Messenger.Deliver(ctx, m)
}

// faults are what an endpoint shows for each. It checks no codes, so those of a check
// are the engine's own.
var faults = map[verifytest.Fault]webhooktest.Fault{
	verifytest.FaultRateLimited:          webhooktest.Refusal(http.StatusTooManyRequests, "rate_limited"),
	verifytest.FaultRateLimitedForAnHour: hour(webhooktest.Refusal(http.StatusTooManyRequests, "rate_limited")),
	verifytest.FaultTooManySends:         webhooktest.Refusal(http.StatusTooManyRequests, "too_many_sends"),
	verifytest.FaultBlocked:              webhooktest.Refusal(http.StatusForbidden, "blocked"),
	verifytest.FaultRefusedRecipient:     webhooktest.Refusal(http.StatusUnprocessableEntity, "invalid_recipient"),
	verifytest.FaultBadCredentials:       webhooktest.Refusal(http.StatusUnauthorized, "unauthorized"),
	verifytest.FaultServerError:          {Status: 500, Effect: true, Body: `{"error":"Internal Server Error"}`},
	verifytest.FaultBadGateway:           {Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {Break: webhooktest.Close, Effect: true},
	verifytest.FaultTimeout:              {Delay: time.Hour},
	verifytest.FaultTruncated:            {Break: webhooktest.Truncate},
	verifytest.FaultUnknownBody:          {Status: 200, Effect: true, Body: `<html>`},
	verifytest.FaultRedirected:           {Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},
}

func hour(f webhooktest.Fault) webhooktest.Fault {
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
	"send_unreachable":              {"message_refused", "message_refused", "message_refused"},
	"send_rate_limited":             {"message_429", "message_429", "message_429"},
	"send_rate_limited_for_an_hour": {"message_429_hour"},
	"send_too_many":                 {"message_429_too_many_sends"},
	"send_blocked":                  {"message_403_blocked"},
	"send_refused_recipient":        {"message_422_invalid_recipient"},
	"send_server_error":             {"message_500"},
	"send_bad_gateway":              {"message_502_html"},
	"send_reply_lost":               {"message_reply_lost"},
	"send_timeout":                  {"message_hang"},
	"send_truncated":                {"message_200_truncated"},
	"send_unknown_body":             {"message_200_html"},
	"send_redirected":               {"message_307"},
	"bad_credentials":               {"message_401_unauthorized"},
	"concurrent_sends_and_checks":   {"message_204", "message_204_other"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		files, scripted := scripts[path.Base(t.Name())]
		if !scripted {
			files = []string{"message_204"}
		}
		endpoint := played(t, files...)
		return verifytest.MessengerTarget{
			Messenger: recorded{over(t, endpoint.Client())},
			Effects:   func() int { return endpoint.Requests(http.MethodPost, "/otp") },
			Fault: func(f verifytest.Fault) bool {
				_, known := faults[f]
				return known || f == verifytest.FaultUnreachable
			},
			Secrets: []string{secret},
		}
	})
}
