package hooks

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go2fa/verify/internal/incoming"
)

// A proof says that a request comes from who has a secret.
type proof func(r *http.Request, body []byte) error

// byWebhook is the proof of Standard Webhooks: https://www.standardwebhooks.com.
func byWebhook(secrets []string) (proof, error) {
	var keys [][]byte
	for _, list := range secrets {
		for secret := range strings.SplitSeq(list, "|") { // as Supabase's setting holds several
			secret = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(secret), "v1,"), "whsec_")
			key, err := base64.StdEncoding.DecodeString(secret)
			if err != nil {
				return nil, errors.New("hooks: a secret must be v1,whsec_ and base64, as the server shows it")
			}
			keys = append(keys, key)
		}
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return func(r *http.Request, body []byte) error {
		at, good := incoming.Webhook(r.Header, body, keys)
		return inTolerance(good, at)
	}, nil
}

// Bearer is the Authorization header of a token.
func Bearer(token string) string { return "Bearer " + token }

// Basic is the Authorization header of a user and a password.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// byHeader is the proof of a fixed Authorization header.
func byHeader(secrets []string) (proof, error) {
	var keys [][]byte
	var sums [][sha256.Size]byte
	for _, secret := range secrets {
		keys = append(keys, []byte(secret))
		sums = append(sums, sha256.Sum256([]byte(secret)))
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return func(r *http.Request, _ []byte) error {
		got, good := sha256.Sum256([]byte(r.Header.Get("Authorization"))), 0
		for _, want := range sums {
			good |= subtle.ConstantTimeCompare(got[:], want[:])
		}
		if good != 1 {
			return ErrForged
		}
		return nil
	}, nil
}

// byEither is the proof of Standard Webhooks under secrets that begin with whsec_, and of
// a fixed header by the others. A signature that is too old is told as such.
func byEither(secrets []string) (proof, error) {
	var signing, fixed []string
	for _, secret := range secrets {
		if strings.HasPrefix(secret, "whsec_") {
			signing = append(signing, secret)
		} else {
			fixed = append(fixed, secret)
		}
	}
	if len(signing) == 0 {
		return byHeader(fixed)
	}
	webhook, err := byWebhook(signing)
	if err != nil || len(fixed) == 0 {
		return webhook, err
	}
	header, err := byHeader(fixed)
	if err != nil {
		return nil, err
	}
	return func(r *http.Request, body []byte) error {
		if err := webhook(r, body); !errors.Is(err, ErrForged) {
			return err
		}
		return header(r, body)
	}, nil
}

// byZitadel is the proof of zitadel/zitadel pkg/actions/signing.go: "t=TIME,v1=MAC",
// with as many MACs as there are keys.
func byZitadel(secrets []string) (proof, error) {
	var keys [][]byte
	for _, secret := range secrets {
		keys = append(keys, []byte(secret))
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return func(r *http.Request, body []byte) error {
		var at string
		var macs [][]byte
		for item := range strings.SplitSeq(r.Header.Get("ZITADEL-Signature"), ",") {
			switch name, value, _ := strings.Cut(strings.TrimSpace(item), "="); name {
			case "t":
				at = value
			case "v1":
				if mac, err := hex.DecodeString(value); err == nil {
					macs = append(macs, mac)
				}
			}
		}
		return inTolerance(incoming.IsMAC(sha256.New, keys, []byte(at+"."+string(body)), macs...), at)
	}, nil
}

// byAuthgear is the proof of authgear/authgear-server pkg/lib/hook/hook_web.go: a MAC
// of the body alone.
func byAuthgear(keys [][]byte) (proof, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	own := make([][]byte, len(keys))
	for i, key := range keys {
		own[i] = slices.Clone(key)
	}
	return func(r *http.Request, body []byte) error {
		mac, err := hex.DecodeString(r.Header.Get("x-authgear-body-signature"))
		if err != nil || !incoming.IsMAC(sha256.New, own, body, mac) {
			return ErrForged
		}
		return nil
	}, nil
}

// inTolerance looks at the time of a signature, in Unix seconds, if it is good.
func inTolerance(good bool, at string) error {
	when, ok := incoming.At(at)
	switch {
	case !good || !ok:
		return ErrForged
	case !incoming.IsRecent(when):
		return ErrStale
	}
	return nil
}

// checkKeys also keeps out an empty secret, which everybody knows.
func checkKeys(keys [][]byte) error {
	if len(keys) == 0 {
		return errors.New("hooks: a secret is required")
	}
	for _, key := range keys {
		if len(key) < minSecret {
			return errors.New("hooks: a secret must have at least 16 bytes")
		}
	}
	return nil
}
