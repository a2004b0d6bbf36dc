package telnyxtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/telnyx/telnyxtest"
)

const to = "+15005550006"

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// An answer is what the emulator said.
type answer struct {
	status int
	data   map[string]any
	code   string // of an error
}

func ask(e *telnyxtest.Emulator, method, path, body string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+telnyxtest.APIKey)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var read struct {
		Data   map[string]any
		Errors []struct{ Code string }
	}
	_ = json.Unmarshal(w.Body.Bytes(), &read)
	got := answer{status: w.Code, data: read.Data}
	if len(read.Errors) > 0 {
		got.code = read.Errors[0].Code
	}
	return got
}

func send(e *telnyxtest.Emulator, more string) answer {
	return ask(e, http.MethodPost, "/verifications/sms", `{"phone_number":"`+to+`","verify_profile_id":"`+telnyxtest.ProfileID+`"`+more+`}`)
}

func check(e *telnyxtest.Emulator, code string) any {
	got := ask(e, http.MethodPost, "/verifications/by_phone_number/%2B15005550006/actions/verify", `{"code":"`+code+`","verify_profile_id":"`+telnyxtest.ProfileID+`"}`)
	if got.code != "" {
		return got.code
	}
	return got.data["response_code"]
}

func TestACodeIsAcceptedOnce(t *testing.T) {
	e := telnyxtest.New(telnyxtest.Options{})
	assert.Equal(t, "10005", check(e, "000000"), "nothing was sent")
	require.Equal(t, "pending", send(e, "").data["status"])
	code := e.Code(to, "")
	assert.Equal(t, "rejected", check(e, "1"+code))
	assert.Equal(t, "accepted", check(e, code))
	assert.Equal(t, "rejected", check(e, code))
	assert.Empty(t, e.Code(to, ""))
}

func TestACodeExpiresWhenTheSendSaid(t *testing.T) {
	for more, life := range map[string]time.Duration{"": 5 * time.Minute, `,"timeout_secs":60`: time.Minute} {
		e := telnyxtest.New(telnyxtest.Options{Start: start})
		send(e, more)
		code := e.Code(to, "")
		e.Advance(life - time.Second)
		assert.Equal(t, code, e.Code(to, ""))
		e.Advance(time.Second)
		assert.Equal(t, "expired", check(e, code))
		e.Advance(time.Hour)
		assert.Equal(t, "10005", check(e, code), "it is forgotten")
	}
}

func TestTheSixthWrongCodeIsOneTooMany(t *testing.T) {
	for want, schemaOnly := range map[string]bool{"max_attempts_exceeded": false, "rejected": true} {
		e := telnyxtest.New(telnyxtest.Options{SchemaOnly: schemaOnly})
		send(e, "")
		code := e.Code(to, "")
		for range 5 {
			assert.Equal(t, "rejected", check(e, "1"+code))
		}
		assert.Equal(t, want, check(e, code))
		assert.Empty(t, e.Code(to, ""))
	}
}

func TestASendEndsTheCodeBefore(t *testing.T) {
	e := telnyxtest.New(telnyxtest.Options{})
	send(e, `,"custom_code":"111111"`)
	send(e, `,"custom_code":"222222"`)
	assert.Equal(t, "rejected", check(e, "111111"))
	assert.Equal(t, "accepted", check(e, "222222"))
}

func TestErrors(t *testing.T) {
	const id = `"verify_profile_id":"` + telnyxtest.ProfileID + `"`
	for name, tc := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"a channel of none":         {"/verifications/pigeon", `{}`, 404, "10005"},
		"no JSON":                   {"/verifications/sms", `{`, 400, "10015"},
		"no number":                 {"/verifications/sms", `{` + id + `}`, 400, "10016"},
		"no profile":                {"/verifications/sms", `{"phone_number":"` + to + `"}`, 422, "10027"},
		"a profile of none":         {"/verifications/sms", `{"phone_number":"` + to + `","verify_profile_id":"x"}`, 404, "10005"},
		"a life of half a second":   {"/verifications/sms", `{"phone_number":"` + to + `","timeout_secs":0.5,` + id + `}`, 400, "10015"},
		"a check without a profile": {"/verifications/by_phone_number/%2B15005550006/actions/verify", `{"code":"123456"}`, 422, "10027"},
		"a check of no such id":     {"/verifications/x/actions/verify", `{"code":"123456"}`, 404, "10005"},
		"a path of nothing":         {"/pigeons", `{}`, 404, "10005"},
	} {
		e := telnyxtest.New(telnyxtest.Options{})
		got := ask(e, http.MethodPost, tc.path, tc.body)
		assert.Equal(t, tc.status, got.status, name)
		assert.Equal(t, tc.code, got.code, name)
		assert.Zero(t, e.Effects(), name)
	}
	r := httptest.NewRequest(http.MethodPost, "/v2/verifications/sms", strings.NewReader(`{}`))
	w := httptest.NewRecorder()
	telnyxtest.New(telnyxtest.Options{}).ServeHTTP(w, r)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
}
