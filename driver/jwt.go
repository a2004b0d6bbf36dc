package driver

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	minRSABits = 2048 // RFC 7518 section 3.3
	maxToken   = 64 << 10
)

// A JWT signs tokens of one key: RFC 7519. It is safe for concurrent use.
type JWT struct {
	header string // encoded
	// A function, so that a program without NewRS256 links nothing of RSA for it.
	sign func(text string) ([]byte, error)
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
	return &JWT{jwtHeader("RS256", id), func(text string) ([]byte, error) {
		sum := sha256.Sum256([]byte(text))
		return rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
	}}, nil
}

// NewHS256 makes tokens signed by HMAC-SHA-256: RFC 7518 section 3.2. An empty
// secret is refused. The key's id goes into the header unless it is "".
func NewHS256(secret []byte, id string) (*JWT, error) {
	if len(secret) == 0 {
		return nil, errors.New("the secret of tokens is empty")
	}
	secret = append([]byte(nil), secret...)
	return &JWT{jwtHeader("HS256", id), func(text string) ([]byte, error) { return MAC(secret, text), nil }}, nil
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
	signature, err := j.sign(signed)
	if err != nil {
		return "", errors.New("the token could not be signed")
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Claims returns the claims of a token that is signed by HS256 under one of the
// secrets, and nil for any other. Whatever its header names, no other algorithm is
// tried (RFC 8725 3.1); a token with crit is refused, and one that has ended by its exp.
// The claims may be anything: read them by [Scan].
func Claims(token string, secrets []string) json.RawMessage {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return nil
	}
	strict := base64.RawURLEncoding.Strict()
	header, wrong := strict.DecodeString(parts[0])
	claims, wrongToo := strict.DecodeString(parts[1])
	signature, err := strict.DecodeString(parts[2])
	right := 0
	for _, secret := range secrets {
		right |= subtle.ConstantTimeCompare(MAC([]byte(secret), parts[0]+"."+parts[1]), signature)
	}
	if right != 1 || errors.Join(wrong, wrongToo, err) != nil {
		return nil
	}
	var algorithm string
	var critical, ends json.RawMessage
	if Scan(header, Field{Key: "alg", To: &algorithm, Need: true}, Field{Key: "crit", To: &critical}) != nil || algorithm != "HS256" || critical != nil {
		return nil
	}
	_ = Scan(claims, Field{Key: "exp", To: &ends}) // claims that are no object name no end
	if end, err := strconv.ParseInt(string(ends), 10, 64); ends != nil && (err != nil || time.Now().Unix() >= end) {
		return nil
	}
	return claims
}

// Format keeps the key out of every print.
func (JWT) Format(f fmt.State, _ rune) { hide(f, "JWT") }

// MAC is HMAC-SHA-256 of a text, for signatures of requests.
func MAC(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash never fails
	return h.Sum(nil)
}

// KeyedID makes a UUID of version 8, RFC 9562, out of fields, which it does not reveal:
// an HMAC-SHA-256 under secret, each field preceded by its length. The same fields make
// the same one: it names a call whose author gave an idempotency key, which itself is
// sent to no vendor.
func KeyedID(secret string, fields ...string) string {
	h := hmac.New(sha256.New, []byte(secret))
	for _, field := range fields {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		_, _ = h.Write([]byte(field))
	}
	b := [16]byte(h.Sum(nil)[:16])
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// RandomID makes a UUID of version 4, RFC 9562: for tokens, idempotency keys and
// nonces.
func RandomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
