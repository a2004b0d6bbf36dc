package whatsapp

import (
	"context"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		srv := whatsapptest.NewServer(t)
		client, err := New(Config{
			Token: whatsapptest.Token, PhoneNumberID: whatsapptest.PhoneNumberID, Template: whatsapptest.Template, BaseURL: srv.URL,
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		return verifytest.MessengerTarget{
			Messenger: client, Arrived: srv.LastText, Effects: srv.Effects,
			Fault:   func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
			Secrets: []string{whatsapptest.Token},
		}
	})
}

// recorded writes what the recordings were made with.
type recorded struct{ otp.CodeMessenger }

func (r recorded) DeliverCode(ctx context.Context, m otp.CodeMessage) (string, error) {
	m.Code = "123456"
	return r.CodeMessenger.DeliverCode(ctx, m)
}

// faults are what Meta shows for each. It checks no codes, so those of a check are
// the engine's own.
var faults = map[verifytest.Fault]whatsapptest.Fault{
	verifytest.FaultRateLimited:          whatsapptest.Refusal(130429),
	verifytest.FaultRateLimitedForAnHour: anHour(whatsapptest.Refusal(130429)),
	verifytest.FaultTooManySends:         whatsapptest.Refusal(131056),
	verifytest.FaultBlocked:              whatsapptest.Refusal(131050),
	verifytest.FaultRefusedRecipient:     whatsapptest.Refusal(131026),
	verifytest.FaultBadCredentials:       whatsapptest.Refusal(190),
	verifytest.FaultServerError:          {Status: 500, Effect: true, Body: whatsapptest.Refusal(1).Body},
	verifytest.FaultBadGateway:           {Status: 502, Effect: true, Body: `<html>`},
	verifytest.FaultReplyLost:            {Break: whatsapptest.Close, Effect: true},
	verifytest.FaultTimeout:              {Delay: time.Hour},
	verifytest.FaultTruncated:            {Break: whatsapptest.Truncate},
	verifytest.FaultUnknownBody:          {Status: 200, Effect: true, Body: `{"status":"ok"}`},
	verifytest.FaultRedirected:           {Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}},
}

func anHour(f whatsapptest.Fault) whatsapptest.Fault {
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
	"capabilities_channel_sms":      {},
	"capabilities_channel_voice":    {},
	"capabilities_channel_telegram": {},
	"capabilities_channel_email":    {},
	"capabilities_digits_4":         {},
	"capabilities_digits_5":         {},
	"transaction_kept":              {},
	"transaction_changed":           {},
	"check_expired":                 {},
	"send_hints":                    {"send_200_da"},
	"send_too_many":                 {"send_131056"},
	"send_blocked":                  {"send_131050"},
	"send_unreachable":              {"send_refused", "send_refused", "send_refused"},
	"send_rate_limited":             {"send_130429", "send_130429", "send_130429"},
	"send_rate_limited_for_an_hour": {"send_429_hour"},
	"send_refused_recipient":        {"send_131026"},
	"send_server_error":             {"send_500"},
	"send_bad_gateway":              {"send_502_html"},
	"send_reply_lost":               {"send_reply_lost"},
	"send_timeout":                  {"send_hang"},
	"send_truncated":                {"send_200_truncated"},
	"send_unknown_body":             {"send_200_empty"},
	"send_redirected":               {"send_307"},
	"bad_credentials":               {"send_190"},
	"concurrent_sends_and_checks":   {"send_200", "send_200_other"},
}

func TestConformanceOverRecordings(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		files, scripted := scripts[path.Base(t.Name())]
		if !scripted {
			files = []string{"send_200"}
		}
		vendor := played(t, files...)
		return verifytest.MessengerTarget{
			Messenger: recorded{over(t, vendor.Client())},
			Effects:   func() int { return vendor.Requests(http.MethodPost, sends) },
			Fault: func(f verifytest.Fault) bool {
				_, known := faults[f]
				return known || f == verifytest.FaultUnreachable
			},
			Secrets: []string{"placeholder"},
		}
	})
}
