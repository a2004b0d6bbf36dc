package gatewayapitest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go2fa/verify/internal/emulator"
)

const maxList = 1000

// A mobile is one message of the Messaging API, and what is told of it.
type mobile struct {
	text      string
	ID        string  `json:"msg_id"`
	Recipient int64   `json:"recipient"`
	Reference *string `json:"reference"`
}

func (c call) single() (status int, body any, f *failure) {
	given, ok := c.json()
	p := problems{at: []any{"body"}}
	m := p.message(given, ok)
	if f := p.failure(); f != nil {
		return 0, nil, f
	}
	sent, f := c.sendMobile(m)
	if f != nil {
		return 0, nil, f
	}
	return http.StatusAccepted, sent[0], nil
}

func (c call) multi() (status int, body any, f *failure) {
	given, _ := c.json()
	object, _ := given.(map[string]any)
	list, _ := object["messages"].([]any)
	p := problems{at: []any{"body"}}
	if len(list) == 0 || len(list) > maxList {
		p.add("messages", "list_type", "Input should be a list of 1 to 1000 messages")
	}
	var messages []mobile
	for i, given := range list {
		p.at = []any{"body", "messages", i}
		messages = append(messages, p.message(given, true))
	}
	if f := p.failure(); f != nil {
		return 0, nil, f
	}
	sent, f := c.sendMobile(messages...)
	return http.StatusAccepted, map[string]any{"responses": sent}, f
}

// sendMobile delivers messages, whose encoding the Messaging API chooses itself.
func (c call) sendMobile(messages ...mobile) ([]mobile, *failure) {
	total := 0
	for _, m := range messages {
		total += parts(m.text)
	}
	if !c.state.pay(total) {
		return nil, refusal(http.StatusForbidden, "0x0216")
	}
	for i, m := range messages {
		messages[i].ID = "01" + strings.ToUpper(emulator.Hex(12)) // the form of a ULID
		c.deliver(m.Recipient, m.text)
	}
	return messages, nil
}

func (c call) deliver(msisdn int64, text string) {
	c.log.Add(Message{
		Vendor: "gatewayapi", To: "+" + strconv.FormatInt(msisdn, 10), Channel: "sms",
		Code: emulator.CodeIn(text), Text: text, At: c.clock.Now(),
	})
}
