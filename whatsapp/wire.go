package whatsapp

import (
	"crypto/sha256"
	_ "embed" // the table of errors
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

type (
	parameter struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	component struct {
		Type       string       `json:"type"`
		SubType    string       `json:"sub_type,omitempty"`
		Index      string       `json:"index,omitempty"`
		Parameters [1]parameter `json:"parameters"`
	}
	templated struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components [2]component `json:"components"`
	}
	request struct {
		Product   string    `json:"messaging_product"`
		Recipient string    `json:"recipient_type"`
		To        string    `json:"to"`
		Type      string    `json:"type"`
		Template  templated `json:"template"`
	}
)

// message asks for one message. The code stands in it twice: in the text, and in the
// button, which is of the type url whatever it does
// (https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates/auth-otp-template-messages).
// The number keeps its plus, without which Meta puts the business's own calling code in
// front (https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages).
func message(to, code, template, language string) []byte {
	value := [1]parameter{{"text", code}}
	r := request{Product: "whatsapp", Recipient: "individual", To: to, Type: "template"}
	r.Template.Name, r.Template.Language.Code = template, language
	r.Template.Components = [2]component{{Type: "body", Parameters: value}, {"button", "url", "0", value}}
	b, _ := json.Marshal(&r) // strings always marshal
	return b
}

// maxWAMID is longer than any id of a message that was seen.
const maxWAMID = 256

var (
	errNoMessage = errors.New("the answer names no message")
	errOther     = errors.New("the answer speaks of another recipient")
	errHeld      = errors.New("WhatsApp holds the message back: it may be sent later, or dropped")
)

// readSent proves that Meta took this message, and returns its id:
//
//	{"messaging_product":"whatsapp","contacts":[{"input":"+1...","wa_id":"1..."}],
//	 "messages":[{"id":"wamid...","message_status":"accepted"}]}
//
// A wa_id may be another number: Meta changes those of some countries. A status is
// there if the template is paced
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages).
func readSent(body []byte, to string) (wamid string, err error) {
	var product, input, status string
	var contacts, messages json.RawMessage
	err = driver.Scan(body, driver.Field{Key: "messaging_product", To: &product, Need: true},
		driver.Field{Key: "contacts", To: &contacts, Need: true}, driver.Field{Key: "messages", To: &messages, Need: true})
	if err == nil {
		err = only(contacts, driver.Field{Key: "input", To: &input, Need: true})
	}
	if err == nil {
		err = only(messages, driver.Field{Key: "id", To: &wamid, Need: true}, driver.Field{Key: "message_status", To: &status})
	}
	switch {
	case err != nil:
		return "", err
	case product != "whatsapp" || !isWAMID(wamid):
		return "", errNoMessage
	case !driver.IsSubject(input, to):
		return "", errOther
	case status != "" && status != "accepted":
		return "", errHeld
	}
	return wamid, nil
}

// only scans the one object of a list.
func only(list json.RawMessage, fields ...driver.Field) error {
	var all []json.RawMessage
	if json.Unmarshal(list, &all) != nil || len(all) != 1 {
		return errNoMessage
	}
	return driver.Scan(all[0], fields...)
}

// isWAMID knows "wamid." and base64 of either kind.
func isWAMID(s string) bool {
	rest, ok := strings.CutPrefix(s, "wamid.")
	return ok && rest != "" && len(s) <= maxWAMID &&
		strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=") == ""
}

// ID is what Receipt.ID and Event.ID hold of the id that Meta gives a message: "wa_" and
// 32 hexadecimal digits of its SHA-256. Meta's own, a wamid, holds the recipient's
// number in base64, and in all that were seen 64 random bits or more besides, so that
// nobody finds a number by its hash. To ask Meta about a message, look for its wamid in
// the reports, by this func.
func ID(wamid string) string {
	sum := sha256.Sum256([]byte(wamid))
	return "wa_" + hex.EncodeToString(sum[:16])
}

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// elsewhere are the codes for people whom another vendor may reach.
var elsewhere = map[string]bool{"130472": true, "130497": true, "131021": true, "131026": true}

// readError reads {"error":{"message":"...","type":"OAuthException","code":131026}}. Its
// code decides, as Meta recommends, and not the status
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).
// The zero Failure says that it is no such answer.
func readError(op string, status int, body []byte) driver.Failure {
	var kind, code string
	err := driver.ScanAt(body, []string{"error"},
		driver.Field{Key: "type", To: &kind, Need: true}, driver.Field{Key: "code", To: &code, Need: true, Number: true})
	switch {
	case err != nil:
		return driver.Failure{}
	case len(code) == 3 && code[0] == '2':
		return driver.Failure{Outcome: verify.ErrUnauthorized, Code: code, Detail: noPermission}
	}
	f := codes.Failure(op, status, code)
	f.Elsewhere = elsewhere[code]
	return f
}

// noPermission is what each code from 200 to 299 says.
const noPermission = "the token lacks a permission: give its system user whatsapp_business_messaging, and the account as an asset"
