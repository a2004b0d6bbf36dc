package gatewayapi

import (
	"crypto/hmac"
	"crypto/sha1" // HMAC-SHA1 is the method of OAuth 1.0a
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

// baseURLs are what Config.BaseURL may be, with the base string URI that RFC 5849,
// section 3.4.1.2, makes of it, escaped by hand.
var baseURLs = map[string]string{
	"https://gatewayapi.com":                "https%3A%2F%2Fgatewayapi.com%2Frest%2Fmtsms",
	"https://gatewayapi.com:443":            "https%3A%2F%2Fgatewayapi.com%2Frest%2Fmtsms",
	"https://GW.Example.COM":                "https%3A%2F%2Fgw.example.com%2Frest%2Fmtsms",
	"https://gw.example.com:80":             "https%3A%2F%2Fgw.example.com%3A80%2Frest%2Fmtsms",
	"https://gw.example.com:8443/a/b":       "https%3A%2F%2Fgw.example.com%3A8443%2Fa%2Fb%2Frest%2Fmtsms",
	"https://gw.example.com/a~b":            "https%3A%2F%2Fgw.example.com%2Fa~b%2Frest%2Fmtsms",
	"https://[2001:db8::1]":                 "https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%2Frest%2Fmtsms",
	"https://[2001:DB8::1]:443":             "https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%2Frest%2Fmtsms",
	"https://[2001:db8::1]:80":              "https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%3A80%2Frest%2Fmtsms",
	"http://localhost":                      "http%3A%2F%2Flocalhost%2Frest%2Fmtsms",
	"http://localhost:80":                   "http%3A%2F%2Flocalhost%2Frest%2Fmtsms",
	"http://localhost:443":                  "http%3A%2F%2Flocalhost%3A443%2Frest%2Fmtsms",
	"http://127.0.0.1:4014":                 "http%3A%2F%2F127.0.0.1%3A4014%2Frest%2Fmtsms",
	"http://[::1]:80":                       "http%3A%2F%2F%5B%3A%3A1%5D%2Frest%2Fmtsms",
	"http://[::1]:443":                      "http%3A%2F%2F%5B%3A%3A1%5D%3A443%2Frest%2Fmtsms",
	"http://sms-gateway:8080/gatewayapi.eu": "http%3A%2F%2Fsms-gateway%3A8080%2Fgatewayapi.eu%2Frest%2Fmtsms",
}

var oauthField = regexp.MustCompile(`(oauth_[a-z_]+)="([^"]*)"`)

// caught keeps the request that the client makes, and refuses it.
type caught struct{ req *http.Request }

func (c *caught) RoundTrip(r *http.Request) (*http.Response, error) {
	c.req = r.Clone(r.Context())
	return nil, http.ErrServerClosed
}

// signedRequest is what a client asks at a BaseURL.
func signedRequest(t *testing.T, baseURL string) *http.Request {
	var c caught
	client, err := New(Config{Key: "key &1", Secret: "secret/2", BaseURL: baseURL, HTTPClient: &http.Client{Transport: &c}})
	require.NoError(t, err)
	_, err = client.Deliver(t.Context(), letter())
	require.Error(t, err)
	require.NotNil(t, c.req)
	return c.req
}

func TestWhatIsSignedIsTheBaseStringOfRFC5849(t *testing.T) {
	t.Parallel()
	for baseURL, uri := range baseURLs {
		t.Run(baseURL, func(t *testing.T) {
			t.Parallel()
			fields := map[string]string{}
			for _, f := range oauthField.FindAllStringSubmatch(signedRequest(t, baseURL).Header.Get("Authorization"), -1) {
				fields[f[1]] = f[2]
			}
			signature, err := url.PathUnescape(fields["oauth_signature"])
			require.NoError(t, err)
			nonce, err := url.PathUnescape(fields["oauth_nonce"])
			require.NoError(t, err)

			base := "POST&" + uri + "&oauth_consumer_key%3Dkey%2520%25261" +
				"%26oauth_nonce%3D" + url.QueryEscape(url.QueryEscape(nonce)) +
				"%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D" + fields["oauth_timestamp"] +
				"%26oauth_token%3D%26oauth_version%3D1.0"
			mac := hmac.New(sha1.New, []byte("secret%2F2&"))
			mac.Write([]byte(base))
			assert.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), signature)
		})
	}
}

func TestAReaderOfRFC5849AcceptsTheSignatureAtAnyBaseURL(t *testing.T) {
	t.Parallel()
	for baseURL := range baseURLs {
		t.Run(baseURL, func(t *testing.T) {
			t.Parallel()
			req := signedRequest(t, baseURL)
			reader := emulator.OAuth1{Key: "key &1", Secret: "secret/2", Skew: time.Minute}
			problem, _ := reader.Problem(req, time.Now(), req.URL.Scheme)
			assert.Empty(t, problem)
			problem, _ = reader.Problem(req, time.Now(), req.URL.Scheme)
			assert.Equal(t, "nonce_used", problem, "the reader does read")
		})
	}
}
