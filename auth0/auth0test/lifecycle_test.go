package auth0test_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/auth0/auth0test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone = "+15005550006"
	start = "/passwordless/start"
	token = "/oauth/token"
)

type object = map[string]any

// ask posts JSON of the application, with these fields in place of its own; nil
// leaves one out.
func ask(t *testing.T, e *auth0test.Emulator, path, bearer string, fields object) (int, object) {
	t.Helper()
	body := object{"client_id": auth0test.ClientID, "client_secret": auth0test.ClientSecret}
	maps.Copy(body, fields)
	maps.DeleteFunc(body, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(body)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+bearer)
	return serve(t, e, r)
}

func serve(t *testing.T, e *auth0test.Emulator, r *http.Request) (int, object) {
	t.Helper()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	answer := object{}
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	}
	return w.Code, answer
}

func otp(to, code, realm string) object {
	return object{"grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp", "username": to, "otp": code, "realm": realm}
}

func TestRefusals(t *testing.T) {
	sms := object{"connection": "sms", "phone_number": phone, "send": "code"}
	for name, tc := range map[string]struct {
		path   string
		fields object
		status int
		code   string
	}{
		"no application":           {start, object{"client_id": nil}, 400, "invalid_request"},
		"another application":      {start, object{"client_id": "other"}, 401, "access_denied"},
		"no secret":                {start, object{"client_secret": nil}, 403, "unauthorized_client"},
		"a wrong secret":           {token, object{"client_secret": "wrong"}, 401, "access_denied"},
		"a key":                    {token, object{"client_assertion": "a.b.c"}, 401, "invalid_client"},
		"no connection":            {start, object{"connection": nil}, 400, "bad.connection"},
		"an unknown connection":    {start, object{"connection": "google-oauth2"}, 400, "bad.connection"},
		"a number without a plus":  {start, object{"phone_number": "15005550006"}, 400, "bad.phone_number"},
		"no number":                {start, object{"phone_number": nil}, 400, "bad.phone_number"},
		"an address that is none":  {start, object{"connection": "email", "email": "a"}, 400, "bad.email"},
		"a property that is none":  {start, object{"phone": phone}, 400, "bad.request"},
		"no grant":                 {token, object{}, 400, "invalid_request"},
		"an unknown grant":         {token, object{"grant_type": "password"}, 403, "unsupported_grant_type"},
		"no code":                  {token, otp(phone, "", "sms"), 400, "invalid_request"},
		"no realm":                 {token, otp(phone, "123456", ""), 400, "invalid_request"},
		"a code that was not sent": {token, otp(phone, "123456", "sms"), 403, "invalid_grant"},
		"another API":              {token, object{"grant_type": "client_credentials", "audience": "https://api.example.com"}, 403, "access_denied"},
		"a challenge of nobody":    {"/mfa/challenge", object{"mfa_token": "x", "challenge_type": "otp"}, 403, "invalid_grant"},
		"a factor of nobody":       {"/mfa/associate", object{"authenticator_types": []string{"otp"}}, 401, "invalid_token"},
		"a factor that is none":    {"/mfa/associate", object{"authenticator_types": []string{"duo"}}, 400, "invalid_request"},
		"a path that there is not": {"/dbconnections/signup", object{}, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			e := auth0test.New(auth0test.Options{})
			fields := maps.Clone(tc.fields)
			if tc.path == start {
				fields = maps.Clone(sms)
				maps.Copy(fields, tc.fields)
			}
			status, answer := ask(t, e, tc.path, "", fields)
			assert.Equal(t, tc.status, status)
			assert.Equal(t, tc.code, answer["error"])
			assert.NotEmpty(t, answer["error_description"])
			assert.Zero(t, e.Effects())
		})
	}
}

func TestACodeOfOneConnectionIsNoneOfTheOther(t *testing.T) {
	e := auth0test.New(auth0test.Options{})
	status, _ := ask(t, e, start, "", object{"connection": "sms", "phone_number": phone})
	require.Equal(t, 200, status)
	status, _ = ask(t, e, token, "", otp(phone, e.Code(phone), "email"))
	assert.Equal(t, 403, status)
	status, _ = ask(t, e, token, "", otp(phone, e.Code(phone), "sms"))
	assert.Equal(t, 200, status)
	assert.Empty(t, e.Code(phone), "used")
}

func TestAFormIsReadAsWell(t *testing.T) {
	e := auth0test.New(auth0test.Options{})
	status, _ := ask(t, e, start, "", object{"connection": "email", "email": "A@example.com", "send": "code"})
	require.Equal(t, 200, status)
	form := url.Values{"client_id": {auth0test.ClientID}, "client_secret": {auth0test.ClientSecret}}
	for key, value := range otp("a@example.com", e.Code("a@EXAMPLE.com"), "email") {
		form.Set(key, value.(string))
	}
	r := httptest.NewRequest(http.MethodPost, token, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, answer := serve(t, e, r)
	assert.Equal(t, 200, status)
	assert.Equal(t, "Bearer", answer["token_type"])
}

func TestAnEmailHoldsALinkUnlessACodeIsAskedFor(t *testing.T) {
	e := auth0test.New(auth0test.Options{})
	status, _ := ask(t, e, start, "", object{"connection": "email", "email": "a@example.com"})
	require.Equal(t, 200, status)
	assert.Contains(t, e.Messages()[0].Text, "https://")
	assert.Empty(t, e.Code("a@example.com"))
}

func TestACodeLivesAsLongAsTheConnectionSays(t *testing.T) {
	for life, want := range map[time.Duration]time.Duration{0: 3 * time.Minute, time.Minute: time.Minute} {
		e := auth0test.New(auth0test.Options{Life: life, Start: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)})
		status, _ := ask(t, e, start, "", object{"connection": "sms", "phone_number": phone})
		require.Equal(t, 200, status)
		code := e.Code(phone)
		e.Advance(want - time.Second)
		assert.Equal(t, code, e.Code(phone))
		e.Advance(time.Second)
		assert.Empty(t, e.Code(phone))
		status, answer := ask(t, e, token, "", otp(phone, code, "sms"))
		assert.Equal(t, 403, status)
		assert.Equal(t, "invalid_grant", answer["error"])
	}
}

func TestATokenOfAPersonReadsNoPolicy(t *testing.T) {
	e := auth0test.New(auth0test.Options{})
	for _, bearer := range []string{"", "x", e.AccessToken(phone), e.Login(phone)} {
		r := httptest.NewRequest(http.MethodGet, "/api/v2/guardian/policies", nil)
		r.Header.Set("Authorization", "Bearer "+bearer)
		status, _ := serve(t, e, r)
		assert.Equal(t, 401, status)
	}
}

// RFC 6238, appendix B, cut to six digits: the secret is "12345678901234567890".
func TestAnAppShowsTheCodesOfRFC6238(t *testing.T) {
	e := auth0test.New(auth0test.Options{Start: time.Unix(59, 0)})
	assert.Equal(t, "287082", e.OTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	assert.Empty(t, e.OTP("not base 32"))
}
