package preludetest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/prelude/preludetest"
)

const target = `"target":{"type":"phone_number","value":"+15005550006"}`

// An answer is what the emulator said.
type answer struct {
	code                             int
	ID, Status, Method, Reason, Code string
	Channels                         []string
	Metadata                         map[string]string
}

func ask(e *preludetest.Emulator, path, body string) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+preludetest.APIKey)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var got answer
	_ = json.Unmarshal(w.Body.Bytes(), &got)
	got.code = w.Code
	return got
}

func send(e *preludetest.Emulator, more string) answer {
	return ask(e, "/v2/verification", `{`+target+more+`}`)
}

func check(e *preludetest.Emulator, code string) string {
	return ask(e, "/v2/verification/check", `{`+target+`,"code":"`+code+`"}`).Status
}

func TestARightCodeEndsTheWindow(t *testing.T) {
	e := preludetest.New(preludetest.Options{})
	assert.Equal(t, "expired_or_not_found", check(e, "000000"))
	first := send(e, `,"metadata":{"correlation_id":"a"}`)
	assert.Equal(t, "success", first.Status)
	assert.Equal(t, map[string]string{"correlation_id": "a"}, first.Metadata)
	code := e.Code("+15005550006", "")
	assert.Empty(t, e.Code("+15005550006", "login"), "there are no scopes")
	again := send(e, `,"options":{"code_size":8}`)
	assert.Equal(t, []string{"retry", first.ID}, []string{again.Status, again.ID})
	assert.Equal(t, code, e.Messages()[1].Code, "the same code")
	assert.Equal(t, "failure", check(e, "1"+code))
	assert.Equal(t, "success", check(e, code))
	assert.Equal(t, "expired_or_not_found", check(e, code))
	assert.Equal(t, "success", send(e, "").Status, "a new window")
}

func TestAWindowEnds(t *testing.T) {
	for window, life := range map[time.Duration]time.Duration{0: 10 * time.Minute, 2 * time.Hour: 2 * time.Hour} {
		e := preludetest.New(preludetest.Options{Window: window, Start: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)})
		send(e, "")
		code := e.Code("+15005550006", "")
		e.Advance(life - time.Second)
		assert.Equal(t, code, e.Code("+15005550006", ""))
		e.Advance(time.Second)
		assert.Empty(t, e.Code("+15005550006", ""))
		assert.Equal(t, "expired_or_not_found", check(e, code))
	}
}

func TestTheFifthWrongCodeEndsTheWindow(t *testing.T) {
	e := preludetest.New(preludetest.Options{})
	send(e, "")
	code := e.Code("+15005550006", "")
	for range 5 {
		assert.Equal(t, "failure", check(e, "1"+code))
	}
	assert.Equal(t, "expired_or_not_found", check(e, code))
}

func TestTheRouteIsTold(t *testing.T) {
	for _, tc := range []struct {
		route, options, method, shown string
		channels                      []string
	}{
		{"", ``, "message", "sms", []string{"sms"}},
		{"", `"preferred_channel":"telegram"`, "message", "telegram", []string{"telegram", "sms"}},
		{"viber", `"preferred_channel":"telegram"`, "message", "app", []string{"viber", "sms"}},
		{"viber", `"method":"voice"`, "voice", "voice", []string{"voice"}},
	} {
		e := preludetest.New(preludetest.Options{Route: tc.route})
		got := send(e, `,"options":{`+tc.options+`}`)
		assert.Equal(t, tc.method, got.Method)
		assert.Equal(t, tc.channels, got.Channels)
		assert.Equal(t, tc.shown, e.Messages()[0].Channel)
	}
}

func TestWhatIsBlockedIsNotSent(t *testing.T) {
	e := preludetest.New(preludetest.Options{Attempts: 1})
	assert.Equal(t, "suspicious", send(e, `,"signals":{"device_platform":"tvos"}`).Reason)
	assert.Equal(t, "success", send(e, "").Status)
	blocked := send(e, "")
	assert.Equal(t, []string{"blocked", "repeated_attempts"}, []string{blocked.Status, blocked.Reason})
	assert.Equal(t, 1, e.Effects())
}

func TestErrors(t *testing.T) {
	const email = `{"target":{"type":"email_address","value":"a@example.com"}}`
	for name, tc := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"no JSON":              {"/v2/verification", `{`, 400, "invalid_request"},
		"no target":            {"/v2/verification", `{}`, 400, "invalid_request"},
		"no number":            {"/v2/verification", `{"target":{"type":"phone_number","value":"12"}}`, 400, "invalid_phone_number"},
		"an address":           {"/v2/verification", email, 403, "email_verification_not_allowed"},
		"digits of none":       {"/v2/verification", `{` + target + `,"options":{"code_size":9}}`, 400, "invalid_code_size"},
		"a locale of none":     {"/v2/verification", `{` + target + `,"options":{"locale":"da_DK"}}`, 400, "invalid_locale"},
		"a channel of none":    {"/v2/verification", `{` + target + `,"options":{"preferred_channel":"voice"}}`, 400, "invalid_request"},
		"a platform of none":   {"/v2/verification", `{` + target + `,"signals":{"device_platform":"pigeon"}}`, 400, "invalid_request"},
		"an address of none":   {"/v2/verification", `{` + target + `,"signals":{"ip":"1"}}`, 400, "invalid_request"},
		"a check of no JSON":   {"/v2/verification/check", `{`, 400, "invalid_request"},
		"a check of no target": {"/v2/verification/check", `{"code":"123456"}`, 400, "invalid_request"},
		"a check of no code":   {"/v2/verification/check", `{` + target + `}`, 400, "invalid_request"},
		"a path of nothing":    {"/v2/pigeons", `{}`, 404, "not_found"},
	} {
		e := preludetest.New(preludetest.Options{})
		got := ask(e, tc.path, tc.body)
		assert.Equal(t, tc.status, got.code, name)
		assert.Equal(t, tc.code, got.Code, name)
		assert.Zero(t, e.Effects(), name)
	}
	e, sample := preludetest.Vendors()[0].New(emulator.Setup{})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v2/verification", strings.NewReader(`{`+target+`}`)))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Equal(t, preludetest.APIKey, sample.Settings["api_key"])
	srv := preludetest.NewServer(t)
	srv.Fail(preludetest.Refusal(429, "rate_limited"))
	assert.Equal(t, "rate_limited", send(srv.Emulator, "").Code)
}
