package emulator

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
	"errors"
	"strings"
)

// NewKey makes a private key of RSA, as a vendor's console does: PEM of PKCS #8.
func NewKey() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("emulator: " + err.Error())
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic("emulator: " + err.Error())
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// PublicKey returns what a vendor knows of a key of [NewKey].
func PublicKey(private []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(private)
	if block == nil {
		return nil, errors.New("emulator: the key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, isRSA := key.(*rsa.PrivateKey)
	if err != nil || !isRSA {
		return nil, errors.New("emulator: the key is not one of NewKey")
	}
	return &signer.PublicKey, nil
}

// JWT returns the claims of a token that key has signed by RS256, RFC 7515. It is not
// ok if anything else did, or key is nil. Whom and when it is good for says the caller.
func JWT(token string, key *rsa.PublicKey) (claims Fields, ok bool) {
	part := strings.Split(token, ".")
	if len(part) != 3 || key == nil {
		return nil, false
	}
	var header struct{ Alg string }
	for i, to := range []any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(part[i])
		read := json.NewDecoder(bytes.NewReader(raw))
		read.UseNumber()
		if err != nil || read.Decode(to) != nil {
			return nil, false
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(part[2])
	sum := sha256.Sum256([]byte(part[0] + "." + part[1]))
	if err != nil || header.Alg != "RS256" || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return nil, false
	}
	return claims, true
}
