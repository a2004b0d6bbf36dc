package vonagetest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/vonage/vonagetest"
)

const to = "+15005550006"

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// An answer is what the emulator said.
type answer struct {
	status int
	data   map[string]any
	kind   string // of an error
}

func ask(e *vonagetest.Emulator, method, path, body string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(vonagetest.APIKey, vonagetest.APISecret)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	got := answer{status: w.Code}
	_ = json.Unmarshal(w.Body.Bytes(), &got.data)
	if text, ok := got.data["type"].(string); ok {
		_, got.kind, _ = strings.Cut(text, "#")
	}
	return got
}

func verification(more string) string {
	return `{"brand":"Acme","workflow":[{"channel":"sms","to":"15005550006"}]` + more + `}`
}

// send returns the request_id.
func send(t *testing.T, e *vonagetest.Emulator, more string) string {
	t.Helper()
	got := ask(e, http.MethodPost, "/v2/verify", verification(more))
	require.Equal(t, http.StatusAccepted, got.status, "%v", got.data)
	id, _ := got.data["request_id"].(string)
	require.NotEmpty(t, id)
	return id
}

// check returns "completed", or why not.
func check(e *vonagetest.Emulator, id, code string) any {
	got := ask(e, http.MethodPost, "/v2/verify/"+id, `{"code":"`+code+`"}`)
	if got.kind != "" {
		return got.kind
	}
	return got.data["status"]
}

func TestACodeIsAcceptedOnce(t *testing.T) {
	e := vonagetest.New(vonagetest.Options{})
	assert.Equal(t, "not-found", check(e, "none", "0000"), "nothing was sent")
	id := send(t, e, "")
	code := e.Code(to)
	assert.Len(t, code, 4, "without a length")
	assert.Equal(t, "invalid-code", check(e, id, "1"+code))
	assert.Equal(t, "completed", check(e, id, code))
	assert.Equal(t, "not-found", check(e, id, code))
	assert.Empty(t, e.Code(to))
	send(t, e, "")
}

func TestACodeExpiresWithItsChannelTimeout(t *testing.T) {
	for more, life := range map[string]time.Duration{"": 3 * time.Minute, `,"channel_timeout":60`: time.Minute} {
		e := vonagetest.New(vonagetest.Options{Start: start})
		id := send(t, e, more)
		code := e.Code(to)
		e.Advance(life - time.Second)
		assert.Equal(t, code, e.Code(to))
		assert.Equal(t, "concurrent", ask(e, http.MethodPost, "/v2/verify", verification("")).kind)
		e.Advance(time.Second)
		assert.Equal(t, "not-found", check(e, id, code))
		assert.Empty(t, e.Code(to))
		send(t, e, "")
	}
}

func TestTheFifthWrongCodeEndsAVerification(t *testing.T) {
	e := vonagetest.New(vonagetest.Options{})
	id := send(t, e, `,"code_length":6`)
	code := e.Code(to)
	for range 4 {
		assert.Equal(t, "invalid-code", check(e, id, "1"+code))
	}
	assert.Equal(t, "expired", check(e, id, "1"+code))
	assert.Equal(t, "not-found", check(e, id, code))
	send(t, e, "")
}

// The refusal names the verification that is pending.
func TestOneVerificationOfARecipientIsPending(t *testing.T) {
	e := vonagetest.New(vonagetest.Options{})
	id := send(t, e, "")
	code := e.Code(to)
	got := ask(e, http.MethodPost, "/v2/verify", verification(""))
	assert.Equal(t, []any{http.StatusConflict, "concurrent", id}, []any{got.status, got.kind, got.data["request_id"]})
	assert.Equal(t, 1, e.Effects())
	assert.Equal(t, code, e.Code(to))
	assert.Equal(t, http.StatusAccepted, ask(e, http.MethodPost, "/v2/verify", strings.ReplaceAll(verification(""), "15005550006", "15017122661")).status)
}

func TestARecipientIsTakenForAWhileAfterACancellation(t *testing.T) {
	for lag, taken := range map[time.Duration]time.Duration{0: 12 * time.Second, 5 * time.Second: 5 * time.Second, -1: 0} {
		e := vonagetest.New(vonagetest.Options{Start: start, CancelLag: lag})
		id := send(t, e, "")
		code := e.Code(to)
		assert.Equal(t, http.StatusNoContent, ask(e, http.MethodDelete, "/v2/verify/"+id, "").status)
		assert.Equal(t, "not-found", ask(e, http.MethodDelete, "/v2/verify/"+id, "").kind)
		assert.Equal(t, "not-found", check(e, id, code))
		if taken > 0 {
			e.Advance(taken - time.Second)
			assert.Equal(t, "concurrent", ask(e, http.MethodPost, "/v2/verify", verification("")).kind)
			e.Advance(time.Second)
		}
		send(t, e, "")
	}
}

func TestTheNextStepDeliversTheSameCode(t *testing.T) {
	e := vonagetest.New(vonagetest.Options{Start: start})
	got := ask(e, http.MethodPost, "/v2/verify",
		`{"brand":"Acme","workflow":[{"channel":"sms","to":"15005550006"},{"channel":"voice","to":"15005550006"}]}`)
	id, _ := got.data["request_id"].(string)
	e.Advance(2 * time.Minute)
	assert.Equal(t, http.StatusOK, ask(e, http.MethodPost, "/v2/verify/"+id+"/next_workflow", "").status)
	messages := e.Messages()
	require.Len(t, messages, 2)
	assert.Equal(t, messages[0].Code, messages[1].Code)
	assert.Equal(t, "voice", messages[1].Channel)
	assert.Equal(t, "no-events", ask(e, http.MethodPost, "/v2/verify/"+id+"/next_workflow", "").kind)
	e.Advance(2 * time.Minute)
	assert.Equal(t, "completed", check(e, id, messages[1].Code), "the step has its own time")
	assert.Equal(t, "not-found", ask(e, http.MethodPost, "/v2/verify/"+id+"/next_workflow", "").kind)
}

func TestParameters(t *testing.T) {
	steps := func(steps string) string { return `{"brand":"Acme","workflow":[` + steps + `]}` }
	for name, tc := range map[string]struct{ body, parameter string }{
		"no JSON":                  {`{`, "body"},
		"no brand":                 {`{"workflow":[{"channel":"sms","to":"15005550006"}]}`, "brand"},
		"a brand of 19":            {strings.Replace(verification(""), "Acme", strings.Repeat("a", 19), 1), "brand"},
		"a brand with a slash":     {strings.Replace(verification(""), "Acme", "a/b", 1), "brand"},
		"no workflow":              {`{"brand":"Acme"}`, "workflow"},
		"four steps":               {steps(strings.Repeat(`{"channel":"sms","to":"15005550006"},`, 3) + `{"channel":"sms","to":"15005550006"}`), "workflow"},
		"a step that is a text":    {steps(`"sms"`), "channel"},
		"a channel of none":        {steps(`{"channel":"pigeon","to":"15005550006"}`), "channel"},
		"a number with its plus":   {steps(`{"channel":"sms","to":"+15005550006"}`), "to"},
		"an address for sms":       {steps(`{"channel":"sms","to":"a@example.com"}`), "to"},
		"a number for e-mail":      {steps(`{"channel":"email","to":"15005550006"}`), "to"},
		"WhatsApp without from":    {steps(`{"channel":"whatsapp","to":"15005550006"}`), "from"},
		"RCS without from":         {steps(`{"channel":"rcs","to":"15005550006"}`), "from"},
		"a from of signs":          {steps(`{"channel":"sms","to":"15005550006","from":"!"}`), "from"},
		"3 digits":                 {verification(`,"code_length":3`), "code_length"},
		"half a digit":             {verification(`,"code_length":4.5`), "code_length"},
		"digits as a text":         {verification(`,"code_length":"6"`), "code_length"},
		"14 seconds":               {verification(`,"channel_timeout":14`), "channel_timeout"},
		"901 seconds":              {verification(`,"channel_timeout":901`), "channel_timeout"},
		"a locale of one part":     {verification(`,"locale":"da"`), "locale"},
		"a reference of 41":        {verification(`,"client_ref":"` + strings.Repeat("a", 41) + `"`), "client_ref"},
		"a second step of no kind": {steps(`{"channel":"sms","to":"15005550006"},{"channel":"pigeon"}`), "channel"},
	} {
		e := vonagetest.New(vonagetest.Options{})
		got := ask(e, http.MethodPost, "/v2/verify", tc.body)
		assert.Equal(t, 422, got.status, name)
		assert.Equal(t, []any{map[string]any{"name": tc.parameter, "reason": tc.parameter + " is invalid"}}, got.data["invalid_parameters"], name)
		assert.Zero(t, e.Effects(), name)
	}
}

func TestMessagesAreDelivered(t *testing.T) {
	const good = `{"message_type":"text","channel":"sms","to":"15005550006","from":"Acme","text":"Your code is 123456","ttl":600}`
	e := vonagetest.New(vonagetest.Options{})
	got := ask(e, http.MethodPost, "/v1/messages", good)
	assert.Equal(t, http.StatusAccepted, got.status)
	assert.NotEmpty(t, got.data["message_uuid"])
	assert.Equal(t, "123456", e.LastCode(to, ""))
	for _, change := range [][2]string{
		{`"text","ch`, `"image","ch`}, {`"sms"`, `"fax"`}, {"15005550006", "+15005550006"}, {"Acme", "!"}, {"Your code is 123456", ""},
		{"Your code is 123456", strings.Repeat("a", 1001)}, {"600", "0"}, {`"ttl":600`, `"ttl":"600"`}, {good, "["},
	} {
		got := ask(e, http.MethodPost, "/v1/messages", strings.Replace(good, change[0], change[1], 1))
		assert.Equal(t, 422, got.status, change[1])
	}
	assert.Equal(t, 1, e.Effects())
}

func TestCredentials(t *testing.T) {
	e := vonagetest.New(vonagetest.Options{})
	for name, authorization := range map[string]string{"none": "", "a token that is none": "Bearer a.b.c", "another scheme": "Digest a"} {
		for _, path := range []string{"/v2/verify", "/v2/verify/id", "/v1/messages", "/pigeons"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(verification("")))
			r.Header.Set("Authorization", authorization)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			assert.Equal(t, http.StatusUnauthorized, w.Code, "%s: %s", name, path)
		}
	}
	assert.Equal(t, http.StatusNotFound, ask(e, http.MethodPost, "/pigeons", "").status)
	assert.Panics(t, func() { e.Trust([]byte("none")) })
	assert.Zero(t, e.Effects())
}
