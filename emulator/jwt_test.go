package emulator_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

func TestOnlyATokenOfTheKeyIsRead(t *testing.T) {
	t.Parallel()
	private := emulator.NewKey()
	key, err := emulator.PublicKey(private)
	require.NoError(t, err)
	another, err := emulator.PublicKey(emulator.NewKey())
	require.NoError(t, err)
	block, _ := pem.Decode(private)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	sign := func(header, claims string) string {
		signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		sum := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(nil, parsed.(*rsa.PrivateKey), crypto.SHA256, sum[:])
		require.NoError(t, err)
		return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	const header, claims = `{"alg":"RS256","typ":"JWT"}`, `{"iss":"app","exp":7}`
	good := sign(header, claims)
	got, ok := emulator.JWT(good, key)
	require.True(t, ok)
	issuer, _ := got.Text("iss", 64)
	end, isNumber := got.Number("exp", 0, 10)
	assert.Equal(t, []any{"app", 7.0, true}, []any{issuer, end, isNumber})

	for name, token := range map[string]string{
		"nothing": "", "two parts": "a.b", "no base64": "!.!.!", "no JSON": "e30.YQ.YQ", "a bare list": sign(header, `[]`),
		"no signature": good[:len(good)-4], "another's signature": strings.Join(append(strings.Split(sign(header, `{"iss":"b"}`), ".")[:2], strings.Split(good, ".")[2]), "."),
		"without an algorithm": sign(`{}`, claims), "none": sign(`{"alg":"none"}`, claims), "by a secret": sign(`{"alg":"HS256"}`, claims),
	} {
		_, ok := emulator.JWT(token, key)
		assert.False(t, ok, name)
	}
	_, ok = emulator.JWT(good, another)
	assert.False(t, ok, "another key")
	_, ok = emulator.JWT(good, nil)
	assert.False(t, ok, "no key")
}

func TestAKeyIsOneOfRSA(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	elliptical, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	for name, key := range map[string][]byte{
		"nothing": nil, "not a key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("-")}),
		"another's kind": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: elliptical}),
	} {
		_, err := emulator.PublicKey(key)
		assert.Error(t, err, name)
	}
}
