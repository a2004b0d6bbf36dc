package gatewayapi

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/otp/text"
)

// The calls: https://messaging.gatewayapi.com/openapi.json and
// https://gatewayapi.com/docs/apis/rest/.
const (
	mobileRoute  = "/mobile/single"
	classicRoute = "/rest/mtsms"
)

// How long a message may be tried for. The REST API raises less to its minimum.
const (
	maxExpiration = 5 * 24 * time.Hour
	minValidity   = time.Minute
)

const maxID = 64

func (s settings) route() string {
	if s.classic {
		return classicRoute
	}
	return mobileRoute
}

// A mobileMessage is what the Messaging API is asked.
type mobileMessage struct {
	Sender     string      `json:"sender"`
	Recipient  json.Number `json:"recipient"`
	Message    string      `json:"message"`
	Reference  string      `json:"reference,omitempty"`
	Expiration string      `json:"expiration,omitempty"`
	Priority   string      `json:"priority,omitempty"`
	Label      string      `json:"label,omitempty"`
}

// A classicMessage is what the REST API is asked.
type classicMessage struct {
	Sender     string              `json:"sender,omitempty"`
	Recipients [1]classicRecipient `json:"recipients"`
	Message    string              `json:"message"`
	Encoding   string              `json:"encoding,omitempty"`
	UserRef    string              `json:"userref,omitempty"`
	Validity   int64               `json:"validity_period,omitempty"`
	Priority   string              `json:"priority,omitempty"`
	Class      string              `json:"class,omitempty"`
	Label      string              `json:"label,omitempty"`
}

type classicRecipient struct {
	MSISDN json.Number `json:"msisdn"`
}

// msisdn is a phone number without its plus.
func msisdn(phone string) string { return phone[1:] }

// body writes one message to a phone.
func (s settings) body(m otp.Message) []byte {
	var body any
	if s.classic {
		body = classicMessage{
			Sender: s.sender, Recipients: [1]classicRecipient{{json.Number(msisdn(m.To))}},
			Message: m.Text, Encoding: encoding(m.Text), UserRef: m.Ref, Validity: validity(m.TTL),
			Priority: s.priority, Class: s.class, Label: s.label,
		}
	} else {
		body = mobileMessage{
			Sender: s.sender, Recipient: json.Number(msisdn(m.To)), Message: m.Text,
			Reference: m.Ref, Expiration: expiration(m.TTL), Priority: s.priority, Label: s.label,
		}
	}
	b, _ := json.Marshal(body) // strings and numbers always marshal
	return b
}

// encoding asks the REST API for UCS-2 where a character has no place in GSM-7,
// its default. The Messaging API chooses by itself.
func encoding(body string) string {
	if _, e := text.Segments(body); e == text.UCS2 {
		return "UCS2"
	}
	return ""
}

// expiration writes whole seconds as an ISO 8601 duration.
func expiration(ttl time.Duration) string {
	if ttl <= 0 {
		return ""
	}
	b := append(make([]byte, 0, 16), "PT"...)
	b = strconv.AppendInt(b, seconds(max(ttl, time.Second)), 10)
	return string(append(b, 'S'))
}

func validity(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return seconds(max(ttl, minValidity))
}

func seconds(ttl time.Duration) int64 { return int64(min(ttl, maxExpiration) / time.Second) }

// read finds the id of the message in an answer, or says why the answer cannot
// be trusted.
func (s settings) read(body []byte, m otp.Message) (id, doubt string) {
	var err error
	var same bool
	if s.classic {
		id, err = readClassic(body)
		same = true // it echoes nothing
	} else {
		id, same, err = readMobile(body, m)
	}
	switch {
	case err != nil:
		return "", err.Error()
	case !same:
		return "", "the answer speaks of another message"
	case id == "" || id == msisdn(m.To):
		return "", "the answer names no message"
	}
	return id, ""
}

// readMobile reads {"msg_id":"01...","recipient":15005550006,"reference":null}.
func readMobile(body []byte, m otp.Message) (id string, same bool, err error) {
	var recipient json.RawMessage
	var reference []byte
	err = driver.Scan(body,
		driver.Field{Key: "msg_id", To: &id, Need: true},
		driver.Field{Key: "recipient", To: &recipient},
		driver.Field{Key: "reference", To: &reference},
	)
	same = (recipient == nil || isNumber(recipient) && sameNumber(string(recipient), msisdn(m.To))) &&
		(reference == nil || string(reference) == m.Ref)
	if len(id) > maxID || strings.Trim(id, letters+figures+"-_") != "" {
		id = ""
	}
	return id, same, err
}

// readClassic reads {"ids":[421332671],"usage":{...}}: one id for one recipient.
func readClassic(body []byte) (id string, err error) {
	var ids json.RawMessage
	err = driver.Scan(body, driver.Field{Key: "ids", To: &ids, Need: true})
	list, opened := bytes.CutPrefix(ids, []byte("["))
	list, closed := bytes.CutSuffix(list, []byte("]"))
	if list = bytes.TrimSpace(list); opened && closed && isNumber(list) {
		id = string(list)
	}
	return id, err
}

// isNumber knows a whole number above zero of at most 19 digits.
func isNumber(b []byte) bool {
	return len(b) > 0 && len(b) <= 19 && b[0] != '0' && len(bytes.Trim(b, figures)) == 0
}

// sameNumber compares the last seven digits, since one subscriber has several
// spellings in some countries.
func sameNumber(a, b string) bool {
	return len(a) >= 7 && a[len(a)-7:] == b[len(b)-7:]
}
