package gatewayapitest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the vendor's signatures are HMAC-SHA1
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authenticateOAuth checks a signature of OAuth 1.0a (RFC 5849) without a user:
// the token, and its secret in the key of the signature, are empty.
func (c call) authenticateOAuth(header string) *failure {
	p, ok := oauthParams(header)
	if !ok {
		return uncoded(http.StatusUnauthorized)
	}
	for _, name := range []string{"consumer_key", "nonce", "timestamp", "signature_method", "signature"} {
		if p["oauth_"+name] == "" {
			return refusal(http.StatusBadRequest, "0x0222", "oauth_"+name)
		}
	}
	seconds, err := strconv.ParseInt(p["oauth_timestamp"], 10, 64)
	now := c.clock.Now()
	switch off := now.Sub(time.Unix(seconds, 0)).Abs(); {
	case p["oauth_signature_method"] != "HMAC-SHA1":
		return refusal(http.StatusBadRequest, "0x0221", p["oauth_signature_method"])
	case p["oauth_consumer_key"] != c.key || p["oauth_token"] != "":
		return refusal(http.StatusUnauthorized, "0x0223")
	case !hmac.Equal([]byte(p["oauth_signature"]), []byte(c.signature(p))):
		return refusal(http.StatusUnauthorized, "0x0224")
	case err != nil || off > skew:
		return refusal(http.StatusUnauthorized, "0x0225")
	case !c.state.fresh(p["oauth_nonce"], now):
		return refusal(http.StatusUnauthorized, "0x0226")
	}
	return nil
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

// signature is what the parameters of the header should be signed with: RFC 5849
// section 3.4. A body in JSON is no part of it.
func (c call) signature(header map[string]string) string {
	var pairs []string
	for name, value := range header {
		if name != "oauth_signature" && name != "realm" {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	for name, values := range c.r.URL.Query() {
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	slices.Sort(pairs)
	base := c.r.Method + "&" + escape(c.baseURI()) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(escape(c.secret)+"&"))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// baseURI is where the client believes it is: GatewayAPI's own hosts speak https
// even if a test leads their names elsewhere.
func (c call) baseURI() string {
	scheme := "http"
	if _, product := c.host(); product != "" || c.r.TLS != nil {
		scheme = "https"
	}
	host := strings.ToLower(c.r.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + host + c.r.URL.EscapedPath()
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// escape is that of RFC 5849 section 3.6.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(unreserved, s[i]) >= 0 {
			b.WriteByte(s[i])
		} else {
			b.Write([]byte{'%', hex[s[i]>>4], hex[s[i]&15]})
		}
	}
	return b.String()
}
