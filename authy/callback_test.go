package authy_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const callbackURL = "https://example.com/authy/callback"

func listening(c *authy.Config) { c.CallbackURL = callbackURL }

// once is a Nonces for tests.
type once struct {
	err  error
	seen map[string]bool
}

// Fresh implements authy.Nonces.
func (o once) Fresh(_ context.Context, key string) (bool, error) {
	fresh := !o.seen[key]
	if o.seen != nil {
		o.seen[key] = true
	}
	return fresh, o.err
}

func TestCallbackIsRead(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		for status, answer := range map[authy.ApprovalStatus]func(*authytest.Server, string) bool{
			authy.Approved: func(s *authytest.Server, id string) bool { return s.Approve(id) },
			authy.Denied:   func(s *authytest.Server, id string) bool { return s.Deny(id) },
		} {
			t.Run(method+" "+string(status), func(t *testing.T) {
				t.Parallel()
				users, srv, id := asked(t, listening)
				require.True(t, answer(srv, id))
				r, err := srv.Callback(method, callbackURL, id)
				require.NoError(t, err)
				r.Host = "evil.example" // R48: whatever the proxy says
				r.Header.Set("X-Forwarded-Host", "evil.example")
				got, err := users.ReadCallback(r)
				require.NoError(t, err)
				assert.Equal(t, authy.Callback{ID: id, AuthyID: "1000", Status: status}, got)
			})
		}
	}
}

func TestCallbackOverTheNetwork(t *testing.T) {
	t.Parallel()
	var users *authy.Users
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := users.ReadCallback(r); err != nil {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(app.Close)
	var srv *authytest.Server
	var id string
	users, srv, id = asked(t, func(c *authy.Config) { c.CallbackURL = app.URL + "/authy" })
	_, err := srv.SendCallback(t.Context(), app.URL+"/authy", id)
	require.Error(t, err, "not answered yet")
	require.True(t, srv.Approve(id))
	status, err := srv.SendCallback(t.Context(), app.URL+"/authy", id)
	require.NoError(t, err)
	assert.Equal(t, 200, status)
	status, err = srv.SendCallback(t.Context(), app.URL+"/else", id)
	require.NoError(t, err)
	assert.Equal(t, 403, status, "signed for another URL")
}

func TestCallbackIsReadOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*authy.Config){
		"in memory":  func(*authy.Config) {},
		"by a hook ": func(c *authy.Config) { c.Nonces = once{seen: map[string]bool{}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv, id := asked(t, listening, change)
			srv.Deny(id)
			r, err := srv.Callback(http.MethodPost, callbackURL, id)
			require.NoError(t, err)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			for n := range 5 {
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				if n > 1 { // the same values in other words
					r.Body = io.NopCloser(strings.NewReader(" " + string(body) + "\n"))
				}
				_, err := users.ReadCallback(r)
				if n == 0 {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, verify.ErrRejected, "R53")
				assert.Contains(t, detail(err), "read before")
			}
		})
	}
}

// Two people who answer within one second may share a nonce.
func TestCallbacksOfOneSecondAreBothRead(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t, listening)
	for _, status := range []string{"approved", "denied"} {
		_, err := users.ReadCallback(signed(http.MethodPost, body(status)))
		require.NoError(t, err)
	}
}

// signed is a request with one nonce for all.
func signed(method, content string) *http.Request {
	return signedWith("1512923419", method, content)
}

func signedWith(nonce, method, content string) *http.Request {
	var pairs string
	address := callbackURL
	if method == http.MethodGet {
		values, _ := url.ParseQuery(content)
		pairs, address = values.Encode(), callbackURL+"?"+content
		content = ""
	} else {
		pairs = flat(content)
	}
	r := httptest.NewRequest(method, address, strings.NewReader(content))
	mac := hmac.New(sha256.New, []byte(authytest.APIKey))
	_, _ = fmt.Fprintf(mac, "%s|%s|%s|%s", nonce, method, callbackURL, pairs)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("X-Authy-Signature-Nonce", nonce)
	r.Header.Set("X-Authy-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// flat signs objects of texts alone.
func flat(content string) string {
	values := url.Values{}
	for part := range strings.SplitSeq(strings.Trim(content, "{}"), ",") {
		key, value, _ := strings.Cut(part, ":")
		values.Add(strings.Trim(key, `"`), strings.Trim(value, `"`))
	}
	return values.Encode()
}

const answeredID = "4a725520-bff5-0135-eb01-0e5d90336a8c"

func body(status string, more ...string) string {
	return `{"authy_id":1000,"callback_action":"approval_request_status","uuid":"` + answeredID + `","status":"` + status + `"` + strings.Join(more, "") + `}`
}

func TestCallbackThatIsSignedAndNotUnderstood(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"another action":           strings.Replace(body("approved"), "approval_request_status", "user_phone_change", 1),
		"no action":                strings.Replace(body("approved"), `"callback_action":"approval_request_status",`, "", 1),
		"an unknown status":        body("ok"),
		"a status in capitals":     body("Approved"),
		"no status":                strings.Replace(body("approved"), `,"status":"approved"`, "", 1),
		"a status twice":           body("approved", `,"status":"approved"`),
		"no person":                strings.Replace(body("approved"), `"authy_id":1000,`, "", 1),
		"a person that is none":    strings.Replace(body("approved"), "1000", `"x"`, 1),
		"an id that is none":       strings.Replace(body("approved"), answeredID, "../sms", 1),
		"another status inside":    body("approved", `,"approval_request[transaction][status]":"denied"`),
		"another id inside":        body("approved", `,"approval_request[transaction][uuid]":"7"`),
		"a status only further in": strings.Replace(body("approved"), `"status"`, `"approval_request[status]"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, _ := emulated(t, listening)
			got, err := users.ReadCallback(signed(http.MethodPost, content))
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
			assert.Zero(t, got)
		})
	}
}

func TestCallbackWhoseMemoryFails(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t, listening, func(c *authy.Config) { c.Nonces = once{err: errors.New("down")} })
	got, err := users.ReadCallback(signed(http.MethodPost, body("approved")))
	require.ErrorIs(t, err, verify.ErrUnavailable)
	assert.Zero(t, got, "R31: what cannot be told to be new is not read")
}

func TestCallbackIsNotExpected(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t)
	_, err := users.ReadCallback(signed(http.MethodPost, body("approved")))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	assert.Contains(t, detail(err), "Config.CallbackURL")
}

// R56: what a callback says approves no code.
func TestCallbackApprovesNoCode(t *testing.T) {
	t.Parallel()
	users, srv, id := asked(t, listening)
	srv.Approve(id)
	r, err := srv.Callback(http.MethodPost, callbackURL, id)
	require.NoError(t, err)
	_, err = users.ReadCallback(r)
	require.NoError(t, err)
	require.ErrorIs(t, users.Check(t.Context(), phone, "1234567"), verify.ErrMismatch)
}
