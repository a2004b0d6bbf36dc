package telegram

import (
	"bytes"
	"context"
	"net/http"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/go2fa/verify/verifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConformanceOverTheEmulator(t *testing.T) {
	t.Parallel()
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		srv := telegramtest.NewServer(t)
		client, err := New(Config{Token: telegramtest.Token, BaseURL: srv.URL})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close()) })
		postman := &postman{CodeMessenger: client}
		verifier := engine(t, postman)
		return verifytest.Target{
			Verifier: verifier, Code: postman.code, Effects: srv.Effects,
			Fault:   func(f verifytest.Fault) bool { return arrange(t, srv, verifier, postman, f) },
			Secrets: []string{telegramtest.Token},
		}
	})
}

func engine(t *testing.T, messenger otp.Courier) *otp.Engine {
	e, err := otp.New(otp.Config{Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}})
	require.NoError(t, err)
	return e
}

// A postman remembers the codes that he carried, by recipient and scope, of
// which Telegram knows nothing.
type postman struct {
	otp.CodeMessenger
	recording bool // what he carries reads as in the recordings

	mu    sync.Mutex
	codes map[[2]string]string
}

func (p *postman) DeliverCode(ctx context.Context, m otp.CodeMessage) (string, error) {
	p.mu.Lock()
	if p.codes == nil {
		p.codes = map[[2]string]string{}
	}
	p.codes[[2]string{m.To, m.Request.Scope}] = m.Code
	p.mu.Unlock()
	if p.recording {
		m.Code, m.Ref = "123456", reference
	}
	return p.CodeMessenger.DeliverCode(ctx, m)
}

func (p *postman) code(to, scope string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.codes[[2]string{to, scope}]
}

// faults are what Telegram shows for each. It checks no codes, so those of a
// check are the engine's own.
var faults = map[verifytest.Fault]telegramtest.Fault{
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
}

func answered(n int, f telegramtest.Fault) telegramtest.Fault {
	f.Status = n
	return f
}

// arrange makes the vendor, or the person, show a fault.
func arrange(t *testing.T, srv *telegramtest.Server, verifier verify.Verifier, p *postman, f verifytest.Fault) bool {
	switch f {
	case verifytest.FaultUnreachable:
		srv.Close()
		return true
	case verifytest.FaultTooManyAttempts:
		attemptWrong(t, verifier, p)
		return true
	}
	fault, known := faults[f]
	fault.On, fault.Times = "send", -1 // Telegram reaches the number
	srv.Fail(fault)
	return known
}

// attemptWrong spends all attempts on the code that was sent.
func attemptWrong(t *testing.T, verifier verify.Verifier, p *postman) {
	wrong := "000000"
	if p.code(verifytest.To, "") == wrong {
		wrong = "000001"
	}
	for range 5 {
		require.Error(t, verifier.Check(t.Context(), verifytest.To, wrong))
	}
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
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		files, scripted := scripts[path.Base(t.Name())]
		if !scripted {
			files = []string{"ability_200", "send_200"}
		}
		vendor := played(t, files...)
		postman := &postman{CodeMessenger: over(t, vendor.Client()), recording: true}
		verifier := engine(t, postman)
		return verifytest.Target{
			Verifier: verifier, Code: postman.code,
			Effects: func() int { return vendor.Requests(http.MethodPost, sendRoute) },
			Fault: func(f verifytest.Fault) bool {
				if f == verifytest.FaultTooManyAttempts {
					attemptWrong(t, verifier, postman)
					return true
				}
				_, known := faults[f]
				return known || f == verifytest.FaultUnreachable
			},
			Secrets: []string{"placeholder"},
		}
	})
}
