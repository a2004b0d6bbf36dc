package bandwidthtest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

// token asks for an access token.
func (a account) askToken(user, password, grant string) answer {
	a.t.Helper()
	return a.do(http.MethodPost, oauth, url.Values{"grant_type": {grant}}.Encode(), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(user, password)
	})
}

func bearer(token any) func(*http.Request) {
	return func(r *http.Request) {
		text, _ := token.(string)
		r.Header.Set("Authorization", "Bearer "+text)
	}
}

func TestToken(t *testing.T) {
	a := newAccount(t)
	first := a.askToken(bandwidthtest.ClientID, bandwidthtest.ClientSecret, "client_credentials")
	require.Equal(t, 200, first.status)
	assert.EqualValues(t, 3600, first.body["expires_in"])
	assert.Equal(t, "bearer", first.body["token_type"])
	second := a.askToken(bandwidthtest.ClientID, bandwidthtest.ClientSecret, "client_credentials")
	assert.NotEqual(t, first.body["access_token"], second.body["access_token"])
	assert.Equal(t, 2, a.Tokens())

	for name, tt := range map[string]struct {
		user, password, grant string
		status                int
		error                 string
	}{
		"another client":  {"somebody", bandwidthtest.ClientSecret, "client_credentials", 401, "invalid_client"},
		"a wrong secret":  {bandwidthtest.ClientID, "wrong", "client_credentials", 401, "invalid_client"},
		"another grant":   {bandwidthtest.ClientID, bandwidthtest.ClientSecret, "password", 400, "unsupported_grant_type"},
		"no grant at all": {bandwidthtest.ClientID, bandwidthtest.ClientSecret, "", 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.askToken(tt.user, tt.password, tt.grant)
			assert.Equal(t, tt.status, got.status)
			assert.Equal(t, map[string]any{"error": tt.error}, got.body)
		})
	}
	assert.Equal(t, 2, a.Tokens())
}

func TestTokenEnds(t *testing.T) {
	a := open(t, bandwidthtest.Options{Start: start, TokenLife: time.Minute})
	token := a.askToken(bandwidthtest.ClientID, bandwidthtest.ClientSecret, "client_credentials").body["access_token"]
	a.Advance(time.Minute - 1)
	assert.Equal(t, 200, a.do(http.MethodPost, messaging, oneEach(), bearer(token)).status)
	a.Advance(1)
	got := a.do(http.MethodPost, messaging, oneEach(), bearer(token))
	assert.Equal(t, 401, got.status)
	assert.Equal(t, map[string]any{"message": "Unauthorized"}, got.body)

	token = a.askToken(bandwidthtest.ClientID, bandwidthtest.ClientSecret, "client_credentials").body["access_token"]
	a.Revoke()
	assert.Equal(t, 401, a.do(http.MethodPost, messaging, oneEach(), bearer(token)).status)
	assert.Equal(t, 1, a.Effects())
}

func TestAnAccessTokenIsTheOnlyCredential(t *testing.T) {
	a := newAccount(t)
	unauthorized := map[string]any{"message": "Unauthorized"}
	denied := map[string]any{"Message": "User is not authorized to access this resource with an explicit deny"}
	for name, tt := range map[string]struct {
		path   string
		edit   func(*http.Request)
		status int
		body   map[string]any
	}{
		"a token":         {messaging, func(*http.Request) {}, 200, nil},
		"no credentials":  {messaging, func(r *http.Request) { r.Header.Del("Authorization") }, 401, unauthorized},
		"unknown token":   {messaging, bearer("emulated.00"), 401, unauthorized},
		"empty token":     {messaging, bearer(""), 401, unauthorized},
		"another scheme":  {messaging, func(r *http.Request) { r.Header.Set("Authorization", "Token x") }, 401, unauthorized},
		"another account": {"/accounts/9900001/code/messaging", func(*http.Request) {}, 401, unauthorized},
		"an API user":     {messaging, func(r *http.Request) { r.SetBasicAuth("somebody", "placeholder") }, 403, denied},
		"a credential where its token belongs": {messaging, func(r *http.Request) {
			r.SetBasicAuth(bandwidthtest.ClientID, bandwidthtest.ClientSecret)
		}, 403, denied},
	} {
		t.Run(name, func(t *testing.T) {
			sent := a.Effects()
			got := a.do(http.MethodPost, tt.path, oneEach(), tt.edit)
			assert.Equal(t, tt.status, got.status)
			if tt.status != 200 {
				assert.Equal(t, tt.body, got.body)
				assert.Equal(t, sent, a.Effects())
			}
		})
	}
}

func TestPathsAndMethods(t *testing.T) {
	a := newAccount(t)
	for name, tt := range map[string]struct{ method, path string }{
		"nothing":                    {"GET", "/"},
		"another version":            {"POST", "/api/v2" + messaging},
		"the prefix twice":           {"POST", "/api/v1/api/v1" + messaging},
		"no account":                 {"POST", "/accounts/code/messaging"},
		"unknown resource":           {"POST", accounts + "/code/whatsapp"},
		"slash behind a resource":    {"POST", messaging + "/"},
		"a code to be read":          {"GET", messaging},
		"a code to delete":           {"DELETE", check},
		"a token to be read":         {"GET", oauth},
		"a token without its prefix": {"POST", strings.TrimPrefix(oauth, "/api/v1")},
		"slash within the account":   {"POST", "/accounts/9900000%2Fcode/messaging"},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.do(tt.method, tt.path, oneEach())
			assert.Equal(t, 403, got.status)
			assert.Equal(t, map[string]any{"message": "Missing Authentication Token"}, got.body)
		})
	}
	for _, path := range []string{messaging, "/api/v1" + messaging} {
		assert.Equal(t, 200, a.do(http.MethodPost, path, oneEach()).status, path)
	}
}

func TestOptionsReplaceTheAccount(t *testing.T) {
	e := bandwidthtest.New(bandwidthtest.Options{
		AccountID: "1", ClientID: "c1", ClientSecret: "s1",
		SMSApplicationID: "a1", VoiceApplicationID: "a2", From: "+15005550001", Name: "One",
	})
	for path, application := range map[string]string{"/accounts/1/code/messaging": "a1", "/accounts/1/code/voice": "a2"} {
		body := strings.NewReader(`{"to":"+15005550006","from":"+15005550001","applicationId":"` + application + `","message":"{NAME} {CODE}","digits":4}`)
		r := httptest.NewRequest(http.MethodPost, path, body)
		r.Header.Set("Authorization", "Bearer "+e.NewToken())
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		assert.Equal(t, 200, w.Code, w.Body.String())
	}
	require.Len(t, e.Messages(), 2)
	assert.True(t, strings.HasPrefix(e.Messages()[0].Text, "One "))

	r := httptest.NewRequest(http.MethodPost, oauth, strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("c1", "s1")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
}
