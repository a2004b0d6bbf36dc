package incoming

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far the time of a signature may be off.
const Tolerance = 5 * time.Minute

// IsMAC reports whether one of the macs is the HMAC of a text under one of the keys.
// All are compared, in constant time.
func IsMAC[K string | []byte](hash func() hash.Hash, keys []K, text []byte, macs ...[]byte) bool {
	good := 0
	for _, key := range keys {
		h := hmac.New(hash, []byte(key))
		h.Write(text)
		want := h.Sum(nil)
		for _, mac := range macs {
			good |= subtle.ConstantTimeCompare(mac, want)
		}
	}
	return good == 1
}

// Webhook says whether a request is signed by Standard Webhooks under one of the keys, and
// which time it says that it is from.
func Webhook(h http.Header, body []byte, keys [][]byte) (at string, good bool) {
	id, at := h.Get("webhook-id"), h.Get("webhook-timestamp")
	text := []byte(id + "." + at + "." + string(body))
	return at, id != "" && IsMAC(sha256.New, keys, text, webhookMACs(h.Get("webhook-signature"))...)
}

// webhookMACs reads "v1,MAC v1,MAC", the signatures of Standard Webhooks. Supabase puts
// a comma behind all but the last.
func webhookMACs(header string) [][]byte {
	var macs [][]byte
	for item := range strings.FieldsSeq(header) {
		version, encoded, _ := strings.Cut(strings.TrimSuffix(item, ","), ",")
		if mac, err := base64.StdEncoding.Strict().DecodeString(encoded); err == nil && version == "v1" {
			macs = append(macs, mac)
		}
	}
	return macs
}

// At reads Unix seconds.
func At(seconds string) (time.Time, bool) {
	n, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(n, 0), err == nil
}

// IsRecent reports whether a time is less than the Tolerance off.
func IsRecent(at time.Time) bool { return time.Since(at).Abs() < Tolerance }
