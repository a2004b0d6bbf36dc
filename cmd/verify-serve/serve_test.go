package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

const (
	person = "+15005550006"
	secret = "placeholder-secret-of-32-bytes.."
)

func mac(text string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// A request is what one auth server posts: the header that proves it, signed at a time.
type request struct {
	flag, body string
	header     func(at time.Time, body string) map[string]string
	timed      bool // the signature covers a time
}

func authorized(value string) func(time.Time, string) map[string]string {
	return func(time.Time, string) map[string]string { return map[string]string{"Authorization": value} }
}

// requests are as the sources of the seven servers make them: see the tests of package hooks.
var requests = map[string]request{
	"supabase": {
		flag: "env:WEBHOOK_SECRET", timed: true,
		body: `{"metadata":{"uuid":"66666666-7777-4888-8999-000000000000","name":"send-sms"},"user":{"id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","phone":"15005550006"},"sms":{"otp":"1357902468","phone":"15005550006"}}`,
		header: func(at time.Time, body string) map[string]string {
			stamp := strconv.FormatInt(at.Unix(), 10)
			signature := "v1," + base64.StdEncoding.EncodeToString(mac("id."+stamp+"."+body))
			return map[string]string{"webhook-id": "id", "webhook-timestamp": stamp, "webhook-signature": signature}
		},
	},
	"zitadel": {
		flag: "env:HOOK_SECRET", timed: true,
		body: `{"contextInfo":{"eventType":"session.otp.sms.challenged","provider":{"id":"1"},"recipientPhoneNumber":"+15005550006"},"templateData":{"text":"1357902468 is your code"},"args":{"code":"1357902468"}}`,
		header: func(at time.Time, body string) map[string]string {
			stamp := strconv.FormatInt(at.Unix(), 10)
			return map[string]string{"ZITADEL-Signature": "t=" + stamp + ",v1=" + hex.EncodeToString(mac(stamp+"."+body))}
		},
	},
	"authgear": {
		flag: "env:HOOK_SECRET",
		body: `{"to":"+15005550006","body":"1357902468 is your code","app_id":"example","template_name":"authenticate_primary_oob_sms.txt","language_tag":"en","template_variables":{"code":"1357902468"}}`,
		header: func(_ time.Time, body string) map[string]string {
			return map[string]string{"x-authgear-body-signature": hex.EncodeToString(mac(body))}
		},
	},
	"kratos": {
		flag:   "basic:kratos:env:HOOK_SECRET",
		body:   `{"to":"+15005550006","text":"Your code is: 1357902468","type":"login_code_valid","data":{"login_code":"1357902468","expires_in_minutes":60}}`,
		header: authorized("Basic " + base64.StdEncoding.EncodeToString([]byte("kratos:"+secret))),
	},
	"logto": {
		flag:   "env:HOOK_SECRET",
		body:   `{"to":"15005550006","type":"SignIn","payload":{"code":"1357902468","locale":"en"},"ip":"203.0.113.7"}`,
		header: authorized(secret),
	},
	"authentik": {
		flag:   "bearer:env:HOOK_SECRET",
		body:   `{"From":"Acme","To":"+15005550006","Body":"1357902468","Message":"Use this code to log in: 1357902468"}`,
		header: authorized("Bearer " + secret),
	},
	"auth0": {
		flag:   "bearer:env:HOOK_SECRET",
		body:   `{"recipient":"+15005550006","text":"Your Acme code is 1357902468","code":"1357902468","message_type":"otp_verify","delivery_method":"text","locale":"en"}`,
		header: authorized("Bearer " + secret),
	},
}

// post makes one request of a server, and changes it.
func post(url, server string, at time.Time, change ...func(http.Header)) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, url+"/hooks/"+server, strings.NewReader(requests[server].body))
	r.Header.Set("Content-Type", "application/json")
	for name, value := range requests[server].header(at, requests[server].body) {
		r.Header.Set(name, value)
	}
	for _, c := range change {
		c(r.Header)
	}
	return r
}

func setSecrets(t *testing.T) {
	t.Setenv("HOOK_SECRET", secret)
	t.Setenv("WEBHOOK_SECRET", "v1,whsec_"+base64.StdEncoding.EncodeToString([]byte(secret)))
}

func line(base, name string) string {
	return "gatewayapi://" + gatewayapitest.Token + "@com?sender=Acme&base_url=" + base + "&name=" + name
}

// answer is the status of a request, or -1.
func answer(t *testing.T, r *http.Request) int {
	t.Helper()
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	for _, word := range []string{"1357902468", "5005550006", secret} {
		assert.NotContains(t, string(body), word)
	}
	return got.StatusCode
}

// A code of each of the seven servers is delivered through a failover whose first vendor
// is dead, once, however often the server repeats it; forged, stale and replayed requests
// send nothing.
func TestEachServerIsServedOnceWhileTheFirstVendorIsDead(t *testing.T) {
	setSecrets(t)
	for server, tc := range requests {
		t.Run(server, func(t *testing.T) {
			vendor := gatewayapitest.NewServer(t)
			dead := gatewayapitest.NewServer(t)
			dead.Close()
			var written bytes.Buffer
			s, err := parse([]string{"-dsn", "guard(failover(" + line(dead.URL, "dead") + " " + line(vendor.URL, "alive") + "))?kinds=none",
				"-hook", server + "=" + tc.flag, "-product", "Acme"}, io.Discard, os.Getenv)
			require.NoError(t, err)
			h, done, err := open(s, slog.New(slog.NewJSONHandler(&written, nil)))
			require.NoError(t, err)
			defer done()
			srv := httptest.NewServer(h)
			defer srv.Close()

			assert.Equal(t, http.StatusUnauthorized, answer(t, post(srv.URL, server, time.Now(), func(h http.Header) {
				for name := range tc.header(time.Now(), "") {
					h.Set(name, h.Get(name)+"x")
				}
			})), "forged")
			if tc.timed {
				assert.Equal(t, http.StatusUnauthorized, answer(t, post(srv.URL, server, time.Now().Add(-time.Hour))), "stale")
			}
			require.Empty(t, vendor.Messages())
			at := time.Now()
			for range 3 { // as it was, to the byte
				assert.Less(t, answer(t, post(srv.URL, server, at)), 300)
			}
			require.Len(t, vendor.Messages(), 1)
			assert.Equal(t, person, vendor.Messages()[0].To)
			assert.Contains(t, vendor.Messages()[0].Text, "1357902468")
			assert.Contains(t, written.String(), `"hook":"`+server+`"`)
			for _, word := range []string{"1357902468", "5005550006", secret, gatewayapitest.Token} {
				assert.NotContains(t, written.String(), word)
			}
		})
	}
}

func TestBadUsageNamesTheFaultAndNoValue(t *testing.T) {
	setSecrets(t)
	t.Setenv("SHORT", "short")
	const dsn = "gatewayapi://topsecret@com?sender=Acme"
	good := []string{"-dsn", dsn, "-hook", "logto=env:HOOK_SECRET"}
	for want, args := range map[string][]string{
		"-dsn or VERIFY_DSN is missing":      {"-hook", "logto=env:HOOK_SECRET"},
		"-hook is missing":                   {"-dsn", dsn},
		"with one of auth0, authentik":       {"-dsn", dsn, "-hook", "topsecret=env:HOOK_SECRET"},
		"must be env:NAME or file:PATH":      {"-dsn", dsn, "-hook", "logto=topsecret"},
		"signs its requests":                 {"-dsn", dsn, "-hook", "zitadel=bearer:env:HOOK_SECRET"},
		"given twice":                        append(good, "-hook", "logto=env:HOOK_SECRET"),
		"at least 16 bytes":                  {"-dsn", dsn, "-hook", "logto=env:SHORT"},
		"-seen-key is missing":               append(good, "-seen", "redis://127.0.0.1"),
		"-seen must be memory":               append(good, "-seen", "topsecret://x", "-seen-key", "env:HOOK_SECRET"),
		"Key must be at least 32":            append(good, "-seen", "sqlite:"+filepath.Join(t.TempDir(), "seen.db"), "-seen-key", "env:SHORT"),
		"-drain must be at least":            append(good, "-drain", "1ms"),
		"Keep must be 10 minutes":            append(good, "-keep", "1m"),
		"there is no such flag":              append(good, "-topsecret"),
		"flag -drain":                        append(good, "-drain", "topsecret"),
		"stands alone":                       append(good, "topsecret"),
		"twilio makes its codes by itself":   {"-dsn", "twilio://AC:topsecret@VA", "-hook", "logto=env:HOOK_SECRET"},
		"store must be memory, or a URL":     {"-dsn", "guard(" + dsn + ")?store=mongo://topsecret", "-hook", "logto=env:HOOK_SECRET"},
		"secret must have at least 16 bytes": {"-dsn", dsn, "-hook", "kratos=env:SHORT"},
		"-hook supabase":                     {"-dsn", dsn, "-hook", "supabase=env:SHORT"},
	} {
		var errs bytes.Buffer
		assert.Equal(t, statusUsage, run(t.Context(), append(args, "-check"), io.Discard, &errs, func(string) string { return "" }), want)
		assert.Contains(t, errs.String(), want)
		assert.NotContains(t, errs.String(), "topsecret", want)
	}
	var out bytes.Buffer
	assert.Zero(t, run(t.Context(), append(good, "-check"), io.Discard, &out, os.Getenv))
	assert.Contains(t, out.String(), "all is well")
	assert.Zero(t, run(t.Context(), []string{"-help"}, &out, io.Discard, os.Getenv))
	assert.Contains(t, out.String(), "-hook supabase=env:SUPABASE_HOOK_SECRET")
}
