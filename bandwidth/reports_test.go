package bandwidth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/verifytest"
)

const (
	reportSecret = "0123456789abcdef0123456789abcdef"
	otherSecret  = "AAAAAAAAAAAAAAAAAAAAAA"
)

func TestReports(t *testing.T) {
	t.Parallel()
	srv := bandwidthtest.NewServer(t)
	client, err := bandwidth.New(bandwidth.Config{
		AccountID: bandwidthtest.AccountID, ClientID: bandwidthtest.ClientID, ClientSecret: bandwidthtest.ClientSecret,
		SMSApplicationID: bandwidthtest.SMSApplicationID, From: bandwidthtest.From, BaseURL: srv.URL,
		CallbackURL: "https://login.example.com/hooks/bandwidth/" + reportSecret,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return bandwidth.NewReports(bandwidth.ReportsConfig{Secrets: []string{otherSecret, reportSecret}, Delivery: cfg}, handle)
		},
		SecretPath: true, Secret: []string{reportSecret},
	}.Emulated(t, srv, "https://login.example.com/hooks/bandwidth/"+reportSecret, map[string]delivery.Event{
		emulator.Sent:        {Vendor: "bandwidth", Status: delivery.Sent},
		emulator.Undelivered: {Vendor: "bandwidth", Status: delivery.Undelivered, VendorCode: "4432"},
	}, func() string {
		receipt, err := client.Send(t.Context(), "+15005550006")
		require.NoError(t, err)
		return receipt.ID
	}))
}

func TestReportsByTheirPathAndBody(t *testing.T) {
	t.Parallel()
	const sent = `{"type":"message-delivered","time":"2016-09-14T18:20:16Z","description":"ok","platform":"GlobalSMS","message":{"id":"14762070468292kw2fuqty55yp2b2"}}`
	for name, tc := range map[string]struct {
		path, body string
		code, acts int
	}{
		"behind a proxy's path":      {"/x/" + reportSecret, sent, 200, 1},
		"an escaped slash":           {"/x%2F" + reportSecret, sent, 200, 1},
		"something after the secret": {"/" + reportSecret + "/x", sent, 403, 0},
		"a part of the secret":       {"/" + reportSecret[:22], sent, 403, 0},
		"in the query":               {"/?secret=" + reportSecret, sent, 403, 0},
		"an id that is none":         {"/" + reportSecret, `{"type":"message-delivered","message":{"id":"+15005550006"}}`, 400, 0},
		"no id":                      {"/" + reportSecret, `{"type":"message-failed","message":{}}`, 400, 0},
		"no message":                 {"/" + reportSecret, `{"type":"message-failed"}`, 400, 0},
		"another type":               {"/" + reportSecret, `{"type":"message-received"}`, 200, 0},
		"a code for an error":        {"/" + reportSecret, `{"type":"message-failed","errorCode":"482913","message":{"id":"x"}}`, 200, 1},
		"no object":                  {"/" + reportSecret, `[]`, 400, 0},
	} {
		var events []delivery.Event
		h, err := bandwidth.NewReports(bandwidth.ReportsConfig{Secrets: []string{reportSecret}}, func(_ context.Context, e delivery.Event) error {
			events = append(events, e)
			return nil
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, tc.path, strings.NewReader(tc.body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, tc.code, w.Code, name)
		require.Len(t, events, tc.acts, name)
		if tc.acts > 0 {
			assert.Empty(t, events[0].VendorCode, name)
		}
	}
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	for want, secrets := range map[string][]string{
		"bandwidth: Secrets must be one or two": {}, "must be one or two": {otherSecret, otherSecret, otherSecret}, "at least 128 random bits": {otherSecret[1:]},
		"bandwidth: Secrets must be at least": {""}, "must be of letters": {otherSecret + "/"}, "in 22 to 128": {strings.Repeat("a", 129)},
	} {
		_, err := bandwidth.NewReports(bandwidth.ReportsConfig{Secrets: secrets}, func(context.Context, delivery.Event) error { return nil })
		require.ErrorContains(t, err, want)
		if len(secrets) == 1 && secrets[0] != "" {
			assert.NotContains(t, err.Error(), secrets[0])
		}
	}
	assert.NotContains(t, fmt.Sprintf("%v", bandwidth.ReportsConfig{Secrets: []string{"hidden-one"}}), "hidden-one")
}
