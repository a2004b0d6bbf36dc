package birdtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bird/birdtest"
)

const (
	to   = "+15005550006"
	path = "/v1/verify/verifications"
	body = `{"to":{"phone_number":"` + to + `"}}`
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// ask returns the status and the answer, of an error the object within.
func ask(e *birdtest.Emulator, path, body, key string) (int, map[string]any) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+birdtest.APIKey)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	if inner, ok := answer["error"].(map[string]any); ok {
		answer = inner
	}
	return w.Code, answer
}

func check(e *birdtest.Emulator, code string) any {
	_, answer := ask(e, path+"/check", `{"to":{"phone_number":"`+to+`"},"code":"`+code+`"}`, "")
	switch {
	case answer["success"] == true:
		return "yes"
	case answer["reason"] != nil:
		return answer["reason"]
	}
	return answer["code"]
}

func TestACodeIsRightOnce(t *testing.T) {
	e := birdtest.New(birdtest.Options{})
	assert.Equal(t, "E13000", check(e, "0000"), "nothing was sent")
	ask(e, path, body, "")
	code := e.Code(to)
	assert.Equal(t, "incorrect_code", check(e, "0000"))
	assert.Equal(t, "yes", check(e, code))
	assert.Equal(t, "E13000", check(e, code))
}

func TestTheEndOfAVerificationIsToldOnce(t *testing.T) {
	e := birdtest.New(birdtest.Options{Start: start})
	ask(e, path, body, "")
	code := e.Code(to)
	e.Advance(10*time.Minute - time.Second)
	assert.Equal(t, code, e.Code(to))
	e.Advance(time.Second)
	assert.Empty(t, e.Code(to))
	assert.Equal(t, "expired", check(e, code))
	assert.Equal(t, "E13000", check(e, code))

	ask(e, path, body, "")
	for range 4 {
		assert.Equal(t, "incorrect_code", check(e, "0000"))
	}
	assert.Equal(t, "attempts_exhausted", check(e, "0000"))
	assert.Equal(t, "E13000", check(e, code))
}

func TestAKeyIsKnownForThreeHours(t *testing.T) {
	e := birdtest.New(birdtest.Options{Start: start})
	_, first := ask(e, path, body, "login/1")
	_, second := ask(e, path, body, "login/1")
	assert.Equal(t, first, second)
	assert.Equal(t, 1, e.Effects())
	status, refused := ask(e, path, `{"to":{"phone_number":"+15005550007"}}`, "login/1")
	assert.Equal(t, http.StatusConflict, status)
	assert.Equal(t, "E01005", refused["code"])
	e.Advance(3*time.Hour + time.Second)
	ask(e, path, body, "login/1")
	assert.Equal(t, 2, e.Effects())
}

// A message may leave although its key was used before, which is what the vendor
// warns of.
func TestWhatIsNotRetainedIsDoneAgain(t *testing.T) {
	e := birdtest.New(birdtest.Options{NotRetained: true})
	for range 2 {
		ask(e, path, body, "login/1")
	}
	assert.Equal(t, 2, e.Effects())
}

func TestARequestThatIsStillRunning(t *testing.T) {
	e := birdtest.New(birdtest.Options{})
	var status int
	var answer map[string]any
	cancel := e.Subscribe(func(birdtest.Message) { status, answer = ask(e, path, body, "login/1") })
	ask(e, path, body, "login/1")
	cancel()
	assert.Equal(t, http.StatusConflict, status)
	assert.Equal(t, "E01004", answer["code"])
	assert.Equal(t, 1, e.Effects())
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		path, body, code, param string
		status                  int
	}{
		"no JSON":                  {path, `{`, "E01000", "", 400},
		"nobody":                   {path, `{}`, "E01006", "to", 422},
		"a number without a plus":  {path, `{"to":{"phone_number":"15005550006"}}`, "E01006", "to.phone_number", 422},
		"no address":               {path, `{"to":{"email":"a"}}`, "E01006", "to.email", 422},
		"a code of three digits":   {path, strings.Replace(body, `{"to"`, `{"options":{"code_length":3},"to"`, 1), "E01006", "options.code_length", 422},
		"a channel of addresses":   {path, strings.Replace(body, `{"to"`, `{"options":{"channels":["email"]},"to"`, 1), "E01006", "options.channels", 422},
		"a check without a code":   {path + "/check", body, "E01006", "code", 422},
		"a path that there is not": {path + "/next", body, "E01003", "", 404},
	} {
		e := birdtest.New(birdtest.Options{})
		status, answer := ask(e, tc.path, tc.body, "")
		assert.Equal(t, tc.status, status, name)
		assert.Equal(t, tc.code, answer["code"], name)
		if tc.param != "" {
			assert.Equal(t, tc.param, answer["param"], name)
		}
		assert.Zero(t, e.Effects(), name)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	birdtest.New(birdtest.Options{}).ServeHTTP(w, r)
	require.Equal(t, http.StatusUnauthorized, w.Code)
}
