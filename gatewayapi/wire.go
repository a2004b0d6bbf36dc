package gatewayapi

import (
	"bytes"
	_ "embed" // the table of codes
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dghubble/oauth1"
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/otp/text"
)

// A message is what either API is asked; some fields each calls by its own name:
// https://messaging.gatewayapi.com/openapi.json and
// https://gatewayapi.com/docs/apis/rest/.
type message struct {
	Sender   string `json:"sender,omitempty"`
	Message  string `json:"message"`
	Priority string `json:"priority,omitempty"`
	Label    string `json:"label,omitempty"`
	// The Messaging API.
	Recipient  json.Number `json:"recipient,omitempty"`
	Reference  string      `json:"reference,omitempty"`
	Expiration string      `json:"expiration,omitempty"`
	// The REST API.
	Recipients [1]struct {
		MSISDN json.Number `json:"msisdn"`
	} `json:"recipients,omitzero"`
	UserRef  string `json:"userref,omitempty"`
	Validity int64  `json:"validity_period,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Class    string `json:"class,omitempty"`
}

// body writes one message to a phone. The Messaging API chooses the encoding by
// itself; the REST API is asked for UCS-2 where GSM-7 lacks a character.
func (cfg Config) body(m otp.Message) []byte {
	to := json.Number(m.To[1:])
	body := message{Sender: cfg.Sender, Message: m.Text, Priority: cfg.Priority, Label: cfg.Label}
	if cfg.Classic {
		body.Recipients[0].MSISDN, body.UserRef, body.Validity = to, m.Ref, validity(m.TTL)
		body.Priority, body.Class = strings.ToUpper(cfg.Priority), cfg.Class
		if _, encoding := text.Segments(m.Text); encoding == text.UCS2 {
			body.Encoding = "UCS2"
		}
	} else {
		body.Recipient, body.Reference, body.Expiration = to, m.Ref, expiration(m.TTL)
	}
	b, _ := json.Marshal(&body) // strings and numbers always marshal
	return b
}

// expiration writes whole seconds as an ISO 8601 duration.
func expiration(ttl time.Duration) string {
	if ttl <= 0 {
		return ""
	}
	return "PT" + strconv.FormatInt(seconds(ttl, time.Second), 10) + "S"
}

// validity is in seconds. The REST API raises less than a minute to one.
func validity(ttl time.Duration) int64 { return seconds(ttl, time.Minute) }

// seconds keeps a time within what GatewayAPI tries for. Zero leaves it to
// GatewayAPI.
func seconds(ttl, least time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return int64(min(max(ttl, least), 5*24*time.Hour) / time.Second)
}

// readMobile reads {"msg_id":"01...","recipient":15005550006,"reference":null}.
func readMobile(body []byte, m otp.Message) (id string, err error) {
	var recipient json.RawMessage
	var reference []byte
	err = driver.Scan(body, driver.Field{Key: "msg_id", To: &id, Need: true},
		driver.Field{Key: "recipient", To: &recipient}, driver.Field{Key: "reference", To: &reference})
	switch {
	case err != nil:
		return "", err
	case recipient != nil && !isSubject(recipient, m.To[1:]), reference != nil && string(reference) != m.Ref:
		return "", errors.New("the answer speaks of another message")
	case !driver.IsID(id, 64) || id == m.To[1:]:
		return "", errors.New("the answer names no message")
	}
	return id, nil
}

// readClassic reads {"ids":[421332671],"usage":{...}}: one id for one recipient.
func readClassic(body []byte, m otp.Message) (id string, err error) {
	var ids json.RawMessage
	if err := driver.Scan(body, driver.Field{Key: "ids", To: &ids, Need: true}); err != nil {
		return "", err
	}
	list, opened := bytes.CutPrefix(ids, []byte("["))
	list, closed := bytes.CutSuffix(list, []byte("]"))
	list = bytes.TrimSpace(list)
	if !opened || !closed || !isNumber(list) || string(list) == m.To[1:] {
		return "", errors.New("the answer names no message")
	}
	return string(list), nil
}

// isNumber knows a whole number above zero of at most 19 digits.
func isNumber(b []byte) bool {
	return len(b) > 0 && len(b) <= 19 && b[0] != '0' && len(bytes.Trim(b, figures)) == 0
}

// isSubject compares the last seven digits, since one subscriber has several
// spellings in some countries.
func isSubject(number []byte, msisdn string) bool {
	return isNumber(number) && len(number) >= 7 && string(number[len(number)-7:]) == msisdn[len(msisdn)-7:]
}

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// readError reads the REST API's {"code":"0x0216","incident_uuid":"...",
// "message":"..."}, which the Messaging API may send too, and its own
// {"description":"Forbidden","detail":[]}. Neither message nor variables are
// read: they quote the recipient.
func readError(_ string, status int, body []byte) driver.Failure {
	var code, incident string
	var detail json.RawMessage
	err := driver.Scan(body, driver.Field{Key: "code", To: &code},
		driver.Field{Key: "incident_uuid", To: &incident}, driver.Field{Key: "detail", To: &detail})
	described := len(detail) > 0 && detail[0] == '['
	switch {
	case err != nil:
		return driver.Failure{}
	case isCode(code):
		return coded("0x"+strings.ToUpper(code[2:]), status)
	case described && status == http.StatusUnprocessableEntity:
		return invalid(detail)
	case described:
		return listed(status, strconv.Itoa(status))
	case incident != "":
		return driver.Unlisted(status)
	}
	return driver.Failure{}
}

func isCode(s string) bool {
	return len(s) == 6 && strings.EqualFold(s[:2], "0x") && strings.Trim(s[2:], figures+"ABCDEFabcdef") == ""
}

// coded finds what a code means: in full, or by its last byte.
func coded(code string, status int) driver.Failure {
	f := listed(status, code, ".."+code[4:])
	if f.Outcome == verify.ErrUnavailable && status >= http.StatusInternalServerError {
		f.Outcome = verify.ErrOutcomeUnknown // nobody promises that nothing was done
	}
	f.Code = code
	return f
}

// invalid reads [{"loc":["body","sender"],"msg":"...","type":"..."}]. The number
// is at fault only if nothing else is.
func invalid(detail json.RawMessage) driver.Failure {
	var faults []struct{ Loc []any }
	_ = json.Unmarshal(detail, &faults) // what cannot be read names no field
	f := listed(http.StatusUnprocessableEntity, "field")
	for i := 0; i < len(faults) && (i == 0 || f.Outcome == verify.ErrInvalidRecipient); i++ {
		loc := append([]any{"field"}, faults[i].Loc...)
		name, _ := loc[len(loc)-1].(string)
		f = listed(http.StatusUnprocessableEntity, name, "field")
	}
	return f
}

// listed says what the first of keys that the table holds means, or the status.
func listed(status int, keys ...string) driver.Failure {
	for _, key := range keys {
		if f, known := codes.Find(key); known {
			f.Code = "" // a key need not be the vendor's code
			return f
		}
	}
	return driver.Unlisted(status)
}

// newSigner signs requests by OAuth 1.0a (RFC 5849) without a user, as
// https://gatewayapi.com/docs/apis/authentication/ has it. Each signature has a
// nonce and a time of its own.
func newSigner(key, secret string) func(*http.Request, []byte) error {
	signer := &oauth1.HMACSigner{ConsumerSecret: secret}
	return func(r *http.Request, _ []byte) error {
		var p driver.Form // in the order and the escapes of sections 3.4.1.3.2 and 3.6
		p.Add("oauth_consumer_key", key)
		p.Add("oauth_nonce", oauth1.Base64Noncer{}.Nonce())
		p.Add("oauth_signature_method", signer.Name())
		p.Add("oauth_timestamp", strconv.FormatInt(time.Now().Unix(), 10))
		p.Add("oauth_token", "")
		p.Add("oauth_version", "1.0")
		base := r.Method + "&" + oauth1.PercentEncode(baseURI(r.URL)) + "&" + oauth1.PercentEncode(string(p))
		signature, err := signer.Sign("", base)
		p.Add("oauth_signature", signature)
		r.Header.Set("Authorization", "OAuth "+strings.NewReplacer("=", `="`, "&", `", `).Replace(string(p))+`"`)
		return err
	}
}

// baseURI is the base string URI of section 3.4.1.2: the host in lower case, and
// its port unless it is the one of the scheme.
func baseURI(u *url.URL) string {
	port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), port) + u.EscapedPath()
}
