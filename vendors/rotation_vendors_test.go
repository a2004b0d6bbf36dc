package vendors_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

// secretFile is a file whose secret may be changed.
func secretFile(t *testing.T, secret string) (name string, change func(secret string)) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "secret")
	change = func(secret string) { require.NoError(t, os.WriteFile(name, []byte(secret+"\n"), 0o600)) }
	change(secret)
	return name, change
}

// An account of Bandwidth whose credential was replaced: each of them has an emulator of
// its own. It remembers what each request showed.
type account struct {
	mu    sync.Mutex
	now   *bandwidthtest.Emulator
	shown []string // "send Bearer ...", "token Basic ..."
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := "send "
	if strings.HasSuffix(r.URL.Path, "/token") {
		op = "token "
	}
	a.mu.Lock()
	a.shown = append(a.shown, op+r.Header.Get("Authorization"))
	now := a.now
	a.mu.Unlock()
	now.ServeHTTP(w, r)
}

// showed returns what was shown since it was asked last.
func (a *account) showed() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	shown := a.shown
	a.shown = nil
	return shown
}

func (a *account) replace(by *bandwidthtest.Emulator) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = by
}

func basic(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return "token " + r.Header.Get("Authorization")
}

// A token of the old credential is never shown again once the new one is in use.
func TestACachedTokenIsDroppedWithItsCredentials(t *testing.T) {
	t.Parallel()
	old, next := bandwidthtest.New(bandwidthtest.Options{ClientSecret: "old-secret"}), bandwidthtest.New(bandwidthtest.Options{ClientSecret: "new-secret"})
	a := &account{now: old}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	file, change := secretFile(t, "old-secret")
	dsn := "bandwidth://?account_id=" + bandwidthtest.AccountID + "&client_id=" + bandwidthtest.ClientID + "&client_secret=file:" + file +
		"&sms_app=" + bandwidthtest.SMSApplicationID + "&from=" + bandwidthtest.From + "&base_url=" + srv.URL
	v, err := vendors.Open(dsn)
	require.NoError(t, err)
	send := func() []string {
		t.Helper()
		_, err := v.Send(t.Context(), person)
		require.NoError(t, err)
		return a.showed()
	}

	first := send()
	require.Len(t, first, 2)
	assert.Equal(t, basic(bandwidthtest.ClientID, "old-secret"), first[0])
	token := first[1]
	assert.Equal(t, []string{token}, send(), "it is kept")

	change("new-secret")
	a.replace(next)
	shown := send()
	require.Len(t, shown, 4)
	assert.Equal(t, []string{token, basic(bandwidthtest.ClientID, "old-secret"), basic(bandwidthtest.ClientID, "new-secret")}, shown[:3],
		"the old token and the old credential are refused, and the new one gets a token of its own")
	renewed := shown[3]
	assert.NotEqual(t, token, renewed)
	for range 3 {
		assert.Equal(t, []string{renewed}, send(), "and no other is shown")
	}
	assert.Equal(t, 1, next.Tokens())
	assert.Equal(t, 4, next.Effects(), "each Send is one message")
}

// The handlers of vendors take a new secret, once however often a report comes, since
// what they remember is made outside of them.
func TestWebhookTakesNewSecretsOfVendors(t *testing.T) {
	t.Parallel()
	for scheme, tc := range map[string]struct {
		secret, engine string
		open           func(delivery.Config, delivery.Handle, []string) (http.Handler, error)
	}{
		"twilio": {
			twiliotest.AuthToken, "",
			func(cfg delivery.Config, handle delivery.Handle, secrets []string) (http.Handler, error) {
				return twilio.NewVerifyReports(twilio.ReportsConfig{URL: reportsURL, AuthTokens: secrets, Delivery: cfg}, handle)
			},
		},
		"gatewayapi": {
			gatewayapitest.WebhookSecret, "&store=memory&code_key=" + strings.Repeat("k", 32),
			func(cfg delivery.Config, handle delivery.Handle, secrets []string) (http.Handler, error) {
				return gatewayapi.NewReports(gatewayapi.ReportsConfig{Secrets: secrets, Delivery: cfg}, handle)
			},
		},
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			e, dsn := emulate(t, scheme)
			v, err := vendors.Open(dsn + tc.engine)
			require.NoError(t, err)
			receipt, err := v.Send(t.Context(), person)
			require.NoError(t, err)
			id := receipt.ID

			file, change := secretFile(t, "of-yesterday")
			events := make(chan delivery.Event, 10)
			cfg := delivery.Config{Seen: new(delivery.MemorySeen), Key: []byte(strings.Repeat("k", 32))}
			h, err := vendors.Webhook([]string{"file:" + file}, func(secrets []string) (http.Handler, error) {
				return tc.open(cfg, func(_ context.Context, e delivery.Event) error { events <- e; return nil }, secrets)
			})
			require.NoError(t, err)
			post := func(status string) int {
				r, err := e.Report(reportsURL, id, status)
				require.NoError(t, err)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code
			}

			change(tc.secret)
			assert.Equal(t, http.StatusOK, post(emulator.Delivered), "the file is read again, and the report once more")
			require.Len(t, events, 1)
			got := <-events
			assert.Equal(t, delivery.Event{Vendor: scheme, ID: id, Status: delivery.Delivered, At: got.At}, got)
			for range 3 {
				assert.Equal(t, http.StatusOK, post(emulator.Delivered))
				assert.Equal(t, http.StatusOK, post(emulator.Sent), "late")
			}
			assert.Empty(t, events, "what was reported is remembered outside of the handlers")

			forged, err := e.Report(reportsURL, id, emulator.Undelivered)
			require.NoError(t, err)
			for _, header := range []string{"X-Twilio-Signature", "Signature"} {
				if forged.Header.Get(header) != "" {
					forged.Header.Set(header, "v1="+strings.Repeat("ab", 32))
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, forged)
			assert.Equal(t, http.StatusForbidden, w.Code)
			assert.Empty(t, events)
		})
	}
}
