package telnyx_test

import (
	"context"
	"crypto/ed25519"
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

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/telnyx"
	"github.com/go2fa/verify/telnyx/telnyxtest"
	"github.com/go2fa/verify/verifytest"
)

const reportID = "010d9dee-d86d-47d0-8d6c-20c0f95a79ec"

var (
	reportSecret = ed25519.NewKeyFromSeed([]byte("a placeholder seed of 32 bytes.."))
	reportPublic = base64.StdEncoding.EncodeToString(reportSecret.Public().(ed25519.PublicKey))
)

// reportBody is the page's example with placeholders: it holds a code in clear.
func reportBody(event, status string) string {
	return `{"data":{"event_type":"` + event + `","id":"3bb6321b-abd5-4d60-8cf8-1e6026bb1c41","occurred_at":"2025-10-08T17:16:09.602+00:00",` +
		`"payload":{"custom_code":"482913","delivery_status":"` + status + `","failed_attempts":0,"id":"` + reportID + `","phone_number":"+15005550006",` +
		`"profile_id":"49000192-1bdb-c56f-3de7-e008ef6da16b","record_type":"verification","status":"pending","type":"sms"},"record_type":"event"},` +
		`"meta":{"attempt":1,"delivered_to":"https://login.example.com/hooks"}}`
}

func signedReport(body string, at time.Time) *http.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Telnyx-Timestamp", stamp)
	r.Header.Set("Telnyx-Signature-Ed25519", base64.StdEncoding.EncodeToString(ed25519.Sign(reportSecret, []byte(stamp+"|"+body))))
	return r
}

func TestReports(t *testing.T) {
	t.Parallel()
	at := time.Now()
	genuine := map[string]func() *http.Request{}
	want := map[string]delivery.Event{}
	for name, tc := range map[string]struct {
		event string
		is    delivery.Status
	}{
		"sent":            {"verify.sent", delivery.Sent},
		"delivered":       {"verify.delivered", delivery.Delivered},
		"delivery_failed": {"verify.failed", delivery.Undelivered},
		"sending_failed":  {"verify.failed", delivery.Failed},
	} {
		genuine[name] = func() *http.Request { return signedReport(reportBody(tc.event, name), at) }
		want[name] = delivery.Event{Vendor: "telnyx", ID: reportID, Status: tc.is}
	}
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return telnyx.NewReports(telnyx.ReportsConfig{PublicKeys: []string{base64.StdEncoding.EncodeToString(make([]byte, 32)), reportPublic}, Delivery: cfg}, handle)
		},
		Genuine: genuine, Want: want,
		Message: func(i int) *http.Request {
			body := strings.ReplaceAll(reportBody("verify.sent", "sent"), reportID, fmt.Sprintf("010d9dee-d86d-47d0-8d6c-%012d", i))
			return signedReport(body, at)
		},
		Signature: "Telnyx-Signature-Ed25519", Signed: []string{"Telnyx-Timestamp"},
		Secret: []string{"+15005550006", "482913"},
	})
}

func TestReportsThatAreSignedAndNoneOrStale(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		r    *http.Request
		code int
	}{
		"of now":                 {signedReport(reportBody("verify.sent", "sent"), time.Now()), 200},
		"of four minutes ago":    {signedReport(reportBody("verify.sent", "sent"), time.Now().Add(-4*time.Minute)), 200},
		"of six minutes ago":     {signedReport(reportBody("verify.sent", "sent"), time.Now().Add(-6*time.Minute)), 403},
		"of in six minutes":      {signedReport(reportBody("verify.sent", "sent"), time.Now().Add(6*time.Minute)), 403},
		"the result of a check":  {signedReport(reportBody("verification.complete", "x"), time.Now()), 200},
		"a status not confirmed": {signedReport(reportBody("verify.sent", "delivery_unconfirmed"), time.Now()), 200},
		"an id that is none":     {signedReport(strings.ReplaceAll(reportBody("verify.sent", "sent"), reportID, "+15005550006"), time.Now()), 400},
		"no object":              {signedReport(`[]`, time.Now()), 400},
	} {
		var events []delivery.Event
		h, err := telnyx.NewReports(telnyx.ReportsConfig{PublicKeys: []string{reportPublic}}, func(_ context.Context, e delivery.Event) error {
			events = append(events, e)
			return nil
		})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, tc.r)
		assert.Equal(t, tc.code, w.Code, name)
		assert.Equal(t, strings.HasPrefix(name, "of now") || strings.HasPrefix(name, "of four"), len(events) == 1, name)
	}
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for want, keys := range map[string][]string{
		"one or two": {}, "32 bytes in base64": {"AAAA"}, "telnyx: a public key is": {""}, "telnyx: PublicKeys must": {reportPublic, reportPublic, reportPublic},
	} {
		_, err := telnyx.NewReports(telnyx.ReportsConfig{PublicKeys: keys}, func(context.Context, delivery.Event) error { return nil })
		require.ErrorContains(t, err, want)
	}
}

// The emulator signs what the handler takes, and tells of each status.
func TestReportsOfTheEmulator(t *testing.T) {
	t.Parallel()
	srv := telnyxtest.NewServer(t)
	client, err := telnyx.New(telnyx.Config{BaseURL: srv.URL, APIKey: telnyxtest.APIKey, Profile: telnyx.Profile{ID: telnyxtest.ProfileID, CodeLength: 6}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	receipt, err := client.Send(t.Context(), "+15005550006")
	require.NoError(t, err)
	for status, want := range map[string]delivery.Status{
		emulator.Sent: delivery.Sent, emulator.Delivered: delivery.Delivered, emulator.Undelivered: delivery.Undelivered, emulator.Failed: delivery.Failed,
	} {
		var got []delivery.Event
		h, err := telnyx.NewReports(telnyx.ReportsConfig{PublicKeys: []string{telnyxtest.PublicKey()}}, func(_ context.Context, e delivery.Event) error {
			got = append(got, e)
			return nil
		})
		require.NoError(t, err)
		r, err := srv.Report("https://login.example.com/hooks", receipt.ID, status)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Len(t, got, 1, status)
		assert.Equal(t, delivery.Event{Vendor: "telnyx", ID: receipt.ID, Status: want, At: got[0].At}, got[0])
	}
	_, err = srv.Report("https://login.example.com/hooks", receipt.ID, emulator.Expired)
	require.ErrorIs(t, err, emulator.ErrNoReport)
}
