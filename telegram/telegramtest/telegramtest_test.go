package telegramtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/telegram/telegramtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	to    = "+15005550006"
	other = "+15017122661"
)

// An answer is what came back.
type answer struct {
	OK     bool
	Error  string
	Result json.RawMessage
}

func (a answer) field(t *testing.T, name string) any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal(a.Result, &all))
	return all[name]
}

// ask calls a method with pairs of keys and values, in JSON.
func ask(t *testing.T, e http.Handler, method string, pairs ...string) answer {
	t.Helper()
	object := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i]] = pairs[i+1]
	}
	body, err := json.Marshal(object)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/"+method, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+telegramtest.Token)
	return answered(t, e, r)
}

func answered(t *testing.T, e http.Handler, r *http.Request) (a answer) {
	t.Helper()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), w.Body.String())
	assert.Equal(t, a.OK, a.Error == "")
	return a
}

func TestAQuestionPaysForOneMessage(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := telegramtest.New(telegramtest.Options{Start: start})
	asked := ask(t, e, "checkSendAbility", "phone_number", to)
	require.True(t, asked.OK)
	assert.InDelta(t, 0.01, e.Spent(), 1e-9)
	assert.Zero(t, e.Effects(), "a question sends nothing")
	id, _ := asked.field(t, "request_id").(string)

	assert.Equal(t, "PHONE_NUMBER_MISMATCH", ask(t, e, "sendVerificationMessage", "phone_number", other, "request_id", id, "code", "123456").Error)
	sent := ask(t, e, "sendVerificationMessage", "phone_number", to, "request_id", id, "code", "123456", "payload", "p", "ttl", "60")
	require.True(t, sent.OK)
	assert.Equal(t, "p", sent.field(t, "payload"))
	assert.Equal(t, id, sent.field(t, "request_id"))
	assert.Equal(t, "MESSAGE_ALREADY_SENT", ask(t, e, "sendVerificationMessage", "phone_number", to, "request_id", id, "code", "123456").Error)
	assert.Equal(t, 1, e.Effects())
	assert.InDelta(t, 0.01, e.Spent(), 1e-9, "one fee for both")
	assert.Equal(t, "123456", e.Code(to))
	assert.True(t, e.Messages()[0].At.Equal(start))

	require.True(t, ask(t, e, "sendVerificationMessage", "phone_number", to, "code", "1234").OK, "without a question")
	assert.InDelta(t, 0.02, e.Spent(), 1e-9)

	assert.True(t, ask(t, e, "checkVerificationStatus", "request_id", id).OK)
	assert.Equal(t, "true", string(ask(t, e, "revokeVerificationMessage", "request_id", id).Result))
	e.Advance(24 * time.Hour)
	assert.Equal(t, "REQUEST_ID_INVALID", ask(t, e, "checkVerificationStatus", "request_id", id).Error)
}

func TestRefusals(t *testing.T) {
	e := telegramtest.New(telegramtest.Options{Absent: []string{other}})
	for want, call := range map[string][]string{
		"PHONE_NUMBER_INVALID":       {"checkSendAbility", "phone_number", "5005550006"},
		"PHONE_NUMBER_NOT_AVAILABLE": {"sendVerificationMessage", "phone_number", other, "code", "123456"},
		"CODE_INVALID":               {"sendVerificationMessage", "phone_number", to, "code", "123456789"},
		"TTL_INVALID":                {"sendVerificationMessage", "phone_number", to, "code", "123456", "ttl", "29"},
		"PAYLOAD_INVALID":            {"sendVerificationMessage", "phone_number", to, "code", "123456", "payload", strings.Repeat("x", 129)},
		"CALLBACK_URL_INVALID":       {"sendVerificationMessage", "phone_number", to, "code", "123456", "callback_url", "http://example.com"},
		"REQUEST_ID_INVALID":         {"sendVerificationMessage", "phone_number", to, "code", "123456", "request_id", "x"},
		"REQUEST_ID_REQUIRED":        {"revokeVerificationMessage"},
		"UNKNOWN_METHOD":             {"sendMessage"},
	} {
		assert.Equal(t, want, ask(t, e, call[0], call[1:]...).Error)
	}
	poor := telegramtest.New(telegramtest.Options{Funds: -1})
	assert.Equal(t, "BALANCE_NOT_ENOUGH", ask(t, poor, "checkSendAbility", "phone_number", to).Error)
	e.Fail(telegramtest.Refusal("FLOOD_WAIT_5"))
	assert.Equal(t, "FLOOD_WAIT_5", ask(t, e, "checkSendAbility", "phone_number", to).Error)
	assert.Zero(t, e.Effects())
	assert.Zero(t, e.Spent())
}

func TestTheTokenIsAskedFor(t *testing.T) {
	e := telegramtest.New(telegramtest.Options{})
	at := "/checkSendAbility?phone_number=" + url.QueryEscape(to)
	assert.Equal(t, "ACCESS_TOKEN_REQUIRED", answered(t, e, httptest.NewRequest(http.MethodGet, at, nil)).Error)
	assert.Equal(t, "ACCESS_TOKEN_INVALID", answered(t, e, httptest.NewRequest(http.MethodGet, at+"&access_token=another", nil)).Error)
	assert.True(t, answered(t, e, httptest.NewRequest(http.MethodGet, at+"&access_token="+telegramtest.Token, nil)).OK)
}

func ExampleNew() {
	e := telegramtest.New(telegramtest.Options{})

	body := strings.NewReader(`{"phone_number":"+15005550006","code":"123456"}`)
	r := httptest.NewRequest(http.MethodPost, "/sendVerificationMessage", body)
	r.Header.Set("Authorization", "Bearer "+telegramtest.Token)
	r.Header.Set("Content-Type", "application/json")
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Code("+15005550006"))
	// Output: 123456
}
