package emulator

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // HMAC-SHA1 is the method of OAuth 1.0a
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An OAuth1 checks requests that are signed by OAuth 1.0a (RFC 5849) with
// HMAC-SHA1, by a client without a user: the token and its secret are empty. It is
// safe for concurrent use.
type OAuth1 struct {
	Key, Secret string        // of the client
	Skew        time.Duration // how far the time of a signature may be off

	mu     sync.Mutex
	nonces List[string, struct{}]
}

// Problem returns what is wrong with the signature in the Authorization of a
// request, or "", in the words of the OAuth Problem Reporting extension:
// parameter_rejected, parameter_absent, signature_method_rejected,
// consumer_key_unknown, signature_invalid, timestamp_refused or nonce_used. The
// parameter is that of the first three. The scheme is the one that the client
// speaks, "http" or "https". A body counts if the request's Form was parsed.
func (o *OAuth1) Problem(r *http.Request, now time.Time, scheme string) (problem, parameter string) {
	p, ok := oauthParams(strings.TrimPrefix(r.Header.Get("Authorization"), "OAuth "))
	if !ok {
		return "parameter_rejected", "Authorization"
	}
	for _, name := range []string{"consumer_key", "nonce", "timestamp", "signature_method", "signature"} {
		if p["oauth_"+name] == "" {
			return "parameter_absent", "oauth_" + name
		}
	}
	seconds, err := strconv.ParseInt(p["oauth_timestamp"], 10, 64)
	switch off := now.Sub(time.Unix(seconds, 0)).Abs(); {
	case p["oauth_signature_method"] != "HMAC-SHA1":
		return "signature_method_rejected", p["oauth_signature_method"]
	case p["oauth_consumer_key"] != o.Key || p["oauth_token"] != "":
		return "consumer_key_unknown", ""
	case !hmac.Equal([]byte(p["oauth_signature"]), []byte(o.signature(r, p, scheme))):
		return "signature_invalid", ""
	case err != nil || off > o.Skew:
		return "timestamp_refused", ""
	case !o.fresh(p["oauth_nonce"], now):
		return "nonce_used", ""
	}
	return "", ""
}

// fresh remembers a nonce for as long as its time may be accepted.
func (o *OAuth1) fresh(nonce string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nonces.Life = 2*o.Skew + 1 // its last moment is the last that Skew allows
	if len(o.nonces.Get(now, nonce)) > 0 {
		return false
	}
	o.nonces.Add(now, nonce, struct{}{})
	return true
}

// oauthParams reads name="value" pairs, each name once.
func oauthParams(header string) (map[string]string, bool) {
	params := map[string]string{}
	for pair := range strings.SplitSeq(header, ",") {
		name, quoted, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value, err := url.PathUnescape(strings.Trim(quoted, `"`))
		_, twice := params[name]
		if err != nil || twice || len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
			return nil, false
		}
		params[name] = value
	}
	return params, true
}

// signature is the right one: section 3.4. A form is part of it, a body in JSON is
// not.
func (o *OAuth1) signature(r *http.Request, header map[string]string, scheme string) string {
	var pairs [][2]string
	for name, value := range header {
		if name != "oauth_signature" && name != "realm" {
			pairs = append(pairs, [2]string{escape(name), escape(value)})
		}
	}
	for _, values := range []url.Values{r.URL.Query(), r.PostForm} {
		for name, all := range values {
			for _, value := range all {
				pairs = append(pairs, [2]string{escape(name), escape(value)})
			}
		}
	}
	// By name and then by value, section 3.4.1.3.2: "tag" comes before "tag2",
	// although "tag=" comes after it.
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	joined := make([]string, len(pairs))
	for i, pair := range pairs {
		joined[i] = pair[0] + "=" + pair[1]
	}
	base := r.Method + "&" + escape(baseURI(r, scheme)) + "&" + escape(strings.Join(joined, "&"))
	mac := hmac.New(sha1.New, []byte(escape(o.Secret)+"&"))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// baseURI is the address as the client wrote it, section 3.4.1.2: the host in
// lower case, and its port unless it is that of the scheme.
func baseURI(r *http.Request, scheme string) string {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return scheme + "://" + strings.TrimSuffix(strings.ToLower(r.Host), port) + cmp.Or(r.URL.EscapedPath(), "/")
}
