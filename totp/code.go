package totp

import (
	"crypto/sha1" //nolint:gosec // RFC 6238's default: HMAC needs no collision resistance
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"time"
)

// A Kind is what makes codes move on: time or a counter.
type Kind uint8

// The kinds.
const (
	TOTP Kind = iota // authenticator apps: RFC 6238
	HOTP             // hardware tokens: RFC 4226
)

// An Algorithm is the hash below HMAC.
type Algorithm string

// The algorithms of RFC 6238.
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

// Parameters are what an app and a server must agree on. Zero fields take the
// defaults.
type Parameters struct {
	Kind      Kind          // defaults to TOTP
	Algorithm Algorithm     // defaults to SHA1; many apps ignore every other one
	Digits    int           // 6 to 8; defaults to 6
	Period    time.Duration // 30 or 60 seconds, of TOTP; defaults to 30 seconds
}

const (
	minDigits = 6
	maxDigits = 8

	skew      = 1   // steps either side of now
	lookAhead = 10  // counters ahead of a hardware token's next one
	resync    = 100 // counters ahead in which Resync looks
)

func (p Parameters) withDefaults() Parameters {
	if p.Algorithm == "" {
		p.Algorithm = SHA1
	}
	p.Digits = orDefault(p.Digits, minDigits)
	if p.Kind == TOTP {
		p.Period = orDefault(p.Period, 30*time.Second)
	}
	return p
}

func (p Parameters) validate() error {
	switch {
	case p.Kind > HOTP:
		return errors.New("the kind must be TOTP or HOTP")
	case p.Algorithm != SHA1 && p.Algorithm != SHA256 && p.Algorithm != SHA512:
		return errors.New("the algorithm must be SHA1, SHA256 or SHA512")
	case p.Digits < minDigits || p.Digits > maxDigits:
		return errors.New("the digits must be 6 to 8")
	case p.Kind == TOTP && p.Period != 30*time.Second && p.Period != time.Minute:
		return errors.New("the period must be 30 or 60 seconds")
	case p.Kind == HOTP && p.Period != 0:
		return errors.New("a counter has no period")
	}
	return nil
}

// now is the step of a moment. It is never zero, which stands for none.
func (p Parameters) now(at time.Time) uint64 {
	return uint64(max(at.Unix()/int64(p.Period/time.Second), 1)) // above zero
}

// An open factor is one whose secret can be used.
type open struct {
	Parameters
	account   string
	enrolment ID
	last      uint64 // the last accepted step
	secret    []byte
	key       []byte // what HMAC uses of the secret
	mac       *mac   // under the key, once one code was made
	old       bool   // sealed under another key than the first one
}

// match returns the step whose code was typed, or zero, and whether that step may
// still be accepted. It always computes every candidate, so that the time it takes
// tells nothing. Of several steps with this code it returns the first fresh one.
func (f *open) match(code string, at time.Time) (step uint64, fresh bool) {
	first, last := f.window(at)
	for s := first; s <= last; s++ {
		if f.is(s, code) && !fresh {
			step, fresh = s, s > f.last
		}
	}
	return step, fresh
}

// window is the range of steps whose codes are compared. That of a hardware token
// begins with the last accepted one, to tell a used code from a wrong one.
func (f *open) window(at time.Time) (first, last uint64) {
	if f.Kind == HOTP {
		return max(f.last, 1), f.last + 1 + lookAhead
	}
	now := f.now(at)
	return max(now-skew, 1), now + skew
}

// resync finds two successive codes of a hardware token, and returns the step of
// the second one.
func (f *open) resync(code1, code2 string) uint64 {
	var found uint64
	before := false
	for s := f.last + 1; s <= f.last+1+resync; s++ {
		if before && f.is(s, code2) && found == 0 {
			found = s
		}
		before = f.is(s, code1)
	}
	return found
}

// is compares in constant time.
func (f *open) is(step uint64, code string) bool {
	var text [maxDigits]byte
	return subtle.ConstantTimeCompare(f.code(&text, step), []byte(code)) == 1
}

// code writes the code of a step: RFC 4226 section 5.3.
func (f *open) code(text *[maxDigits]byte, step uint64) []byte {
	if f.Kind == HOTP {
		step-- // steps of counters are counted from one
	}
	sum := f.hmac(step)
	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	for i := f.Digits - 1; i >= 0; i-- {
		text[i] = byte('0' + value%10)
		value /= 10
	}
	return text[:f.Digits]
}

// keyOf is what HMAC uses of a secret: one longer than the hash's block is hashed.
func keyOf(a Algorithm, secret []byte) []byte {
	switch {
	case a == SHA1 && len(secret) > sha1.BlockSize:
		sum := sha1.Sum(secret) //nolint:gosec // see the import
		return sum[:]
	case a == SHA256 && len(secret) > sha256.BlockSize:
		sum := sha256.Sum256(secret)
		return sum[:]
	case a == SHA512 && len(secret) > sha512.BlockSize:
		sum := sha512.Sum512(secret)
		return sum[:]
	}
	return secret
}
