package authy

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits of a callback that may not be Authy's: nested, its keys could grow far
// beyond its body. A callback that was recorded has fewer than a hundred values.
const (
	maxDepth  = 16
	maxValues = 300
	maxPairs  = 256 << 10 // bytes of all keys and values
)

const notJSON = "the body is not one JSON object"

// A pair is one value of a callback, under the path that leads to it:
// "approval_request[transaction][status]".
type pair struct{ key, value string }

// signed reports whether signature is the HMAC-SHA-256, under the API key, of
// nonce, method, URL and pairs. Encoders of forms differ on * and ~, and it is
// not known which one Authy has: either will do.
func (u *Users) signed(nonce, method string, pairs []pair, signature []byte) bool {
	list := canonical(pairs)
	for _, encode := range [...]func(string) string{url.QueryEscape, browserEscape} {
		mac := hmac.New(sha256.New, u.key)
		_, _ = io.WriteString(mac, nonce+"|"+method+"|"+u.callbackURL+"|"+form(list, encode)) // a hash takes everything
		if hmac.Equal(mac.Sum(nil), signature) {
			return true
		}
	}
	return false
}

// canonical sorts by the key as it stands and then drops the indexes of lists.
func canonical(pairs []pair) []pair {
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	for i := range sorted {
		sorted[i].key = withoutIndexes(sorted[i].key)
	}
	return sorted
}

// withoutIndexes turns "logos[0][res]" into "logos[][res]".
func withoutIndexes(key string) string {
	var b strings.Builder
	for rest := key; ; {
		before, after, found := strings.Cut(rest, "[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('[')
		if digits := strings.TrimLeft(after, "0123456789"); strings.HasPrefix(digits, "]") {
			after = digits
		}
		rest = after
	}
}

func form(pairs []pair, encode func(string) string) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(p.key) + "=" + encode(p.value))
	}
	return b.String()
}

// browserEscape encodes as https://url.spec.whatwg.org/#application/x-www-form-urlencoded
// has it, and Java.
func browserEscape(s string) string { return asBrowsers.Replace(url.QueryEscape(s)) }

var asBrowsers = strings.NewReplacer("%2A", "*", "~", "%7E")

// queryPairs reads the query of a GET.
func queryPairs(query string) (list []pair, refusal string) {
	if strings.Count(query, "&") >= maxValues {
		return nil, "the query has too many values"
	}
	for part := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(part, "=")
		k, err := url.QueryUnescape(key)
		v, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, "the query is malformed"
		}
		list = append(list, pair{k, v})
	}
	return list, ""
}

// jsonPairs flattens a body. A null is an empty text, and an empty object or
// list is nothing at all.
func jsonPairs(body []byte) (list []pair, refusal string) {
	if !json.Valid(body) || len(bytes.TrimLeft(body, " \t\r\n")) == 0 || bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return nil, notJSON
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number is signed as it is written
	f := flattener{tokens: d}
	if !f.value("", 0) {
		return nil, "the body is nested too deep, too long or has too many values"
	}
	return f.pairs, ""
}

// A flattener walks valid JSON and keeps every value, those under the same key
// too.
type flattener struct {
	tokens *json.Decoder
	pairs  []pair
	size   int
	values int // the empty ones too
}

// value reads one value, and reports false if it is beyond the limits.
func (f *flattener) value(key string, depth int) bool {
	token, _ := f.tokens.Token() // the whole body is valid
	switch t := token.(type) {
	case json.Delim:
		return f.members(key, depth+1, t == '[')
	case string:
		return f.add(key, t)
	case json.Number:
		return f.add(key, t.String())
	case bool:
		if t {
			return f.add(key, "true")
		}
		return f.add(key, "false")
	}
	return f.add(key, "")
}

func (f *flattener) members(key string, depth int, list bool) bool {
	if depth > maxDepth {
		return false
	}
	for i := 0; f.tokens.More(); i++ {
		name := strconv.Itoa(i)
		if !list {
			token, _ := f.tokens.Token()
			name, _ = token.(string)
		}
		if depth > 1 {
			name = key + "[" + name + "]"
		}
		f.size += len(name)
		f.values++
		if f.size > maxPairs || f.values > maxValues || !f.value(name, depth) {
			return false
		}
	}
	_, _ = f.tokens.Token() // the bracket that closes
	return true
}

func (f *flattener) add(key, value string) bool {
	f.size += len(value)
	f.pairs = append(f.pairs, pair{key, value})
	return f.size <= maxPairs
}
