package driver_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5" // the vendor's rule
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

func TestJWTByHMAC(t *testing.T) {
	t.Parallel()
	j, err := driver.NewHS256([]byte("secret"), "")
	require.NoError(t, err)
	token, err := j.Sign(map[string]any{"id": 2381703})
	require.NoError(t, err)
	// printf FIRST.SECOND | openssl dgst -sha256 -hmac secret -binary
	assert.Equal(t, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6MjM4MTcwM30.fdB4c1lCoCN6MtJysCKsA2oHHnRd_MfyLQWt7C7_62A", token)
	_, err = driver.NewHS256(nil, "")
	require.ErrorContains(t, err, "empty")
	_, err = j.Sign(make(chan int))
	require.Error(t, err)
}

func cutLast(token string) (signed, signature string, found bool) {
	i := strings.LastIndexByte(token, '.')
	return token[:max(i, 0)], token[i+1:], i > 0
}

func TestJWTByRSA(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]pem.Block{
		"PKCS #8": {Type: "PRIVATE KEY", Bytes: pkcs8}, "PKCS #1": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
	} {
		t.Run(name, func(t *testing.T) {
			j, err := driver.NewRS256(pem.EncodeToMemory(&block), "key-1")
			require.NoError(t, err)
			token, err := j.Sign(struct {
				Application string `json:"application_id"`
				ID          string `json:"jti"`
			}{"app", driver.RandomID()})
			require.NoError(t, err)
			signed, signature, _ := cutLast(token)
			raw, err := base64.RawURLEncoding.DecodeString(signature)
			require.NoError(t, err)
			sum := sha256.Sum256([]byte(signed))
			require.NoError(t, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], raw))
			head, _, _ := strings.Cut(signed, ".")
			raw, err = base64.RawURLEncoding.DecodeString(head)
			require.NoError(t, err)
			assert.JSONEq(t, `{"alg":"RS256","typ":"JWT","kid":"key-1"}`, string(raw))
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", j, *j, *j), key.D.String()[:20])
		})
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	elliptical, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	for name, key := range map[string][]byte{
		"nothing":        nil,
		"not PEM":        []byte("canary"),
		"not a key":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("canary")}),
		"a short key":    pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)}),
		"another's kind": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: elliptical}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := driver.NewRS256(key, "")
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestRandomID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := driver.RandomID()
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		seen[id] = true
	}
	assert.Len(t, seen, 1000)
}

// A request that is signed over its body, as Sinch documents it: the vector is
// that of its own client's test (sinch-sdk-node, signing.request.test.ts).
func TestSignedRequest(t *testing.T) {
	t.Parallel()
	const at = "2023-11-22T09:10:11.999Z"
	secret, err := base64.StdEncoding.DecodeString("bXkta2V5LXNlY3JldA==")
	require.NoError(t, err)
	var seen http.Header
	c, err := driver.New(driver.Config{
		Vendor: "acme", BaseURL: "https://canary.example",
		Client: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = r.Header
			return say(200, "{}")(&double{}, r)
		})},
		Sign: func(r *http.Request, body []byte) error {
			r.Header.Set("Content-Type", "application/json; charset=UTF-8")
			sum := md5.Sum(body) // the vendor's rule
			text := strings.Join([]string{
				r.Method, base64.StdEncoding.EncodeToString(sum[:]), r.Header.Get("Content-Type"), "x-timestamp:" + at, r.URL.EscapedPath(),
			}, "\n")
			r.Header.Set("X-Timestamp", at)
			r.Header.Set("Authorization", "Application my-key-id:"+base64.StdEncoding.EncodeToString(driver.MAC(secret, text)))
			return nil
		},
	})
	require.NoError(t, err)
	_, err = c.Do(t.Context(), driver.Call{
		Op: "send", Route: "/path/{value}", Args: []string{"pathParamValue"},
		JSON: json.RawMessage(`{"identity":{"type":"number","endpoint":"+33444555666"},"method":"sms"}`),
	})
	require.NoError(t, err)
	assert.Equal(t, "Application my-key-id:QP3OzQZVzRZAEev6DBLvJkgpiqyZPuXYsc7oyjUV0K8=", seen.Get("Authorization"))
}
