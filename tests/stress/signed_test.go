package stress

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/go2fa/verify/authy/authytest"
)

// isSigned reads a signature by the words of
// https://www.twilio.com/docs/authy/validation alone, since what is tested has
// its own reader. Either way to encode a form will do.
func (c callback) isSigned() bool {
	signature, err := base64.StdEncoding.Strict().DecodeString(c.signature)
	return err == nil && (hmac.Equal(c.mac(false), signature) || hmac.Equal(c.mac(true), signature))
}

// mac is nil for what is no callback.
func (c callback) mac(browser bool) []byte {
	pairs, ok := c.pairs()
	if !ok {
		return nil
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var parts []string
	for _, p := range pairs {
		parts = append(parts, escape(index.ReplaceAllString(p[0], "[]"), browser)+"="+escape(p[1], browser))
	}
	mac := hmac.New(sha256.New, []byte(authytest.APIKey))
	_, _ = fmt.Fprintf(mac, "%s|%s|%s|%s", c.nonce, c.method, c.to, strings.Join(parts, "&")) // a hash takes everything
	return mac.Sum(nil)
}

var index = regexp.MustCompile(`\[[0-9]+\]`)

func escape(s string, browser bool) string {
	s = url.QueryEscape(s)
	if browser {
		s = strings.NewReplacer("%2A", "*", "~", "%7E").Replace(s)
	}
	return s
}

// pairs are all values of a callback, by the path that leads to each.
func (c callback) pairs() (list [][2]string, ok bool) {
	if c.method == http.MethodGet {
		for part := range strings.SplitSeq(string(c.content), "&") {
			key, value, _ := strings.Cut(part, "=")
			k, err := url.QueryUnescape(key)
			v, err2 := url.QueryUnescape(value)
			if err != nil || err2 != nil {
				return nil, false
			}
			list = append(list, [2]string{k, v})
		}
		return list, true
	}
	var body map[string]any
	d := json.NewDecoder(bytes.NewReader(c.content))
	d.UseNumber()
	if !json.Valid(c.content) || d.Decode(&body) != nil {
		return nil, false
	}
	flatten("", body, &list)
	return list, true
}

func flatten(path string, value any, list *[][2]string) {
	under := func(name string) string {
		if path == "" {
			return name
		}
		return path + "[" + name + "]"
	}
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			flatten(under(name), member, list)
		}
	case []any:
		for i, member := range v {
			flatten(under(fmt.Sprint(i)), member, list)
		}
	case nil:
		*list = append(*list, [2]string{path, ""})
	default:
		*list = append(*list, [2]string{path, fmt.Sprint(v)})
	}
}
