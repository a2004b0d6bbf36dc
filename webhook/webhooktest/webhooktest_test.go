package webhooktest_test

import (
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

	"github.com/go2fa/verify/webhook/webhooktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const message = `{"type":"verify.message","data":{"to":"+15005550006","channel":"sms","text":"Your code is 123456"}}`

// post is a request that is signed by hand.
func post(id, body string, at time.Time, change ...func(http.Header)) *http.Request {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(webhooktest.Secret, "whsec_"))
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(id + "." + stamp + "." + body))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", stamp)
	r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, c := range change {
		c(r.Header)
	}
	return r
}

func answer(e http.Handler, r *http.Request) (status int, body string) {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func set(name, value string) func(http.Header) {
	return func(h http.Header) { h.Set(name, value) }
}

func TestOnlyWhatIsSignedIsTaken(t *testing.T) {
	e := webhooktest.New(webhooktest.Options{})
	now := time.Now()
	for name, r := range map[string]*http.Request{
		"no id":             post("", message, now),
		"another id":        post("a", message, now, set("webhook-id", "b")),
		"no signature":      post("a", message, now, set("webhook-signature", "")),
		"another version":   post("a", message, now, func(h http.Header) { h.Set("webhook-signature", "v2"+h.Get("webhook-signature")[2:]) }),
		"another time":      post("a", message, now, set("webhook-timestamp", strconv.FormatInt(now.Unix()+1, 10))),
		"no time":           post("a", message, now, set("webhook-timestamp", "")),
		"six minutes old":   post("a", message, now.Add(-6*time.Minute)),
		"six minutes ahead": post("a", message, now.Add(6*time.Minute)),
	} {
		status, body := answer(e, r)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		assert.JSONEq(t, `{"error":"unauthorized"}`, body, name)
	}
	assert.Zero(t, e.Effects())
	status, _ := answer(e, post("a", message, now.Add(-4*time.Minute), func(h http.Header) {
		h.Set("webhook-signature", "v1,AAAA "+h.Get("webhook-signature"))
	}))
	assert.Equal(t, http.StatusOK, status, "one of two")
	assert.Equal(t, 1, e.Effects())
}

func TestAnIDIsTakenOnceWithinFiveMinutes(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := webhooktest.New(webhooktest.Options{Start: start})
	for range 3 {
		status, body := answer(e, post("a", message, time.Now()))
		require.Equal(t, http.StatusOK, status)
		assert.JSONEq(t, `{"id":"a"}`, body)
	}
	assert.Equal(t, 1, e.Effects())
	assert.True(t, e.Messages()[0].At.Equal(start))
	e.Advance(5 * time.Minute)
	_, _ = answer(e, post("a", message, time.Now()))
	assert.Equal(t, 2, e.Effects())
}

func TestRefusals(t *testing.T) {
	e := webhooktest.New(webhooktest.Options{Absent: []string{"+15017122661"}})
	for body, want := range map[string]string{
		`{"type":"verify.message","data":{"to":"+15017122661","channel":"sms","text":"x"}}`:    `422 {"error":"not_reachable"}`,
		`{"type":"verify.message","data":{"to":"15005550006","channel":"sms","text":"x"}}`:     `422 {"error":"invalid_recipient"}`,
		`{"type":"verify.message","data":{"to":"+15005550006","channel":"email","text":"x"}}`:  `422 {"error":"invalid_recipient"}`,
		`{"type":"verify.message","data":{"to":"a@example.com","channel":"voice","text":"x"}}`: `422 {"error":"invalid_recipient"}`,
		`{"type":"verify.message","data":{"to":"+15005550006","channel":"sms","text":""}}`:     `400 {"error":"rejected"}`,
		`{"type":"verify.message","data":{"to":"+15005550006","channel":"sms","text":["x"]}}`:  `400 {"error":"rejected"}`,
		`{"type":"verify.message"}`: `400 {"error":"rejected"}`,
		`{"type":"user.created"}`:   `400 {"error":"rejected"}`,
		`[]`:                        `400 {"error":"rejected"}`,
		`{"type":"verify.probe"}`:   `204 `,
	} {
		status, got := answer(e, post("a", body, time.Now()))
		assert.Equal(t, want, fmt.Sprint(status, " ", got), body)
	}
	assert.Zero(t, e.Effects())
	r := post("a", message, time.Now())
	r.URL.Path = "/otp"
	status, _ := answer(e, r)
	assert.Equal(t, http.StatusNotFound, status)
}

func ExampleNew() {
	e := webhooktest.New(webhooktest.Options{})
	e.ServeHTTP(httptest.NewRecorder(), post("a", message, time.Now()))
	fmt.Println(e.Code("+15005550006"))
	// Output: 123456
}
