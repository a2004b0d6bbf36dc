package twilio

import (
	"crypto/sha1" //nolint:gosec // Twilio's rule, and HMAC needs no collision resistance
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go2fa/verify/delivery"
)

// A signer knows Twilio's signatures. The urls are the spellings of one address.
type signer struct{ urls, tokens, shared []string }

// spellings are the address as it is, byte for byte, and with and without the port of its scheme.
func spellings(whole string, address *url.URL) []string {
	port := map[string]string{"https": ":443", "http": ":80"}[address.Scheme]
	switch {
	case address.Port() == "":
		return []string{whole, strings.Replace(whole, address.Host, address.Host+port, 1)}
	case strings.HasSuffix(address.Host, port):
		return []string{whole, strings.Replace(whole, address.Host, strings.TrimSuffix(address.Host, port), 1)}
	}
	return []string{whole}
}

// signed compares with each spelling of the URL under each secret.
func (c signer) signed(r *http.Request, text func(address string) string) bool {
	signature, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("X-Twilio-Signature"))
	hash, secrets := c.settings(r)
	if err != nil || hash == nil {
		return false
	}
	right := false
	for _, address := range c.urls {
		right = delivery.IsMAC(hash, secrets, []byte(text(address)), signature) || right
	}
	return right
}

// settings are the hash and the secrets of a request. A header names those of a shared
// key: "key=ID,algorithm=HMAC_SHA256". Nobody signs it, so that it chooses between what
// the configuration has, and a token of the account is good by SHA-1 alone, as ever.
func (c signer) settings(r *http.Request) (func() hash.Hash, []string) {
	named := r.Header.Values("X-Twilio-Webhooks-Signature-Settings")
	if len(named) == 0 {
		return sha1.New, c.tokens
	}
	key, algorithm, _ := strings.Cut(named[0], ",")
	if len(named) > 1 || !strings.HasPrefix(key, "key=") {
		return nil, nil
	}
	return map[string]func() hash.Hash{"algorithm=HMAC_SHA256": sha256.New, "algorithm=HMAC_SHA1": sha1.New}[algorithm], c.shared
}

// parameters are those of a form, by name, each value once.
func parameters(form url.Values) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			b.WriteString(name + value)
		}
	}
	return b.String()
}

// withHash is the address with the hash of a body that is no form.
func withHash(address string, body []byte) string {
	sum := sha256.Sum256(body)
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + "bodySHA256=" + hex.EncodeToString(sum[:])
}
