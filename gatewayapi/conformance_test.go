package gatewayapi

import (
	"bytes"
	"context"
	"net/http"
	"path"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
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
			verifytest.Run(t, func(t *testing.T) verifytest.Target {
				srv := gatewayapitest.NewServer(t)
				cfg := cfg
				cfg.BaseURL = srv.URL
				client, err := New(cfg)
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, client.Close()) })
				postman := &postman{Messenger: client}
				verifier := engine(t, postman)
				return verifytest.Target{
					Verifier: verifier, Code: postman.code, Effects: srv.Effects,
					Fault:   func(f verifytest.Fault) bool { return arrange(t, srv, verifier, postman, f) },
					Secrets: []string{gatewayapitest.Token, gatewayapitest.Key, gatewayapitest.Secret},
				}
			})
		})
	}
}

func engine(t *testing.T, messenger otp.Messenger) *otp.Engine {
	e, err := otp.New(otp.Config{
		Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme",
	})
	require.NoError(t, err)
	return e
}

// A postman remembers the codes that he carried, by recipient and scope, of
// which GatewayAPI knows nothing.
type postman struct {
	otp.Messenger
	recording bool // what he carries reads as in the recordings

	mu    sync.Mutex
	codes map[[2]string]string
}

var digits = regexp.MustCompile(`[0-9]{6,10}`)

func (p *postman) Deliver(ctx context.Context, m otp.Message) (string, error) {
	p.mu.Lock()
	if p.codes == nil {
		p.codes = map[[2]string]string{}
	}
	p.codes[[2]string{m.To, m.Request.Scope}] = digits.FindString(m.Text)
	p.mu.Unlock()
	if p.recording {
		m.Text, m.Ref = acme, reference
	}
	return p.Messenger.Deliver(ctx, m)
}

func (p *postman) code(to, scope string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.codes[[2]string{to, scope}]
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

// arrange makes the vendor, or the person, show a fault.
func arrange(t *testing.T, srv *gatewayapitest.Server, verifier verify.Verifier, p *postman, f verifytest.Fault) bool {
	switch f {
	case verifytest.FaultUnreachable:
		srv.Close()
		return true
	case verifytest.FaultTooManyAttempts:
		attemptWrong(t, verifier, p)
		return true
	}
	fault, known := faults[f]
	fault.Times = -1
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
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		files, scripted := scripts[path.Base(t.Name())]
		if !scripted {
			files = []string{"single_202"}
		}
		vendor := played(t, files...)
		postman := &postman{Messenger: over(t, vendor.Client(), "single"), recording: true}
		verifier := engine(t, postman)
		return verifytest.Target{
			Verifier: verifier, Code: postman.code,
			Effects: func() int { return vendor.Requests(http.MethodPost, "/mobile/single") },
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
