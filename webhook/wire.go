package webhook

import (
	"bytes"
	_ "embed" // the table of words
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// The headers of Standard Webhooks:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
const (
	idHeader        = "webhook-id"
	timeHeader      = "webhook-timestamp"
	signatureHeader = "webhook-signature"
)

const (
	prefix = "whsec_"
	minKey = 24 // bytes
	maxKey = 64
	maxTwo = 2 // secrets
)

// readKeys reads one or two secrets. Its errors hold nothing of them.
func readKeys(secrets []string) (keys [][]byte, err error) {
	for _, secret := range secrets {
		encoded, named := strings.CutPrefix(secret, prefix)
		key, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || !named || len(key) < minKey || len(key) > maxKey {
			return nil, driver.Invalid(vendor, "each of Secrets must be whsec_ and 24 to 64 bytes in base64")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(keys) > maxTwo {
		return nil, driver.Invalid(vendor, "Secrets must be one, or two while they are exchanged")
	}
	return keys, nil
}

// signer signs the id of a request, the time of each try, and the body, under every key.
func signer(keys [][]byte) func(*http.Request, []byte) error {
	return func(r *http.Request, body []byte) error {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		signed := r.Header.Get(idHeader) + "." + at + "." + string(body)
		var signatures []byte
		for i, key := range keys {
			if i > 0 {
				signatures = append(signatures, ' ')
			}
			signatures = base64.StdEncoding.AppendEncode(append(signatures, "v1,"...), driver.MAC(key, signed))
		}
		r.Header.Set(timeHeader, at)
		r.Header.Set(signatureHeader, string(signatures))
		return nil
	}
}

// A request is a payload in the form that Standard Webhooks recommends. Its time is
// that of the header, which is signed.
type request struct {
	Type string `json:"type"`
	Data data   `json:"data"`
}

type data struct {
	To      string         `json:"to"`
	Channel verify.Channel `json:"channel"`
	Text    string         `json:"text"`
	Locale  string         `json:"locale,omitempty"`
	Expires int64          `json:"expires_in,omitempty"` // seconds
}

func body(m otp.Message) []byte {
	expires := int64(max(m.TTL, 0) / time.Second)
	b, _ := json.Marshal(&request{"verify.message", data{m.To, m.Channel, m.Text, m.Request.Locale, expires}}) // strings and numbers always marshal
	return b
}

var probe = []byte(`{"type":"verify.probe"}`)

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// elsewhere is the word for a recipient whom another vendor may reach.
const elsewhere = "not_reachable"

// readError reads {"error":"blocked"}. The zero Failure says that the answer is not the
// endpoint's own.
func readError(_ string, status int, body []byte) driver.Failure {
	word, err := wordOf(body)
	if err != nil || word == "" {
		return driver.Failure{}
	}
	f, known := codes.Find(word)
	if !known {
		return driver.Unlisted(status)
	}
	f.Elsewhere = word == elsewhere
	return f
}

var (
	errPage = errors.New("the answer is a page or no text, and no endpoint's: check the address")
	errWord = errors.New("the answer has an error of another form")
)

// readTaken reads an answer of class 2xx, which says that the message was taken, unless
// it is a page or no text, or an object that is broken or has an error.
func readTaken(body []byte) (driver.Failure, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, mark))
	switch {
	case len(body) > 0 && body[0] == '<', !utf8.Valid(body):
		return driver.Failure{}, errPage
	case len(body) == 0 || body[0] != '{':
		return driver.Failure{}, nil // nothing, or a text such as OK
	}
	word, err := wordOf(body)
	if err != nil || word == "" {
		return driver.Failure{}, err
	}
	f, known := codes.Find(word)
	if !known {
		return f, errWord
	}
	f.Elsewhere = word == elsewhere
	return f, nil
}

// mark is the byte order mark, which some servers put before their JSON and RFC 8259
// (8.1) lets a reader skip.
var mark = []byte("\xef\xbb\xbf")

func wordOf(body []byte) (word string, err error) {
	err = driver.Scan(bytes.TrimPrefix(body, mark), driver.Field{Key: "error", To: &word})
	return word, err
}
