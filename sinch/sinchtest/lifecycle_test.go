package sinchtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/sinch/sinchtest"
)

const to = "+15005550006"

// An answer is what the emulator said.
type answer struct {
	status             int
	ID, Status, Reason string
	Reference          string
	ErrorCode          int
}

func ask(e *sinchtest.Emulator, method, path, body string) answer {
	r := httptest.NewRequest(method, "/verification/v1/verifications"+path, strings.NewReader(body))
	r.SetBasicAuth(sinchtest.ApplicationKey, sinchtest.ApplicationSecret)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	got := answer{}
	_ = json.Unmarshal(w.Body.Bytes(), &got)
	got.status = w.Code
	return got
}

func send(e *sinchtest.Emulator, method, more string) answer {
	return ask(e, http.MethodPost, "", `{"identity":{"type":"number","endpoint":"`+to+`"},"method":"`+method+`"`+more+`}`)
}

// check is the status and the reason, or an error's code.
func check(e *sinchtest.Emulator, id, method, code string) any {
	got := ask(e, http.MethodPut, "/id/"+id, `{"method":"`+method+`","`+method+`":{"code":"`+code+`"}}`)
	if got.ErrorCode != 0 {
		return got.ErrorCode
	}
	return strings.TrimSpace(got.Status + " " + got.Reason)
}

func TestACodeIsUsedOnceUnlessAgain(t *testing.T) {
	for again, want := range map[bool]any{false: 40400, true: "SUCCESSFUL"} {
		e := sinchtest.New(sinchtest.Options{Again: again})
		assert.Equal(t, 40400, check(e, "none", "sms", "0000"), "nothing was sent")
		id := send(e, "sms", "").ID
		code := e.Code(to, "")
		assert.Empty(t, e.Code(to, "login"), "there are no scopes")
		assert.Equal(t, "FAIL Invalid code", check(e, id, "sms", "1"+code))
		assert.Equal(t, 40400, check(e, id, "callout", code), "of another method")
		assert.Equal(t, "SUCCESSFUL", check(e, id, "sms", code))
		assert.Equal(t, want, check(e, id, "sms", code))
		assert.Empty(t, e.Code(to, ""))
	}
}

func TestACodeExpiresWhenTheSendSaid(t *testing.T) {
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for more, life := range map[string]time.Duration{"": 5 * time.Minute, `,"smsOptions":{"expiry":"01:02:03"}`: time.Hour + 2*time.Minute + 3*time.Second} {
		e := sinchtest.New(sinchtest.Options{Start: start})
		id := send(e, "sms", more).ID
		code := e.Code(to, "")
		e.Advance(life - time.Second)
		assert.Equal(t, code, e.Code(to, ""))
		e.Advance(time.Second)
		assert.Equal(t, "FAIL Expired", check(e, id, "sms", code))
		assert.Equal(t, "FAIL", ask(e, http.MethodGet, "/id/"+id, "").Status)
		e.Advance(24 * time.Hour)
		assert.Equal(t, 40400, check(e, id, "sms", code), "it is forgotten")
	}
}

func TestWrongCodesEndAVerification(t *testing.T) {
	for once, attempts := range map[bool]int{false: 5, true: 1} {
		e := sinchtest.New(sinchtest.Options{OneTry: once})
		id := send(e, "callout", "").ID
		code := e.Code(to, "")
		for range attempts {
			assert.Equal(t, "FAIL Invalid code", check(e, id, "callout", "1"+code))
		}
		assert.Equal(t, 40400, check(e, id, "callout", code))
		told := ask(e, http.MethodGet, "/id/"+id, "")
		assert.Equal(t, "FAIL Invalid code", told.Status+" "+told.Reason)
		assert.Empty(t, e.Code(to, ""))
	}
}

func TestASendEndsTheCodeBefore(t *testing.T) {
	e := sinchtest.New(sinchtest.Options{})
	first := send(e, "sms", `,"reference":"a"`).ID
	old := e.Code(to, "")
	second := send(e, "callout", "").ID
	assert.Equal(t, "ABORTED", check(e, first, "sms", old))
	assert.Equal(t, first, ask(e, http.MethodGet, "/reference/a", "").ID)
	assert.Equal(t, second, ask(e, http.MethodGet, "/callout/number/%2B15005550006", "").ID)
	assert.Equal(t, 40400, ask(e, http.MethodGet, "/sms/number/%2B15005550006", "").ErrorCode)
	assert.Equal(t, "SUCCESSFUL", check(e, second, "callout", e.Code(to, "")))
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		method, path, body string
		code               int
	}{
		"no JSON":               {http.MethodPost, "", `{`, 40003},
		"no identity":           {http.MethodPost, "", `{"method":"sms"}`, 40001},
		"no plus":               {http.MethodPost, "", `{"identity":{"type":"number","endpoint":"15005550006"},"method":"sms"}`, 40005},
		"no number":             {http.MethodPost, "", `{"identity":{"type":"number","endpoint":"+1"},"method":"sms"}`, 40001},
		"a method of none":      {http.MethodPost, "", `{"identity":{"type":"number","endpoint":"` + to + `"},"method":"pigeon"}`, 40001},
		"a flash call":          {http.MethodPost, "", `{"identity":{"type":"number","endpoint":"` + to + `"},"method":"flashcall"}`, 40300},
		"an expiry of none":     {http.MethodPost, "", `{"identity":{"type":"number","endpoint":"` + to + `"},"method":"sms","smsOptions":{"expiry":"5m"}}`, 40001},
		"a check of no JSON":    {http.MethodPut, "/id/a", `{`, 40003},
		"a check without code":  {http.MethodPut, "/id/a", `{"method":"sms"}`, 40001},
		"a check of no such id": {http.MethodPut, "/id/a", `{"method":"sms","sms":{"code":"0000"}}`, 40400},
		"a path of nothing":     {http.MethodGet, "/pigeons", ``, 40400},
	} {
		e := sinchtest.New(sinchtest.Options{})
		got := ask(e, tc.method, tc.path, tc.body)
		assert.Equal(t, tc.code, got.ErrorCode, name)
		assert.Equal(t, tc.code/100, got.status, name)
		assert.Zero(t, e.Effects(), name)
	}
}

func TestWhoMayAsk(t *testing.T) {
	const signed = "Application " + sinchtest.ApplicationKey + ":"
	for name, tc := range map[string]struct {
		change func(*http.Request)
		code   int
	}{
		"nobody":        {func(*http.Request) {}, 40100},
		"the key alone": {func(r *http.Request) { r.Header.Set("Authorization", "Application "+sinchtest.ApplicationKey) }, 40100},
		"no time":       {func(r *http.Request) { r.Header.Set("Authorization", signed+"AAAA") }, 40101},
		"a wrong signature": {func(r *http.Request) {
			r.Header.Set("Authorization", signed+"AAAA")
			r.Header.Set("X-Timestamp", "2026-11-29T12:00:00Z")
		}, 40102},
		"a wrong secret":      {func(r *http.Request) { r.SetBasicAuth(sinchtest.ApplicationKey, "wrong") }, 40100},
		"Basic, if forbidden": {func(r *http.Request) { r.SetBasicAuth(sinchtest.ApplicationKey, sinchtest.ApplicationSecret) }, 40303},
	} {
		e := sinchtest.New(sinchtest.Options{SignedOnly: true})
		r := httptest.NewRequest(http.MethodPost, "/verification/v1/verifications", strings.NewReader(`{"identity":{"type":"number","endpoint":"`+to+`"},"method":"sms"}`))
		tc.change(r)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		var got answer
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		assert.Equal(t, tc.code, got.ErrorCode, name)
		assert.Zero(t, e.Effects(), name)
	}
}

// The test vectors of Sinch's library for Node.js: a path of nothing is not found, but
// only by those who sign well.
func TestSinchsVectorsAreSignedWell(t *testing.T) {
	srv := sinchtest.NewServer(t, sinchtest.Options{ApplicationKey: "my-key-id", ApplicationSecret: "bXkta2V5LXNlY3JldA=="})
	for signature, tc := range map[string]struct{ method, contentType, body string }{
		"QP3OzQZVzRZAEev6DBLvJkgpiqyZPuXYsc7oyjUV0K8=": {
			http.MethodPost, "application/json; charset=UTF-8", `{"identity":{"type":"number","endpoint":"+33444555666"},"method":"sms"}`,
		},
		"nsrLDvP6KVD/dAxb3IfAncdwjPFJVWSrseEFOcZge+A=": {http.MethodGet, "application/json", ""},
	} {
		for stamp, want := range map[string]int{"2023-11-22T09:10:11.999Z": http.StatusNotFound, "2023-11-22T09:10:12.000Z": http.StatusUnauthorized} {
			r, err := http.NewRequest(tc.method, srv.URL+"/path/pathParamValue", strings.NewReader(tc.body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", tc.contentType)
			r.Header.Set("X-Timestamp", stamp)
			r.Header.Set("Authorization", "Application my-key-id:"+signature)
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, want, response.StatusCode)
		}
	}
}

func TestEachMethodIsItsChannel(t *testing.T) {
	e := sinchtest.New(sinchtest.Options{})
	for method, channel := range map[string]string{"sms": "sms", "callout": "voice", "whatsapp": "whatsapp"} {
		send(e, method, "")
		sent := e.Messages()
		assert.Equal(t, channel, sent[len(sent)-1].Channel)
	}
	vendor, sample := sinchtest.Vendors()[0].New(emulator.Setup{})
	assert.Zero(t, vendor.Effects())
	assert.Equal(t, sinchtest.ApplicationKey, sample.Settings["application_key"])
}

func TestRefusalIsAFault(t *testing.T) {
	e := sinchtest.New(sinchtest.Options{})
	e.Fail(sinchtest.Refusal(42901))
	assert.Equal(t, 42901, send(e, "sms", "").ErrorCode)
	assert.Zero(t, e.Effects())
}
