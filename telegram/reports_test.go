package telegram_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/telegram"
	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/go2fa/verify/verifytest"
)

func TestReports(t *testing.T) {
	t.Parallel()
	srv := telegramtest.NewServer(t)
	client, err := telegram.New(telegram.Config{Token: telegramtest.Token, BaseURL: srv.URL, CallbackURL: "https://login.example.com/hooks/telegram"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return telegram.NewReports(telegram.ReportsConfig{Tokens: []string{"older", telegramtest.Token}, Delivery: cfg}, handle)
		},
		Signature: "X-Request-Signature", Signed: []string{"X-Request-Timestamp"}, Secret: []string{"+15005550006", "482913"},
	}.Emulated(t, srv, "https://login.example.com/hooks/telegram", map[string]delivery.Event{
		emulator.Sent: {Vendor: "telegram", Status: delivery.Sent}, emulator.Delivered: {Vendor: "telegram", Status: delivery.Delivered},
		emulator.Expired: {Vendor: "telegram", Status: delivery.Expired}, emulator.Undelivered: {Vendor: "telegram", Status: delivery.Undelivered},
	}, func() string {
		id, err := client.DeliverCode(t.Context(), otp.CodeMessage{To: "+15005550006", Channel: verify.ChannelTelegram, Code: "482913", Ref: "482913"})
		require.NoError(t, err)
		return id
	}))
}

// signReport signs as Telegram's page says.
func signReport(token, at, body string) string {
	key := sha256.Sum256([]byte(token))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(at + "\n" + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func report(body, at, signature string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Timestamp", at)
	r.Header.Set("X-Request-Signature", signature)
	return r
}

func TestReportsThatAreSignedAndNoneOrStale(t *testing.T) {
	t.Parallel()
	const id = `{"request_id":"123456789012345abc",`
	now := time.Now()
	for name, tc := range map[string]struct {
		body       string
		at         time.Time
		code, acts int
	}{
		"read":                  {id + `"delivery_status":{"status":"read","updated_at":1790000000}}`, now, 200, 1},
		"of four minutes ago":   {id + `"delivery_status":{"status":"sent"}}`, now.Add(-4 * time.Minute), 200, 1},
		"of six minutes ago":    {id + `"delivery_status":{"status":"sent"}}`, now.Add(-6 * time.Minute), 403, 0},
		"of in six minutes":     {id + `"delivery_status":{"status":"sent"}}`, now.Add(6 * time.Minute), 403, 0},
		"what was typed":        {id + `"verification_status":{"status":"code_valid","code_entered":"482913"}}`, now, 200, 0},
		"an unknown status":     {id + `"delivery_status":{"status":"482913"}}`, now, 200, 0},
		"a status without one":  {id + `"delivery_status":{}}`, now, 400, 0},
		"an id that is none":    {`{"request_id":"+15005550006","delivery_status":{"status":"sent"}}`, now, 400, 0},
		"no id":                 {`{"delivery_status":{"status":"sent"}}`, now, 400, 0},
		"a list":                {`[]`, now, 400, 0},
		"an upper-case signing": {id + `"delivery_status":{"status":"sent"}} `, now, 403, 0},
	} {
		var events []delivery.Event
		h, err := telegram.NewReports(telegram.ReportsConfig{Tokens: []string{"token"}}, func(_ context.Context, e delivery.Event) error {
			events = append(events, e)
			return nil
		})
		require.NoError(t, err)
		stamp := emulator.Stamp(tc.at)
		signature := signReport("token", stamp, tc.body)
		if strings.HasPrefix(name, "an upper") {
			signature = strings.ToUpper(signature)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, report(tc.body, stamp, signature))
		assert.Equal(t, tc.code, w.Code, name)
		assert.Len(t, events, tc.acts, name)
	}
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, tokens := range [][]string{nil, {""}, {"a", ""}, {"a", "b", "c"}} {
		_, err := telegram.NewReports(telegram.ReportsConfig{Tokens: tokens}, func(context.Context, delivery.Event) error { return nil })
		require.EqualError(t, err, "telegram: Tokens must be one or two")
	}
	assert.NotContains(t, fmt.Sprintf("%v", telegram.ReportsConfig{Tokens: []string{"hidden-one"}}), "hidden-one")
	for _, bad := range []string{"http://login.example.com/", "https://127.0.0.1/", "https://login.example.com/" + strings.Repeat("a", 256)} {
		_, err := telegram.New(telegram.Config{Token: "token", CallbackURL: bad})
		require.ErrorContains(t, err, "telegram: CallbackURL must be https")
	}
}
