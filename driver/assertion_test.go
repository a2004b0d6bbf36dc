package driver_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

// claimsOf reads the assertion of a request for a token, which key has signed.
func claimsOf(t *testing.T, form string, key *rsa.PrivateKey) (claims map[string]any) {
	t.Helper()
	values, err := url.ParseQuery(form)
	require.NoError(t, err)
	assert.Equal(t, "client_credentials", values.Get("grant_type"))
	assert.Equal(t, "a", values.Get("scope"))
	assert.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", values.Get("client_assertion_type"))
	assert.False(t, values.Has("client_secret"))
	signed, signature, _ := cutLast(values.Get("client_assertion"))
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(signed))
	require.NoError(t, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], raw))
	raw, err = base64.RawURLEncoding.DecodeString(signed[strings.IndexByte(signed, '.')+1:])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &claims))
	return claims
}

// private_key_jwt: each request has an assertion of its own, also the one that is made
// again, since a server may take none twice.
func TestATokenByAnAssertion(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	jwt, err := driver.NewRS256(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), "key-1")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{token: func(n int) (int, string) {
			if n == 1 {
				return 503, `{"error":"temporarily_unavailable"}`
			}
			return 200, `{"access_token":"t","expires_in":300}`
		}}
		c := newOAuth2(t, i, func(o *driver.OAuth2) { o.Secret, o.Key, o.Scope = "", jwt, "a" })
		_, err := c.Do(t.Context(), kinds()["send"].call)
		require.NoError(t, err)
		require.Len(t, i.forms, 2)
		assert.Empty(t, i.header.Get("Authorization"), "the assertion says who asks")
		seen := map[any]bool{}
		for _, form := range i.forms {
			claims := claimsOf(t, form, key)
			assert.Equal(t, []any{"canary-id", "canary-id", "https://canary.example/oauth2/token"}, []any{claims["iss"], claims["sub"], claims["aud"]})
			now, issued := float64(time.Now().Unix()), claims["iat"].(float64)
			assert.InDelta(t, now, issued, 5)
			assert.InDelta(t, 150, claims["exp"].(float64)-issued, 0.1, "at most 300 seconds, with room for clocks that are off")
			assert.False(t, seen[claims["jti"]], "no assertion is used twice")
			seen[claims["jti"]] = true
		}
	})
}
