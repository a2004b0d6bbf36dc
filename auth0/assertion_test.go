package auth0

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newKey is one RSA key for all tests, which takes a while to make.
var newKey = sync.OnceValues(func() (*rsa.PrivateKey, []byte) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
})

// An asserted transport proves the assertion in each body, and puts a placeholder in
// its place.
type asserted struct {
	t    *testing.T
	next http.RoundTripper
	seen []string
}

func (a *asserted) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	require.NoError(a.t, err)
	var sent struct {
		Assertion string `json:"client_assertion"`
	}
	require.NoError(a.t, json.Unmarshal(body, &sent))
	a.prove(sent.Assertion)
	a.seen = append(a.seen, sent.Assertion)
	r = r.Clone(r.Context())
	body = bytes.Replace(body, []byte(sent.Assertion), []byte("placeholder"), 1)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return a.next.RoundTrip(r)
}

func (a *asserted) prove(assertion string) {
	key, _ := newKey()
	parts := strings.Split(assertion, ".")
	require.Len(a.t, parts, 3)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(a.t, err)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	require.NoError(a.t, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature))
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(a.t, err)
	var claims struct {
		Iss, Sub, Aud, Jti string
		Iat, Exp           int64
	}
	require.NoError(a.t, json.Unmarshal(text, &claims))
	assert.Equal(a.t, "placeholder-client", claims.Iss)
	assert.Equal(a.t, "placeholder-client", claims.Sub)
	assert.Equal(a.t, "https://example.eu.auth0.com/", claims.Aud)
	assert.NotEmpty(a.t, claims.Jti)
	assert.WithinDuration(a.t, time.Now(), time.Unix(claims.Iat, 0), time.Minute)
	assert.Equal(a.t, int64(120), claims.Exp-claims.Iat)
}

func TestAKeyStandsInForTheSecret(t *testing.T) {
	t.Parallel()
	_, pemKey := newKey()
	a := &asserted{t: t, next: recordings(t, "start_200_assertion", "start_200_assertion_given")}
	client, err := New(placeholders(&http.Client{Transport: a}, func(c *Config) { c.ClientSecret, c.PrivateKey = "", pemKey }))
	require.NoError(t, err)
	for range 2 {
		_, err = client.Send(t.Context(), number)
		require.NoError(t, err)
	}
	require.Len(t, a.seen, 2)
	assert.NotEqual(t, a.seen[0], a.seen[1], "each call has an assertion of its own")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	_, pemKey := newKey()
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a secret":                     {func(*Config) {}, ""},
		"a key":                        {func(c *Config) { c.ClientSecret, c.PrivateKey = "", pemKey }, ""},
		"one connection":               {func(c *Config) { c.Connections = []string{"email"} }, ""},
		"a custom domain":              {func(c *Config) { c.Domain = "login.example.com" }, ""},
		"no domain":                    {func(c *Config) { c.Domain = "" }, "Domain must be"},
		"a domain that is a URL":       {func(c *Config) { c.Domain = "https://canary.auth0.com" }, "Domain must be"},
		"a domain with a path":         {func(c *Config) { c.Domain = "canary.auth0.com/x" }, "Domain must be"},
		"a domain with a user":         {func(c *Config) { c.Domain = "a@canary.auth0.com" }, "Domain must be"},
		"a domain without a dot":       {func(c *Config) { c.Domain = "canary" }, "Domain must be"},
		"a domain of dots":             {func(c *Config) { c.Domain = "canary..com" }, "Domain must be"},
		"no application":               {func(c *Config) { c.ClientID = "" }, "ClientID must be"},
		"an application with a colon":  {func(c *Config) { c.ClientID = "canary:" }, "ClientID must be"},
		"neither secret nor key":       {func(c *Config) { c.ClientSecret = "" }, "give either ClientSecret"},
		"both secret and key":          {func(c *Config) { c.PrivateKey = pemKey }, "give either ClientSecret"},
		"a key that is none":           {func(c *Config) { c.ClientSecret, c.PrivateKey = "", []byte("canary") }, "PrivateKey must be"},
		"a connection that is none":    {func(c *Config) { c.Connections = []string{"canary"} }, "Connections must be"},
		"a connection twice":           {func(c *Config) { c.Connections = []string{"sms", "sms"} }, "Connections must be"},
		"a length below four":          {func(c *Config) { c.CodeLength = 3 }, "CodeLength must be"},
		"a length over ten":            {func(c *Config) { c.CodeLength = 11 }, "CodeLength must be"},
		"a base without TLS elsewhere": {func(c *Config) { c.BaseURL = "http://canary.example.com" }, "the base URL must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := placeholders(nil, tc.change)
			client, err := New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				require.NoError(t, client.Close())
				return
			}
			require.ErrorContains(t, err, "auth0: ")
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Config)
		want   verify.Capabilities
	}{
		"of any length": {func(*Config) {}, verify.Capabilities{
			Vendor: "auth0", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}, Locale: true, ClientIP: true,
		}},
		"of a known length": {func(c *Config) { c.CodeLength = 8 }, verify.Capabilities{
			Vendor: "auth0", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail},
			MinDigits: 8, MaxDigits: 8, DefaultDigits: 8, Locale: true, ClientIP: true,
		}},
		"by email": {func(c *Config) { c.Connections = []string{"email"} }, verify.Capabilities{
			Vendor: "auth0", Channels: []verify.Channel{verify.ChannelEmail}, Locale: true, ClientIP: true,
		}},
	} {
		client, err := New(placeholders(nil, tc.change))
		require.NoError(t, err)
		assert.Equal(t, tc.want, client.Capabilities(), name)
	}
}
