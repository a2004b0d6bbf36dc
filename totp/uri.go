package totp

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go2fa/verify"
)

const (
	newSecret = 20  // bytes of a secret that Enroll makes: RFC 4226 section 4, R6
	minSecret = 10  // many sites issued no more for years
	maxSecret = 128 // a block of SHA-512

	maxCounter = 1<<52 - 1 // far below 2^53, to which a script of Redis counts without loss
	maxIssuer  = 64        // bytes
)

func base32Text() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// uri writes what authenticator apps read from a QR code
// (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). Every byte
// that is not plain is escaped, and a space is %20: readers disagree about the rest.
func uri(p Parameters, issuer, label string, secret []byte, counter uint64) string {
	var b strings.Builder
	b.WriteString("otpauth://" + p.Kind.name() + "/" + escape(issuer) + ":" + escape(label))
	b.WriteString("?secret=" + base32Text().EncodeToString(secret) + "&issuer=" + escape(issuer))
	b.WriteString("&algorithm=" + string(p.Algorithm) + "&digits=" + strconv.Itoa(p.Digits))
	if p.Kind == HOTP {
		b.WriteString("&counter=" + strconv.FormatUint(counter, 10))
	} else {
		b.WriteString("&period=" + strconv.Itoa(int(p.Period/time.Second)))
	}
	return b.String()
}

func (k Kind) name() string {
	if k == HOTP {
		return "hotp"
	}
	return "totp"
}

func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// A Read is what an otpauth URI says. Its Format shows nothing of the secret.
type read struct {
	Parameters
	secret  []byte
	counter uint64 // the next one, of HOTP
}

// readURI reads what another system issued. Its errors hold nothing of the URI.
func readURI(text string) (read, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" {
		return read{}, errors.New("this is no otpauth URI")
	}
	var r read
	switch strings.ToLower(u.Host) {
	case "totp":
	case "hotp":
		r.Kind = HOTP
	default:
		return read{}, errors.New("the URI is for neither totp nor hotp")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return read{}, errors.New("the URI has a parameter that cannot be read")
	}
	given := map[string]bool{}
	for name, values := range query {
		name = strings.ToLower(name)
		if len(values) > 1 || given[name] {
			return read{}, errors.New("the URI has a parameter twice")
		}
		given[name] = true
		if err := r.set(name, values[0]); err != nil {
			return read{}, err
		}
	}
	if r.secret == nil {
		return read{}, errors.New("the URI has no secret")
	}
	if r.Kind == HOTP && !given["counter"] {
		return read{}, errors.New("the URI has no counter")
	}
	r.Parameters = r.withDefaults()
	return r, r.validate()
}

// set reads one parameter. What other systems add is skipped: an image, a colour.
func (r *read) set(name, value string) (err error) {
	switch name {
	case "secret":
		r.secret, err = readSecret(value)
	case "algorithm":
		r.Algorithm = Algorithm(strings.ReplaceAll(strings.TrimPrefix(strings.ToUpper(value), "HMAC"), "-", ""))
	case "digits":
		if r.Digits, err = strconv.Atoi(value); err != nil || r.Digits < minDigits {
			err = errors.New("the digits must be 6 to 8")
		}
	case "period":
		var seconds int
		seconds, err = strconv.Atoi(value)
		if err != nil || seconds != 30 && seconds != 60 {
			return errors.New("the period must be 30 or 60 seconds")
		}
		if r.Kind == TOTP {
			r.Period = time.Duration(seconds) * time.Second
		}
	case "counter":
		if r.counter, err = strconv.ParseUint(value, 10, 64); err != nil || r.counter > maxCounter {
			err = errors.New("the counter must be a whole number below 2^52")
		}
	}
	return err
}

// readSecret reads base32 as sites print it: in any case, with or without padding,
// in groups.
func readSecret(text string) ([]byte, error) {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
	secret, err := base32Text().DecodeString(strings.TrimRight(plain, "="))
	switch {
	case err != nil:
		return nil, errors.New("the secret is not base32")
	case len(secret) < minSecret:
		return nil, errors.New("the secret has fewer than 10 bytes")
	case len(secret) > maxSecret:
		return nil, errors.New("the secret has more than 128 bytes")
	}
	return secret, nil
}

func makeSecret() []byte {
	secret := make([]byte, newSecret)
	_, _ = rand.Read(secret) // never fails: see crypto/rand
	return secret
}

// isLabel reports whether an app can show s as an issuer.
func isLabel(s string) bool { return len(s) <= maxIssuer && verify.IsAccount(s) }
