package driver

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

const minRSABits = 2048 // RFC 7518 section 3.3

// A JWT signs tokens of one key: RFC 7519. It is safe for concurrent use.
type JWT struct {
	header string // encoded
	rsa    *rsa.PrivateKey
	secret []byte
}

// NewRS256 makes tokens signed by RSA: RFC 7518 section 3.3. The key is PEM, of
// PKCS #8 or PKCS #1, with at least 2048 bits. Its id goes into the header unless
// it is "".
func NewRS256(key []byte, id string) (*JWT, error) {
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errors.New("the private key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	private, isRSA := parsed.(*rsa.PrivateKey)
	switch {
	case err != nil || !isRSA:
		return nil, errors.New("the private key is not one of RSA, in PKCS #8 or PKCS #1")
	case private.N.BitLen() < minRSABits:
		return nil, errors.New("the private key has fewer than 2048 bits")
	}
	return &JWT{header: jwtHeader("RS256", id), rsa: private}, nil
}

// NewHS256 makes tokens signed by HMAC-SHA-256: RFC 7518 section 3.2. An empty
// secret is refused. The key's id goes into the header unless it is "".
func NewHS256(secret []byte, id string) (*JWT, error) {
	if len(secret) == 0 {
		return nil, errors.New("the secret of tokens is empty")
	}
	return &JWT{header: jwtHeader("HS256", id), secret: append([]byte(nil), secret...)}, nil
}

func jwtHeader(algorithm, id string) string {
	header, _ := json.Marshal(struct { // strings always marshal
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		ID        string `json:"kid,omitempty"`
	}{algorithm, "JWT", id})
	return base64.RawURLEncoding.EncodeToString(header)
}

// Sign returns a token with these claims, which encoding/json must be able to
// write. Give each token an id of its own and a short life: see [RandomID].
func (j *JWT) Sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", errors.New("the claims are no JSON")
	}
	signed := j.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature := MAC(j.secret, signed)
	if j.rsa != nil {
		sum := sha256.Sum256([]byte(signed))
		if signature, err = rsa.SignPKCS1v15(nil, j.rsa, crypto.SHA256, sum[:]); err != nil {
			return "", errors.New("the token could not be signed")
		}
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Format keeps the key out of every print.
func (JWT) Format(f fmt.State, _ rune) { hide(f, "JWT") }

// MAC is HMAC-SHA-256 of a text, for signatures of requests.
func MAC(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash never fails
	return h.Sum(nil)
}

// RandomID makes a UUID of version 4, RFC 9562: for tokens, idempotency keys and
// nonces.
func RandomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
