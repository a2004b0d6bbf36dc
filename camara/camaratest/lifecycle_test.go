package camaratest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/camara/camaratest"
)

const (
	to  = "+15005550006"
	api = "/one-time-password-sms/v1/"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// An answer is what the emulator said.
type answer struct {
	status int
	data   map[string]any
	header http.Header
}

func (a answer) code() any { return a.data["code"] }

func ask(e *camaratest.Emulator, path, body string) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+e.NewToken())
	r.Header.Set("X-Correlator", "a-1")
	return serve(e, r)
}

func serve(e *camaratest.Emulator, r *http.Request) answer {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	got := answer{status: w.Code, header: w.Header()}
	_ = json.Unmarshal(w.Body.Bytes(), &got.data)
	return got
}

// send returns the authenticationId.
func send(t *testing.T, e *camaratest.Emulator) string {
	t.Helper()
	got := ask(e, api+"send-code", `{"phoneNumber":"`+to+`","message":"{{code}} {{code}}"}`)
	id, _ := got.data["authenticationId"].(string)
	require.NotEmpty(t, id)
	return id
}

// check returns "yes", or why not.
func check(e *camaratest.Emulator, id, code string) any {
	got := ask(e, api+"validate-code", `{"authenticationId":"`+id+`","code":"`+code+`"}`)
	if got.status == http.StatusNoContent {
		return "yes"
	}
	word, _ := got.code().(string)
	return strings.TrimPrefix(word, "ONE_TIME_PASSWORD_SMS.")
}

func TestACodeIsGoodOnce(t *testing.T) {
	e := camaratest.New(camaratest.Options{})
	assert.Equal(t, "NOT_FOUND", check(e, "a", "000000"), "nothing was sent")
	id, code := send(t, e), e.Code(to)
	assert.Equal(t, code+" "+code, e.Messages()[0].Text, "the label may stand more than once")
	assert.Equal(t, "INVALID_OTP", check(e, id, "1"+code))
	assert.Equal(t, "yes", check(e, id, code))
	assert.Equal(t, "VERIFICATION_EXPIRED", check(e, id, code))
	assert.Empty(t, e.Code(to))
}

func TestACodeExpires(t *testing.T) {
	e := camaratest.New(camaratest.Options{Start: start, Life: time.Minute})
	id, code := send(t, e), e.Code(to)
	e.Advance(time.Minute - time.Second)
	assert.Equal(t, code, e.Code(to))
	e.Advance(time.Second)
	assert.Equal(t, "VERIFICATION_EXPIRED", check(e, id, code))
	assert.Empty(t, e.Code(to))
	e.Advance(24 * time.Hour)
	assert.Equal(t, "NOT_FOUND", check(e, id, code), "it is forgotten")
}

func TestTheLastWrongCodeSaysSo(t *testing.T) {
	e := camaratest.New(camaratest.Options{MaxTry: 3})
	id, code := send(t, e), e.Code(to)
	for _, want := range []string{"INVALID_OTP", "INVALID_OTP", "VERIFICATION_FAILED", "VERIFICATION_FAILED"} {
		assert.Equal(t, want, check(e, id, "1"+code))
	}
	assert.Equal(t, "VERIFICATION_FAILED", check(e, id, code))
	assert.Empty(t, e.Code(to))
}

func TestANewerCodeEndsTheOneBefore(t *testing.T) {
	e := camaratest.New(camaratest.Options{})
	first, code := send(t, e), e.Code(to)
	second := send(t, e)
	assert.Equal(t, "VERIFICATION_EXPIRED", check(e, first, code))
	assert.Equal(t, "yes", check(e, second, e.Code(to)))
}

func TestSendsOfAnHourMayBeLimited(t *testing.T) {
	e := camaratest.New(camaratest.Options{Start: start, MaxSends: 2})
	send(t, e)
	send(t, e)
	body := `{"phoneNumber":"` + to + `","message":"{{code}}"}`
	got := ask(e, api+"send-code", body)
	assert.Equal(t, []any{403, "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED"}, []any{got.status, got.code()})
	assert.Equal(t, http.StatusOK, ask(e, api+"send-code", strings.Replace(body, to, "+15017122661", 1)).status, "another number")
	e.Advance(time.Hour)
	send(t, e)
}

func TestNumbersThatAreRefused(t *testing.T) {
	const own = "ONE_TIME_PASSWORD_SMS."
	for code, status := range map[string]int{"NOT_FOUND": 404, own + "PHONE_NUMBER_NOT_ALLOWED": 403, own + "PHONE_NUMBER_BLOCKED": 403} {
		e := camaratest.New(camaratest.Options{Refused: map[string]string{to: code}})
		got := ask(e, api+"send-code", `{"phoneNumber":"`+to+`","message":"{{code}}"}`)
		assert.Equal(t, []any{status, code, float64(status)}, []any{got.status, got.code(), got.data["status"]})
		assert.NotEmpty(t, got.data["message"])
		assert.Zero(t, e.Effects())
	}
}

func TestArguments(t *testing.T) {
	e := camaratest.New(camaratest.Options{})
	for name, tc := range map[string][2]string{
		"no body":               {"send-code", ``},
		"a list":                {"send-code", `[]`},
		"no number":             {"send-code", `{"message":"{{code}}"}`},
		"a number without plus": {"send-code", `{"phoneNumber":"15005550006","message":"{{code}}"}`},
		"no message":            {"send-code", `{"phoneNumber":"` + to + `"}`},
		"no label":              {"send-code", `{"phoneNumber":"` + to + `","message":"{code}"}`},
		"161 characters":        {"send-code", `{"phoneNumber":"` + to + `","message":"{{code}}` + strings.Repeat("a", 153) + `"}`},
		"no id":                 {"validate-code", `{"code":"123456"}`},
		"an id of 37":           {"validate-code", `{"authenticationId":"` + strings.Repeat("a", 37) + `","code":"123456"}`},
		"no code":               {"validate-code", `{"authenticationId":"a"}`},
		"a code of 11":          {"validate-code", `{"authenticationId":"a","code":"12345678901"}`},
		"a code as a number":    {"validate-code", `{"authenticationId":"a","code":123456}`},
	} {
		got := ask(e, api+tc[0], tc[1])
		assert.Equal(t, []any{400, "INVALID_ARGUMENT"}, []any{got.status, got.code()}, name)
		assert.Equal(t, "a-1", got.header.Get("X-Correlator"), name)
	}
	assert.Zero(t, e.Effects())
	assert.Equal(t, []any{404, "NOT_FOUND"}, []any{ask(e, "/pigeons", "").status, ask(e, "/pigeons", "").code()})
}

func TestACorrelatorHasItsPattern(t *testing.T) {
	e := camaratest.New(camaratest.Options{})
	for correlator, status := range map[string]int{"": 200, "a-1:b;c/<d>{e}": 200, "a b": 400, strings.Repeat("a", 257): 400} {
		r := httptest.NewRequest(http.MethodPost, api+"send-code", strings.NewReader(`{"phoneNumber":"`+to+`","message":"{{code}}"}`))
		r.Header.Set("Authorization", "Bearer "+e.NewToken())
		r.Header.Set("X-Correlator", correlator)
		got := serve(e, r)
		assert.Equal(t, status, got.status, correlator)
		if status == 200 {
			assert.Equal(t, correlator, got.header.Get("X-Correlator"))
		} else {
			assert.Empty(t, got.header.Get("X-Correlator"))
		}
	}
}

func TestTokens(t *testing.T) {
	const scope = "dpv:IdentityVerification one-time-password-sms:send-validate"
	good := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	with := func(key, value string) url.Values {
		v := url.Values{"grant_type": good["grant_type"], "scope": good["scope"]}
		v.Set(key, value)
		return v
	}
	e := camaratest.New(camaratest.Options{Start: start})
	token := func(secret string, form url.Values) answer {
		r := httptest.NewRequest(http.MethodPost, camaratest.TokenPath, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if secret != "" {
			r.SetBasicAuth(camaratest.ClientID, secret)
		}
		return serve(e, r)
	}
	for name, tc := range map[string]struct {
		secret string
		form   url.Values
		status int
		code   any
	}{
		"all is well":        {camaratest.ClientSecret, good, 200, nil},
		"another secret":     {"wrong", good, 401, "invalid_client"},
		"nobody":             {"", good, 401, "invalid_client"},
		"an assertion of no": {"", with("client_assertion", "a.b.c"), 401, "invalid_client"},
		"another grant":      {camaratest.ClientSecret, with("grant_type", "password"), 400, "unsupported_grant_type"},
		"no purpose":         {camaratest.ClientSecret, with("scope", "one-time-password-sms:send-validate"), 400, "invalid_scope"},
		"two purposes":       {camaratest.ClientSecret, with("scope", "dpv:A "+scope), 400, "invalid_scope"},
		"another API":        {camaratest.ClientSecret, with("scope", "dpv:A sim-swap:check"), 400, "invalid_scope"},
	} {
		got := token(tc.secret, tc.form)
		assert.Equal(t, []any{tc.status, tc.code}, []any{got.status, got.data["error"]}, name)
	}

	got := token(camaratest.ClientSecret, good)
	use := func() int {
		r := httptest.NewRequest(http.MethodPost, api+"validate-code", strings.NewReader(`{}`))
		r.Header.Set("Authorization", "Bearer "+got.data["access_token"].(string))
		return serve(e, r).status
	}
	assert.Equal(t, http.StatusBadRequest, use(), "it is known")
	e.Advance(5 * time.Minute)
	assert.Equal(t, http.StatusUnauthorized, use(), "it has ended")
	assert.Panics(t, func() { e.Trust([]byte("none")) })
}
