package delivery

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go2fa/verify/internal/incoming"
)

// minPath is 128 bits in base64.
const minPath, maxPath = 22, 128

// IsMAC reports whether a signature is the HMAC of a text under one of the secrets, for
// authors of vendors. All are compared, in constant time.
func IsMAC[S string | []byte](hash func() hash.Hash, secrets []S, text, signature []byte) bool {
	return incoming.IsMAC(hash, secrets, text, signature)
}

// IsRecent reports whether a time that a signature covers, in Unix seconds, is less
// than 5 minutes off.
func IsRecent(seconds string) bool {
	at, ok := incoming.At(seconds)
	return ok && incoming.IsRecent(at)
}

// Seconds reads a time in Unix seconds, and says whether it is one.
func Seconds(text string) (time.Time, bool) { return incoming.At(text) }

// WebhookKeys reads secrets of Standard Webhooks (https://www.standardwebhooks.com):
// "whsec_" and base64. One or two, while they are changed.
func WebhookKeys(secrets []string) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range secrets {
		key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < sha256.Size/2 {
			return nil, errors.New("must be whsec_ and at least 16 bytes in base64")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(keys) > 2 {
		return nil, errors.New("must be one or two")
	}
	return keys, nil
}

// IsWebhook reports whether a request is signed by Standard Webhooks under one of the
// keys, less than 5 minutes ago.
func IsWebhook(r *http.Request, body []byte, keys [][]byte) bool {
	at, good := incoming.Webhook(r.Header, body, keys)
	return good && IsRecent(at)
}

// CheckPaths says what is wrong with secret paths, which stand for the signature of a
// vendor that has none: one or two, each 22 to 128 of [A-Za-z0-9_-], made of at least
// 128 random bits.
func CheckPaths(secrets []string) error {
	if len(secrets) == 0 || len(secrets) > 2 {
		return errors.New("must be one or two")
	}
	for _, secret := range secrets {
		for _, c := range secret {
			if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", c) {
				return errors.New("must be of letters, digits, _ and -")
			}
		}
		if len(secret) < minPath || len(secret) > maxPath {
			return errors.New("must be at least 128 random bits, in 22 to 128 characters")
		}
	}
	return nil
}

// IsPath reports whether the last segment of a request's path is one of the secrets. It
// compares their hashes, so that the time it takes tells nothing. What stands before it
// may be a proxy's.
func IsPath(r *http.Request, secrets []string) bool {
	got, good := sha256.Sum256([]byte(path.Base(r.URL.Path))), 0
	for _, secret := range secrets {
		want := sha256.Sum256([]byte(secret))
		good |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return good == 1
}
