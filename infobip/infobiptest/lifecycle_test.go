package infobiptest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/infobip/infobiptest"
)

const to = "+15005550006"

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// An answer is what the emulator said.
type answer struct {
	status int
	data   map[string]any
	code   string // of an error
}

func ask(e *infobiptest.Emulator, method, path, body string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "App "+infobiptest.APIKey)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	got := answer{status: w.Code}
	_ = json.Unmarshal(w.Body.Bytes(), &got.data)
	var refusal struct {
		RequestError struct{ ServiceException struct{ MessageID string } }
	}
	_ = json.Unmarshal(w.Body.Bytes(), &refusal)
	got.code = refusal.RequestError.ServiceException.MessageID
	return got
}

const account = `"applicationId":"` + infobiptest.ApplicationID + `","messageId":"` + infobiptest.SMSTemplate + `"`

// send returns the pinId.
func send(t *testing.T, e *infobiptest.Emulator) string {
	got := ask(e, http.MethodPost, "/2fa/2/pin", `{`+account+`,"to":"15005550006"}`)
	require.Equal(t, "MESSAGE_SENT", got.data["smsStatus"])
	id, _ := got.data["pinId"].(string)
	require.NotEmpty(t, id)
	return id
}

// check returns "yes", or why not.
func check(e *infobiptest.Emulator, id, code string) any {
	got := ask(e, http.MethodPost, "/2fa/2/pin/"+id+"/verify", `{"pin":"`+code+`"}`)
	switch {
	case got.code != "":
		return got.code
	case got.data["verified"] == true && got.data["pinError"] == nil:
		return "yes"
	}
	return got.data["pinError"]
}

func TestACodeIsAcceptedOnceUnlessTheApplicationSaysOtherwise(t *testing.T) {
	for second, multiple := range map[string]bool{"TTL_EXPIRED": false, "yes": true} {
		e := infobiptest.New(infobiptest.Options{Multiple: multiple})
		assert.Equal(t, "NOT_FOUND", check(e, "A", "000000"), "nothing was sent")
		id, code := send(t, e), e.Code(to, "")
		assert.Equal(t, "WRONG_PIN", check(e, id, "1"+code))
		assert.Equal(t, "yes", check(e, id, code))
		assert.Equal(t, second, check(e, id, code))
		assert.Equal(t, multiple, e.Code(to, "") != "")
	}
}

func TestACodeExpiresWhenTheApplicationSays(t *testing.T) {
	for chosen, life := range map[time.Duration]time.Duration{0: 10 * time.Minute, 15 * time.Minute: 15 * time.Minute} {
		e := infobiptest.New(infobiptest.Options{Start: start, TimeToLive: chosen})
		id, code := send(t, e), e.Code(to, "")
		e.Advance(life - time.Second)
		assert.Equal(t, code, e.Code(to, ""))
		e.Advance(time.Second)
		assert.Equal(t, "TTL_EXPIRED", check(e, id, code))
		assert.Empty(t, e.Code(to, ""))
		e.Advance(24 * time.Hour)
		assert.Equal(t, "NOT_FOUND", check(e, id, code), "it is forgotten")
	}
}

func TestTenWrongCodesEndAPin(t *testing.T) {
	e := infobiptest.New(infobiptest.Options{})
	id, code := send(t, e), e.Code(to, "")
	for range 9 {
		assert.Equal(t, "WRONG_PIN", check(e, id, "1"+code))
	}
	last := ask(e, http.MethodPost, "/2fa/2/pin/"+id+"/verify", `{"pin":"0"}`)
	assert.Equal(t, []any{"WRONG_PIN", 0.0}, []any{last.data["pinError"], last.data["attemptsRemaining"]})
	assert.Equal(t, "NO_MORE_PIN_ATTEMPTS", check(e, id, code))
	assert.Empty(t, e.Code(to, ""))
}

func TestASendLeavesTheCodeBefore(t *testing.T) {
	codes := []string{"111111", "222222"}
	e := infobiptest.New(infobiptest.Options{NewCode: func(int) string {
		code := codes[0]
		codes = codes[1:]
		return code
	}})
	first, second := send(t, e), send(t, e)
	assert.Equal(t, "WRONG_PIN", check(e, second, "111111"))
	assert.Equal(t, "yes", check(e, first, "111111"))
	assert.Equal(t, "yes", check(e, second, "222222"))
}

func TestAResendDeliversTheSameCode(t *testing.T) {
	e := infobiptest.New(infobiptest.Options{})
	id, code := send(t, e), e.Code(to, "")
	got := ask(e, http.MethodPost, "/2fa/2/pin/"+id+"/resend/voice", `{}`)
	assert.Equal(t, id, got.data["pinId"])
	assert.Equal(t, "PENDING_ACCEPTED", got.data["callStatus"])
	messages := e.Messages()
	require.Len(t, messages, 2)
	assert.Equal(t, code, messages[1].Code)
	assert.Equal(t, "voice", messages[1].Channel)
	assert.Equal(t, "yes", check(e, id, code))
}

func TestVerificationsAreTold(t *testing.T) {
	e := infobiptest.New(infobiptest.Options{Start: start})
	id := send(t, e)
	require.Equal(t, "yes", check(e, id, e.Code(to, "")))
	got := ask(e, http.MethodGet, "/2fa/2/applications/"+infobiptest.ApplicationID+"/verifications?msisdn=15005550006", "")
	seconds := float64(start.Unix())
	assert.Equal(t, []any{map[string]any{"msisdn": "15005550006", "verified": true, "sentAt": seconds, "verifiedAt": seconds}}, got.data["verifications"])
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"no JSON":                {"/2fa/2/pin", `{`, 400, "BAD_REQUEST"},
		"no number":              {"/2fa/2/pin", `{` + account + `}`, 400, "BAD_REQUEST"},
		"a number with its plus": {"/2fa/2/pin", `{` + account + `,"to":"+15005550006"}`, 400, "BAD_REQUEST"},
		"no application":         {"/2fa/2/pin", `{"messageId":"` + infobiptest.SMSTemplate + `","to":"15005550006"}`, 400, "BAD_REQUEST"},
		"an application of none": {"/2fa/2/pin", `{"applicationId":"1","messageId":"` + infobiptest.SMSTemplate + `","to":"15005550006"}`, 404, "NOT_FOUND"},
		"a template of none":     {"/2fa/2/pin/voice", `{"applicationId":"` + infobiptest.ApplicationID + `","messageId":"1","to":"15005550006"}`, 404, "NOT_FOUND"},
		"a check without a PIN":  {"/2fa/2/pin/A/verify", `{}`, 400, "BAD_REQUEST"},
		"a check of no such id":  {"/2fa/2/pin/A/verify", `{"pin":"123456"}`, 404, "NOT_FOUND"},
		"a resend of no such id": {"/2fa/2/pin/A/resend", `{}`, 404, "NOT_FOUND"},
		"a path of nothing":      {"/pigeons", `{}`, 404, "NOT_FOUND"},
	} {
		e := infobiptest.New(infobiptest.Options{})
		got := ask(e, http.MethodPost, tc.path, tc.body)
		assert.Equal(t, tc.status, got.status, name)
		assert.Equal(t, tc.code, got.code, name)
		assert.Zero(t, e.Effects(), name)
	}
	r := httptest.NewRequest(http.MethodPost, "/2fa/2/pin", strings.NewReader(`{}`))
	r.Header.Set("Authorization", "Bearer "+infobiptest.APIKey)
	w := httptest.NewRecorder()
	infobiptest.New(infobiptest.Options{}).ServeHTTP(w, r)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
}
