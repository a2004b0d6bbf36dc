package vendors_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/telegram"
	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
	"github.com/go2fa/verify/vonage"
	"github.com/go2fa/verify/vonage/vonagetest"
)

const (
	reportsURL    = "https://login.example.com/hooks/" + reportsSecret
	reportsSecret = "0123456789abcdef0123456789abcdef"
)

// reporters make the handlers of reports of some vendors' emulators, by scheme.
var reporters = map[string]func(delivery.Handle) (http.Handler, error){
	"twilio": func(h delivery.Handle) (http.Handler, error) {
		return twilio.NewVerifyReports(twilio.ReportsConfig{URL: reportsURL, AuthTokens: []string{twiliotest.AuthToken}}, h)
	},
	"bandwidth": func(h delivery.Handle) (http.Handler, error) {
		return bandwidth.NewReports(bandwidth.ReportsConfig{Secrets: []string{reportsSecret}}, h)
	},
	"gatewayapi": func(h delivery.Handle) (http.Handler, error) {
		return gatewayapi.NewReports(gatewayapi.ReportsConfig{Secrets: []string{gatewayapitest.WebhookSecret}}, h)
	},
	"vonage": func(h delivery.Handle) (http.Handler, error) {
		return vonage.NewReports(vonage.ReportsConfig{SignatureSecrets: []string{vonagetest.SignatureSecret}}, h)
	},
	"telegram": func(h delivery.Handle) (http.Handler, error) {
		return telegram.NewReports(telegram.ReportsConfig{Tokens: []string{telegramtest.Token}}, h)
	},
}

// emulate starts the emulator of a scheme, and returns the DSN that reaches it.
func emulate(t *testing.T, scheme string) (e emulator.Emulator, dsn string) {
	t.Helper()
	all := emulated.All()
	i := slices.IndexFunc(all, func(v emulator.Vendor) bool { return v.Facts.Scheme == scheme })
	e, sample := all[i].New(emulator.Setup{})
	return e, sample.DSN(emulator.ServeTest(t, e, "").URL)
}

// Whatever stands around a vendor, its reports name the id of the receipt and its own
// name, so that they find their Send.
func TestReportsFindTheirSendThroughAllThatStandsAroundAVendor(t *testing.T) {
	t.Parallel()
	engine := "store=memory&code_key=" + strings.Repeat("k", 32)
	for name, tc := range map[string]struct {
		schemes []string
		around  string // of the DSNs of schemes
		down    int    // so many vendors, the first ones, send nothing
		status  string
		want    delivery.Status
	}{
		"a vendor":                         {[]string{"twilio"}, "DSN", 0, emulator.Delivered, delivery.Delivered},
		"an engine":                        {[]string{"gatewayapi"}, "DSN&" + engine, 0, emulator.Delivered, delivery.Delivered},
		"a guard around a vendor":          {[]string{"twilio"}, "guard(DSN)?countries=US", 0, emulator.Undelivered, delivery.Undelivered},
		"a failover":                       {[]string{"twilio", "bandwidth"}, "failover(DSN DSN)", 0, emulator.Delivered, delivery.Delivered},
		"the second of a failover":         {[]string{"twilio", "bandwidth"}, "failover(DSN DSN)", 1, emulator.Sent, delivery.Sent},
		"a guard around a failover":        {[]string{"bandwidth", "twilio"}, "guard(failover(DSN DSN))?countries=US", 1, emulator.Delivered, delivery.Delivered},
		"an engine of several messengers":  {[]string{"telegram", "gatewayapi"}, "failover(DSN DSN)?" + engine, 0, emulator.Delivered, delivery.Delivered},
		"the second of several messengers": {[]string{"telegram", "gatewayapi"}, "failover(DSN DSN)?" + engine, 1, emulator.Delivered, delivery.Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := make(chan observe.Event, 10)
			deliveries, err := observe.NewDeliveries(observe.DeliveriesConfig{}, func(_ context.Context, e observe.Event) { told <- e })
			require.NoError(t, err)
			dsn, all := tc.around, []emulator.Emulator(nil)
			for i, scheme := range tc.schemes {
				e, one := emulate(t, scheme)
				if i < tc.down {
					e.Fail(emulator.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"60"}}})
				}
				dsn, all = strings.Replace(dsn, "DSN", one, 1), append(all, e)
			}
			inner, err := vendors.Open(dsn, vendors.WithObserver(deliveries.Observe))
			require.NoError(t, err)
			v := observe.New(inner, deliveries.Observe)
			receipt, err := v.Send(t.Context(), "+15017122661")
			require.NoError(t, err)

			r, err := all[tc.down].Report(reportsURL, receipt.ID, tc.status)
			require.NoError(t, err, "the vendor knows the id of the receipt")
			reports, err := reporters[tc.schemes[tc.down]](deliveries.Report)
			require.NoError(t, err)
			answer := httptest.NewRecorder()
			reports.ServeHTTP(answer, r)
			require.Equal(t, http.StatusOK, answer.Code)
			require.Len(t, told, 1)
			e := <-told
			assert.Equal(t, tc.schemes[tc.down], e.Vendor)
			assert.Equal(t, tc.want, e.Status)
			assert.False(t, e.Unmatched)
			assert.Equal(t, "US", e.Country())
			assert.Equal(t, receipt.Channel, e.Channel)
			assert.GreaterOrEqual(t, e.Latency.Seconds(), 0.0)
		})
	}
}

// R56: whatever a signed report says, and Vonage's says "completed", only Check lets
// somebody in, by the code.
func TestNoReportApprovesACode(t *testing.T) {
	t.Parallel()
	for scheme, open := range reporters {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			e, dsn := emulate(t, scheme)
			if scheme == "gatewayapi" || scheme == "telegram" { // they only deliver
				dsn += "&store=memory&code_key=" + strings.Repeat("k", 32)
			}
			v, err := vendors.Open(dsn)
			require.NoError(t, err)
			receipt, err := v.Send(t.Context(), person)
			require.NoError(t, err)
			told := make(chan delivery.Event, 10)
			reports, err := open(func(_ context.Context, e delivery.Event) error { told <- e; return nil })
			require.NoError(t, err)
			for _, status := range []string{emulator.Sent, emulator.Delivered, emulator.Undelivered, emulator.Expired, emulator.Failed} {
				r, err := e.Report(reportsURL, receipt.ID, status)
				if errors.Is(err, emulator.ErrNoReport) {
					continue
				}
				require.NoError(t, err)
				answer := httptest.NewRecorder()
				reports.ServeHTTP(answer, r)
				require.Equal(t, http.StatusOK, answer.Code)
			}
			require.NotEmpty(t, told)

			sent := e.Messages()
			right := sent[len(sent)-1].Code
			require.ErrorIs(t, v.Check(t.Context(), person, wrongCode(right)), verify.ErrMismatch)
			require.NoError(t, v.Check(t.Context(), person, right), "and none takes the code away")
			require.Error(t, v.Check(t.Context(), person, right), "it was good once")
		})
	}
}

// wrongCode is another code of the same length.
func wrongCode(right string) string {
	return string('0'+(right[0]-'0'+1)%10) + right[1:]
}
