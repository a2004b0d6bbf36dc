package bird_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bird"
	"github.com/go2fa/verify/bird/birdtest"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/verifytest"
)

const reportURL = "https://login.example.com/hooks/bird"

// otherSecret is 16 bytes of zero.
const otherSecret = "whsec_AAAAAAAAAAAAAAAAAAAAAA=="

func TestReports(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t, birdtest.Options{})
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return bird.NewReports(bird.ReportsConfig{Secrets: []string{otherSecret, birdtest.WebhookSecret}, Delivery: cfg}, handle)
		},
		Signature: "webhook-signature", Signed: []string{"webhook-id", "webhook-timestamp"}, Secret: []string{phone},
	}.Emulated(t, srv, reportURL, map[string]delivery.Event{
		emulator.Sent: {Vendor: "bird", Status: delivery.Sent}, emulator.Delivered: {Vendor: "bird", Status: delivery.Delivered},
		emulator.Undelivered: {Vendor: "bird", Status: delivery.Undelivered, VendorCode: "carrier_rejected"},
		emulator.Failed:      {Vendor: "bird", Status: delivery.Failed, VendorCode: "carrier_rejected"},
	}, func() string {
		srv.Advance(11 * time.Minute)
		receipt, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		return receipt.ID
	}))
}

func postReport(t *testing.T, body string, at time.Time) (int, []delivery.Event) {
	t.Helper()
	var events []delivery.Event
	h, err := bird.NewReports(bird.ReportsConfig{Secrets: []string{otherSecret}}, func(_ context.Context, e delivery.Event) error { events = append(events, e); return nil })
	require.NoError(t, err)
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, make([]byte, 16))
	mac.Write([]byte("msg_1." + stamp + "." + body))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "webhook-id": "msg_1", "webhook-timestamp": stamp,
		"webhook-signature": "v1a,AAAA v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, events
}

func TestReportsThatAreSignedAndNoneOrStale(t *testing.T) {
	t.Parallel()
	const sent = `{"type":"verify.attempt.sent","timestamp":"2026-06-01T17:00:12Z","data":{"verification_id":"ver_1","address":"+15005550006"}}`
	for name, tc := range map[string]struct {
		body string
		ago  time.Duration
		code int
		acts int
	}{
		"sent":                        {sent, 0, 200, 1},
		"sent four minutes ago":       {sent, 4 * time.Minute, 200, 1},
		"sent six minutes ago":        {sent, 6 * time.Minute, 403, 0},
		"sent in six minutes":         {sent, -6 * time.Minute, 403, 0},
		"a person who was verified":   {`{"type":"verify.verification.verified","data":{"verification_id":"ver_1"}}`, 0, 200, 0},
		"an e-mail":                   {`{"type":"email.delivered","data":{"email_id":"em_1"}}`, 0, 200, 0},
		"an id that is none":          {`{"type":"verify.attempt.sent","data":{"verification_id":"+15005550006"}}`, 0, 400, 0},
		"no data":                     {`{"type":"verify.attempt.sent"}`, 0, 400, 0},
		"a list":                      {`[]`, 0, 400, 0},
		"a reason that is not listed": {`{"type":"verify.attempt.undelivered","data":{"verification_id":"ver_1","reason":"482913"}}`, 0, 200, 1},
	} {
		code, events := postReport(t, tc.body, time.Now().Add(-tc.ago))
		assert.Equal(t, tc.code, code, name)
		require.Len(t, events, tc.acts, name)
		if tc.acts == 1 {
			assert.Empty(t, events[0].VendorCode, name)
		}
	}
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for want, secrets := range map[string][]string{
		"bird: Secrets must be one or two": {}, "must be one or two": {otherSecret, otherSecret, otherSecret},
		"bird: Secrets must be whsec_ and at least 16 bytes in base64": {""}, "at least 16 bytes": {"whsec_AAAA"}, "in base64": {"whsec_!"},
	} {
		_, err := bird.NewReports(bird.ReportsConfig{Secrets: secrets}, func(context.Context, delivery.Event) error { return nil })
		require.ErrorContains(t, err, want)
	}
	assert.NotContains(t, fmt.Sprintf("%v", bird.ReportsConfig{Secrets: []string{"hidden-one"}}), "hidden-one")
}
