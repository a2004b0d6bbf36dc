package sinch_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
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
	"github.com/go2fa/verify/sinch"
	"github.com/go2fa/verify/sinch/sinchtest"
	"github.com/go2fa/verify/verifytest"
)

const (
	reportID  = "1ce0ffee-c0de-5eed-d00d-f00dfeed1337"
	reportURL = "https://login.example.com/hooks/sinch?tenant=1"
)

func reportBody(event, more string) string {
	return `{"id":"` + reportID + `","event":"` + event + `","method":"sms","identity":{"type":"number","endpoint":"+15005550006"},"reference":"x","custom":"482913"` + more + `}`
}

func signedReport(path, body string, at time.Time) *http.Request {
	const contentType = "application/json; charset=utf-8"
	stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
	secret, _ := base64.StdEncoding.DecodeString(sinchtest.ApplicationSecret)
	sum := md5.Sum([]byte(body))
	h := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(h, "POST\n%s\n%s\nx-timestamp:%s\n%s", base64.StdEncoding.EncodeToString(sum[:]), contentType, stamp, path)
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Timestamp", stamp)
	r.Header.Set("Authorization", "Application "+sinchtest.ApplicationKey+":"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	return r
}

func reportsConfig() sinch.ReportsConfig {
	return sinch.ReportsConfig{
		URL: reportURL, ApplicationKey: sinchtest.ApplicationKey, ApplicationSecrets: []string{"bmV4dA==", sinchtest.ApplicationSecret},
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	at := time.Now()
	genuine := map[string]func() *http.Request{}
	want := map[string]delivery.Event{}
	for name, tc := range map[string]struct {
		event, more string
		is          delivery.Status
	}{
		"delivered":    {"VerificationSmsDeliveredEvent", `,"smsResult":"Successful"`, delivery.Delivered},
		"undelivered":  {"VerificationSmsDeliveredEvent", `,"smsResult":"Failed"`, delivery.Undelivered},
		"unreachable":  {"VerificationResultEvent", `,"status":"ERROR","reason":"Network error or number unreachable"`, delivery.Undelivered},
		"not brought":  {"VerificationResultEvent", `,"status":"ERROR","reason":"SMS delivery failure"`, delivery.Undelivered},
		"fraud":        {"VerificationResultEvent", `,"status":"DENIED","reason":"Fraud"`, delivery.Blocked},
		"blocked":      {"VerificationResultEvent", `,"status":"DENIED","reason":"Blocked"`, delivery.Blocked},
		"not sent off": {"VerificationResultEvent", `,"status":"DENIED","reason":"Destination denied"`, delivery.Blocked},
	} {
		genuine[name] = func() *http.Request { return signedReport("/hooks/sinch", reportBody(tc.event, tc.more), at) }
		want[name] = delivery.Event{Vendor: "sinch", ID: reportID, Status: tc.is}
	}
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			reports := reportsConfig()
			reports.Delivery = cfg
			return sinch.NewReports(reports, handle)
		},
		Genuine: genuine, Want: want,
		Message: func(i int) *http.Request {
			body := reportBody("VerificationSmsDeliveredEvent", `,"smsResult":"Successful"`)
			id := fmt.Sprintf("%s%04d", reportID[:len(reportID)-4], i)
			return signedReport("/hooks/sinch", strings.Replace(body, reportID, id, 1), time.Now())
		},
		Signature: "Authorization", Signed: []string{"X-Timestamp"},
		Secret: []string{"+15005550006", "482913"},
	})
}

// The emulator signs what the handler takes: of a text message, and of a call, of which
// Sinch does not tell that it was answered.
func TestReportsOfTheEmulator(t *testing.T) {
	t.Parallel()
	for channel, want := range map[verify.Channel]map[string]delivery.Event{
		verify.ChannelSMS: {
			emulator.Delivered:   {Vendor: "sinch", Status: delivery.Delivered},
			emulator.Undelivered: {Vendor: "sinch", Status: delivery.Undelivered},
			emulator.Failed:      {Vendor: "sinch", Status: delivery.Blocked},
		},
		verify.ChannelVoice: {
			emulator.Undelivered: {Vendor: "sinch", Status: delivery.Undelivered},
			emulator.Failed:      {Vendor: "sinch", Status: delivery.Blocked},
		},
	} {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			srv := sinchtest.NewServer(t)
			client, err := sinch.New(sinch.Config{BaseURL: srv.URL, ApplicationKey: sinchtest.ApplicationKey, ApplicationSecret: sinchtest.ApplicationSecret})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, client.Close()) })
			send := func() string {
				receipt, err := client.Send(t.Context(), "+15005550006", verify.WithChannel(channel))
				require.NoError(t, err)
				return receipt.ID
			}
			id := send()
			for _, status := range []string{emulator.Sent, emulator.Delivered, emulator.Undelivered, emulator.Expired, emulator.Failed} {
				_, err := srv.Report(reportURL, id, status)
				_, told := want[status]
				assert.Equal(t, told, err == nil, "%s: %v", status, err)
			}
			verifytest.RunReports(t, verifytest.ReportsSuite{
				New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
					reports := reportsConfig()
					reports.Delivery = cfg
					return sinch.NewReports(reports, handle)
				},
				Signature: "Authorization", Signed: []string{"X-Timestamp"}, Secret: []string{"+15005550006", srv.Code("+15005550006", "")},
			}.Emulated(t, srv, reportURL, want, send))
		})
	}
}

func TestReportsThatAreSignedAndNoneOrStale(t *testing.T) {
	t.Parallel()
	body := reportBody("VerificationSmsDeliveredEvent", `,"smsResult":"Successful"`)
	for name, tc := range map[string]struct {
		r    *http.Request
		code int
	}{
		"of now":                {signedReport("/hooks/sinch", body, time.Now()), 200},
		"of four minutes ago":   {signedReport("/hooks/sinch", body, time.Now().Add(-4*time.Minute)), 200},
		"of six minutes ago":    {signedReport("/hooks/sinch", body, time.Now().Add(-6*time.Minute)), 403},
		"of in six minutes":     {signedReport("/hooks/sinch", body, time.Now().Add(6*time.Minute)), 403},
		"to another path":       {signedReport("/hooks/other", body, time.Now()), 403},
		"a result that is none": {signedReport("/hooks/sinch", reportBody("VerificationResultEvent", `,"status":"SUCCESSFUL"`), time.Now()), 200},
		"a result of a code":    {signedReport("/hooks/sinch", reportBody("VerificationResultEvent", `,"status":"FAIL","reason":"Invalid code"`), time.Now()), 200},
		"a new result":          {signedReport("/hooks/sinch", reportBody("VerificationSmsDeliveredEvent", `,"smsResult":"Tired"`), time.Now()), 200},
		"an id that is none":    {signedReport("/hooks/sinch", strings.ReplaceAll(body, reportID, "+15005550006"), time.Now()), 400},
		"no object":             {signedReport("/hooks/sinch", `[]`, time.Now()), 400},
	} {
		var events []delivery.Event
		h, err := sinch.NewReports(reportsConfig(), func(_ context.Context, e delivery.Event) error {
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

// Sinch asks before each verification. Without AllowRequests the answer is no, and
// nobody else gets one.
func TestOnlyWhoSignsIsAnsweredWhetherAVerificationMayStart(t *testing.T) {
	t.Parallel()
	question := reportBody("VerificationRequestEvent", `,"price":{"amount":10.5,"currencyId":"USD"}`)
	for allow, want := range map[bool]string{false: `{"action":"deny"}`, true: `{"action":"allow"}`} {
		cfg := reportsConfig()
		cfg.AllowRequests = allow
		h, err := sinch.NewReports(cfg, func(context.Context, delivery.Event) error { t.Error("a question is no event"); return nil })
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, signedReport("/hooks/sinch", question, time.Now()))
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		assert.Equal(t, want, w.Body.String())

		forged := signedReport("/hooks/sinch", question, time.Now())
		forged.Header.Set("Authorization", "Application "+sinchtest.ApplicationKey)
		w = httptest.NewRecorder()
		h.ServeHTTP(w, forged)
		assert.Equal(t, http.StatusForbidden, w.Code)
		assert.Empty(t, w.Body.String())
	}
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*sinch.ReportsConfig){
		"sinch: URL must be":                      func(c *sinch.ReportsConfig) { c.URL = "https://login.example.com" },
		"sinch: URL must be the callback":         func(c *sinch.ReportsConfig) { c.URL = "" },
		"sinch: ApplicationKey is missing":        func(c *sinch.ReportsConfig) { c.ApplicationKey = "" },
		"sinch: ApplicationSecrets must be":       func(c *sinch.ReportsConfig) { c.ApplicationSecrets = nil },
		"ApplicationSecrets must be one or two":   func(c *sinch.ReportsConfig) { c.ApplicationSecrets = []string{"AAAA", "AAAA", "AAAA"} },
		"sinch: ApplicationSecret is missing":     func(c *sinch.ReportsConfig) { c.ApplicationSecrets = []string{""} },
		"sinch: ApplicationSecret must be base64": func(c *sinch.ReportsConfig) { c.ApplicationSecrets = []string{"secret!"} },
	} {
		cfg := reportsConfig()
		change(&cfg)
		_, err := sinch.NewReports(cfg, func(context.Context, delivery.Event) error { return nil })
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "secret!")
	}
	assert.NotContains(t, fmt.Sprintf("%+v", reportsConfig()), sinchtest.ApplicationSecret)
}
