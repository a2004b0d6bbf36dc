package gatewayapitest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/emulator"
)

// Limits of a message: https://messaging.gatewayapi.com/openapi.json.
const (
	maxList       = 1000
	maxText       = 39015
	maxLabel      = 128
	maxExpiration = 5 * 24 * time.Hour
	minRecipient  = 1001
	maxRecipient  = 999999999999999
)

// A mobile is one message of the Messaging API, and the answer to it.
type mobile struct {
	text      string
	ID        string  `json:"msg_id"`
	Recipient int64   `json:"recipient"`
	Reference *string `json:"reference"`
}

// mobileToken accepts the account's token. For a missing token
// the Messaging API has another answer than for a wrong one.
func (e *Emulator) mobileToken(r *http.Request) refusal {
	switch emulator.Credential(r, "Token") {
	case e.options.Token:
		return nil
	case "":
		return described(http.StatusUnauthorized)
	}
	return described(http.StatusForbidden)
}

func (e *Emulator) single(r *http.Request) *emulator.Answer {
	given, _ := emulator.ReadJSON(r)
	sent, f := e.sendMobile([]any{given}, func(int) []any { return []any{"body"} })
	if f != nil {
		return f
	}
	return &emulator.Answer{Status: http.StatusAccepted, Body: sent[0]}
}

func (e *Emulator) multi(r *http.Request) *emulator.Answer {
	object, _ := emulator.ReadObject(r)
	list, _ := object["messages"].([]any)
	if len(list) == 0 || len(list) > maxList {
		return invalid([]problem{{Loc: []any{"body", "messages"}, Type: "list_type"}})
	}
	sent, f := e.sendMobile(list, func(i int) []any { return []any{"body", "messages", i} })
	if f != nil {
		return f
	}
	return &emulator.Answer{Status: http.StatusAccepted, Body: map[string]any{"responses": sent}}
}

// sendMobile delivers all messages, whose encoding the Messaging API chooses
// itself, or none. The place of each in the body is what errors name.
func (e *Emulator) sendMobile(list []any, place func(int) []any) (messages []mobile, f refusal) {
	var all []problem
	total := 0
	for i, given := range list {
		m, problems := mobileMessage(given, place(i))
		messages, all = append(messages, m), append(all, problems...)
		total += emulator.Parts(m.text)
	}
	switch {
	case len(all) > 0:
		return nil, invalid(all)
	case !e.pay(total):
		return nil, coded(http.StatusForbidden, "0x0216")
	}
	for i, m := range messages {
		messages[i].ID = "01" + strings.ToUpper(emulator.Hex(12)) // the form of a ULID
		e.deliver(m.Recipient, m.text)
	}
	return messages, nil
}

// A problem is what the Messaging API does not like about a field.
type problem struct {
	Loc   []any  `json:"loc"`
	Msg   string `json:"msg"`
	Type  string `json:"type"`
	Input any    `json:"input,omitempty"`
}

func invalid(problems []problem) refusal {
	for i, p := range problems {
		problems[i].Msg = "Input is not valid: " + p.Type // its prose differs for each type
	}
	return &emulator.Answer{Status: http.StatusUnprocessableEntity, Body: map[string]any{"detail": problems}}
}

// mobileMessage reads one message, and says all that is wrong with it.
func mobileMessage(given any, place []any) (m mobile, all []problem) {
	object, ok := given.(map[string]any)
	if !ok {
		return m, []problem{{Loc: place, Type: "json_invalid"}}
	}
	for _, field := range []string{"sender", "recipient", "message", "reference", "label", "priority", "expiration"} {
		if kind := wrong(field, object[field]); kind != "" {
			all = append(all, problem{Loc: append(slices.Clone(place), field), Type: kind, Input: object[field]})
		}
	}
	number, _ := object["recipient"].(json.Number)
	m.Recipient, _ = number.Int64()
	m.text, _ = object["message"].(string)
	if reference, ok := object["reference"].(string); ok {
		m.Reference = &reference
	}
	return m, all
}

// wrong returns the kind of what is wrong with a field, or "".
func wrong(field string, given any) (kind string) {
	text, isText := given.(string)
	number, _ := given.(json.Number)
	n, err := number.Int64()
	switch {
	case given == nil && (field == "sender" || field == "recipient" || field == "message"):
		return "missing"
	case given == nil, field == "expiration" && isExpiration(given):
		return ""
	case field == "expiration":
		return "value_error"
	case field == "recipient" && err != nil:
		return "int_type"
	case field == "recipient" && n < minRecipient:
		return "greater_than"
	case field == "recipient" && n > maxRecipient:
		return "less_than_equal"
	case field == "recipient":
		return ""
	case !isText:
		return "string_type"
	case field == "sender" && !isSender(text):
		return "value_error"
	case field == "priority" && text != "normal" && text != "urgent":
		return "enum"
	case utf8.RuneCountInString(text) > maxText, field == "label" && utf8.RuneCountInString(text) > maxLabel:
		return "string_too_long"
	}
	return ""
}

func isSender(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 3 && (n <= 11 || n <= 15 && strings.Trim(s, "0123456789") == "")
}

// isExpiration knows seconds, a time, and a duration such as "P1DT10M", which are
// at most five days.
func isExpiration(given any) bool {
	if number, ok := given.(json.Number); ok {
		n, err := number.Int64()
		return err == nil && n > 0 && n <= int64(maxExpiration/time.Second)
	}
	text, _ := given.(string)
	_, err := time.Parse(time.RFC3339, text)
	d, ok := emulator.Duration(text)
	return err == nil || ok && d > 0 && d <= maxExpiration
}
