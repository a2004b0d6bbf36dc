package gatewayapitest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go2fa/verify/emulator"
)

// Limits of a message: https://messaging.gatewayapi.com/openapi.json. Those of its
// fields are in shapes.txt.
const (
	maxList      = 1000
	minRecipient = 1001
	maxRecipient = 999999999999999
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
	place := func(int) []any { return []any{"body"} }
	return e.sendMobile([]any{given}, place, func(sent []mobile) any { return sent[0] })
}

func (e *Emulator) multi(r *http.Request) *emulator.Answer {
	object, _ := emulator.ReadObject(r)
	list, _ := object["messages"].([]any)
	if len(list) == 0 || len(list) > maxList {
		return invalid([]problem{{Loc: []any{"body", "messages"}, Type: "list_type"}})
	}
	place := func(i int) []any { return []any{"body", "messages", i} }
	return e.sendMobile(list, place, func(sent []mobile) any { return map[string]any{"responses": sent} })
}

// sendMobile delivers all messages, whose encoding the Messaging API chooses
// itself, or none. The place of each in the body is what errors name.
func (e *Emulator) sendMobile(list []any, place func(int) []any, body func([]mobile) any) *emulator.Answer {
	var messages []mobile
	var all []problem
	total := 0
	for i, given := range list {
		m, problems := mobileMessage(given, place(i))
		messages, all = append(messages, m), append(all, problems...)
		total += emulator.Parts(m.text)
	}
	switch {
	case len(all) > 0:
		return invalid(all)
	case !e.pay(total):
		return coded(http.StatusForbidden, "0x0216")
	}
	var sent []Message
	for i, m := range messages {
		messages[i].ID = "01" + strings.ToUpper(emulator.Hex(12)) // the form of a ULID
		sent = append(sent, message(messages[i].ID, m.Recipient, m.text))
	}
	return &emulator.Answer{Status: http.StatusAccepted, Body: body(messages), Messages: sent}
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
	f := emulator.Fields(object).Given()
	for _, field := range shapes.Faults(f) {
		why := shapes.Why(f, field)
		kind := cmp.Or(kinds[field+"."+why], kinds[field], kinds[why])
		all = append(all, problem{Loc: append(slices.Clone(place), field), Type: kind, Input: f[field]})
	}
	number, _ := f["recipient"].(json.Number)
	m.Recipient, _ = number.Int64() // what is none has a fault
	m.text = f.String("message")
	if reference := f.String("reference"); f.Has("reference") {
		m.Reference = &reference
	}
	return m, all
}
