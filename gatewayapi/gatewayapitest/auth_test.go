package gatewayapitest_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

func TestClassicCredentials(t *testing.T) {
	t.Parallel()
	basic := func(userinfo string) func(*http.Request) {
		return header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userinfo)))
	}
	query := func(token string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "token=" + token
		}
	}
	for name, tc := range map[string]struct {
		edit   func(*http.Request)
		status int
		code   string
	}{
		"a wrong token":           {header("Authorization", "Token x"), 401, "0x0229"},
		"a token as user":         {basic(gatewayapitest.Token + ":"), 200, ""},
		"a wrong user":            {basic("x:"), 401, "0x0210"},
		"a token with a password": {basic(gatewayapitest.Token + ":x"), 401, "0x0210"},
		"no user at all":          {header("Authorization", "Basic x"), 401, "0x0210"},
		"a token in the query":    {query(gatewayapitest.Token), 200, ""},
		"a wrong one there":       {query("x"), 401, "0x0229"},
		"nothing":                 {query(""), 401, ""},
		"another scheme":          {header("Authorization", "Bearer x"), 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			got := a.post(classic, helloThere, tc.edit)
			if tc.status != 200 {
				got.refused(t, tc.status, tc.code)
			}
			assert.Equal(t, tc.status, got.status)
		})
	}
}

// vector is a signature that was made elsewhere, by the rules of RFC 5849, for
// POST https://gatewayapi.com/rest/mtsms.
var vector = map[string]string{
	"oauth_consumer_key":     "test-key",
	"oauth_nonce":            "128817750813820944501450124113",
	"oauth_timestamp":        "1450124113",
	"oauth_version":          "1.0",
	"oauth_signature_method": "HMAC-SHA1",
	"oauth_signature":        "n2jnTv4vyVXwz91WtG85PBM%2BQYI%3D",
}

// signed sends with the vector, changed in some names; an empty value leaves a
// name out.
func signed(e *gatewayapitest.Emulator, changes map[string]string) *httptest.ResponseRecorder {
	var pairs []string
	for name, value := range vector {
		if change, ok := changes[name]; ok {
			value = change
		}
		if value != "" {
			pairs = append(pairs, name+`="`+value+`"`)
		}
	}
	if realm := changes["realm"]; realm != "" {
		pairs = append(pairs, `realm="`+realm+`"`)
	}
	r := httptest.NewRequest(http.MethodPost, "https://gatewayapi.com/rest/mtsms", strings.NewReader(helloThere))
	r.Header.Set("Authorization", "OAuth "+strings.Join(pairs, ", "))
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func signer(at time.Time) *gatewayapitest.Emulator {
	return gatewayapitest.New(gatewayapitest.Options{Key: "test-key", Secret: "test-secret", Start: at})
}

var signedAt = time.Unix(1450124113, 0)

func TestSignaturesAreChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		changes map[string]string
		at      time.Time
		status  int
		code    string
	}{
		"as it was made":             {nil, signedAt, 200, ""},
		"with a realm":               {map[string]string{"realm": "x"}, signedAt, 200, ""},
		"five minutes late":          {nil, signedAt.Add(5 * time.Minute), 200, ""},
		"later":                      {nil, signedAt.Add(5*time.Minute + 1), 401, "0x0225"},
		"too early":                  {nil, signedAt.Add(-5*time.Minute - 1), 401, "0x0225"},
		"another key":                {map[string]string{"oauth_consumer_key": "x"}, signedAt, 401, "0x0223"},
		"another nonce":              {map[string]string{"oauth_nonce": "x"}, signedAt, 401, "0x0224"},
		"another time":               {map[string]string{"oauth_timestamp": "1450124114"}, signedAt, 401, "0x0224"},
		"another version":            {map[string]string{"oauth_version": "2.0"}, signedAt, 401, "0x0224"},
		"another signature":          {map[string]string{"oauth_signature": "n2jn"}, signedAt, 401, "0x0224"},
		"another method":             {map[string]string{"oauth_signature_method": "PLAINTEXT"}, signedAt, 400, "0x0221"},
		"no nonce":                   {map[string]string{"oauth_nonce": ""}, signedAt, 400, "0x0222"},
		"no signature":               {map[string]string{"oauth_signature": ""}, signedAt, 400, "0x0222"},
		"a value that is not quoted": {map[string]string{"oauth_nonce": `"x`}, signedAt, 401, "0x0224"},
		"a bad escape":               {map[string]string{"oauth_nonce": `%zz`}, signedAt, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := signed(signer(tc.at), tc.changes)
			assert.Equal(t, tc.status, w.Code, w.Body)
			if tc.code != "" {
				assert.Contains(t, w.Body.String(), `"code":"`+tc.code+`"`)
			}
		})
	}
}

func TestANonceIsGoodOnce(t *testing.T) {
	t.Parallel()
	e := signer(signedAt)
	assert.Equal(t, 200, signed(e, nil).Code)
	again := signed(e, nil)
	assert.Equal(t, 401, again.Code)
	assert.Contains(t, again.Body.String(), `"code":"0x0226"`)
	assert.Equal(t, 1, e.Effects())
}

func TestASignatureBelongsToItsURL(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"https://gatewayapi.eu/rest/mtsms", "http://127.0.0.1/rest/mtsms", "https://gatewayapi.com/rest/mtsms?x=y",
	} {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(helloThere))
		var pairs []string
		for name, value := range vector {
			pairs = append(pairs, name+`="`+value+`"`)
		}
		r.Header.Set("Authorization", "OAuth "+strings.Join(pairs, ","))
		w := httptest.NewRecorder()
		signer(signedAt).ServeHTTP(w, r)
		assert.Contains(t, w.Body.String(), `"code":"0x0224"`, target)
	}
}

// sign is what oauth-1.0a and requests-oauthlib make of a base string.
func sign(base string) string {
	mac := hmac.New(sha1.New, []byte("test-secret&"))
	mac.Write([]byte(base))
	return url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

const oauthParameters = "oauth_consumer_key%3Dtest-key%26oauth_nonce%3D128817750813820944501450124113%26oauth_signature_method%3DHMAC-SHA1" +
	"%26oauth_timestamp%3D1450124113%26oauth_version%3D1.0"

func TestSignaturesOfQueriesAndForms(t *testing.T) {
	t.Parallel()
	const form = "message=Hi&recipients.0.msisdn=" + number
	for name, tc := range map[string]struct{ target, body, base string }{
		"a parameter whose name begins another's": {
			"https://gatewayapi.com/rest/mtsms?tag=1&tag2=2", "",
			"POST&https%3A%2F%2Fgatewayapi.com%2Frest%2Fmtsms&" + oauthParameters + "%26tag%3D1%26tag2%3D2",
		},
		"and is followed by a dash": {
			"https://gatewayapi.com/rest/mtsms?a=1&a-b=2", "",
			"POST&https%3A%2F%2Fgatewayapi.com%2Frest%2Fmtsms&a%3D1%26a-b%3D2%26" + oauthParameters,
		},
		"a form": {
			"https://gatewayapi.com/rest/mtsms", form,
			"POST&https%3A%2F%2Fgatewayapi.com%2Frest%2Fmtsms&message%3DHi%26" + oauthParameters + "%26recipients.0.msisdn%3D" + number,
		},
		"a port that is not the scheme's": {
			"https://gw.example.com:80/rest/mtsms", "",
			"POST&https%3A%2F%2Fgw.example.com%3A80%2Frest%2Fmtsms&" + oauthParameters,
		},
		"the port of the scheme": {
			"https://gw.example.com:443/rest/mtsms", "",
			"POST&https%3A%2F%2Fgw.example.com%2Frest%2Fmtsms&" + oauthParameters,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, kind := helloThere, "application/json"
			if tc.body != "" {
				body, kind = tc.body, "application/x-www-form-urlencoded"
			}
			r := httptest.NewRequest(http.MethodPost, tc.target, strings.NewReader(body))
			r.Header.Set("Content-Type", kind)
			var pairs []string
			for name, value := range vector {
				if name == "oauth_signature" {
					value = sign(tc.base)
				}
				pairs = append(pairs, name+`="`+value+`"`)
			}
			r.Header.Set("Authorization", "OAuth "+strings.Join(pairs, ","))
			w := httptest.NewRecorder()
			signer(signedAt).ServeHTTP(w, r)
			assert.Equal(t, http.StatusOK, w.Code, w.Body.String())
		})
	}
}
