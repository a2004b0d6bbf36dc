package whatsapptest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go2fa/verify/emulator"
)

// titles are what Meta calls some codes:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
var titles = map[int]string{
	100: "Invalid parameter", 190: "Access token has expired", 130429: "Rate limit hit", 131008: "Required parameter is missing",
	131021: "Recipient cannot be sender", 131026: "Message undeliverable", 131047: "Re-engagement message",
	132000: "Template Param Count Mismatch", 132001: "Template does not exist", 132012: "Template Parameter Format Mismatch",
}

// statuses are those of the codes that are not answered with 400.
var statuses = map[int]int{
	0: 401, 190: 401, 3: 403, 10: 403, 200: 403, 368: 403, 131005: 403, 131031: 403, 132001: 404, 4: 429, 80007: 429, 130429: 429,
	131048: 429, 131056: 429, 1: 500, 2: 500, 131000: 500, 131016: 500, 133004: 500,
}

// refuse is an error of the Graph API.
func refuse(code int) *emulator.Answer {
	status := statuses[code]
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &emulator.Answer{Status: status, Body: map[string]any{"error": map[string]any{
		"message": fmt.Sprintf("(#%d) %s", code, titles[code]), "type": "OAuthException", "code": code,
		"error_data": map[string]any{"messaging_product": "whatsapp", "details": titles[code]},
		"fbtrace_id": "AXsgnV2Cm3ZMGF3dF_cfYIn",
	}}}
}

// absent is the answer for what there is not.
func absent() *emulator.Answer {
	a := refuse(100)
	a.Status = http.StatusNotFound
	return a
}

// Refusal returns a fault that answers with an error code, such as 131026, and has no
// effect.
func Refusal(code int) Fault { return refuse(code).Fault() }

// Held returns a fault that takes a message and says that it is held back, or what else
// a message_status may be. It has no effect.
func Held(status string) Fault {
	a := accepted("+15005550006", "15005550006", wamid("15005550006"))
	a.Body.(map[string]any)["messages"].([]any)[0].(map[string]any)["message_status"] = status
	return a.Fault()
}

// accepted is the answer to a message that was taken.
func accepted(input, number, id string) *emulator.Answer {
	return &emulator.Answer{Body: map[string]any{
		"messaging_product": "whatsapp",
		"contacts":          []any{map[string]any{"input": input, "wa_id": number}},
		"messages":          []any{map[string]any{"id": id}},
	}}
}

// wamid is an id as Meta's are: the recipient's number in base64, and a random part.
func wamid(number string) string {
	id := append([]byte{0x1c, 0x18, byte(len(number))}, number...) //nolint:gosec // of at most 15 digits
	id = append(append(id, 0x15, 0x02, 0x00, 0x11, 0x18, 0x14), strings.ToUpper(emulator.Hex(10))...)
	return "wamid." + base64.StdEncoding.EncodeToString(append(id, 0))
}

// hashOf is what a receipt says in place of an id.
func hashOf(wamid string) string {
	sum := sha256.Sum256([]byte(wamid))
	return "wa_" + hex.EncodeToString(sum[:16])
}

// fields are what a message of a template may hold, and constants what some must be.
var (
	fields    = []string{"messaging_product", "recipient_type", "to", "type", "template", "biz_opaque_callback_data"}
	constants = map[string][]string{
		"messaging_product": {"whatsapp"}, "recipient_type": {"individual", ""}, "type": {"template"},
	}
)

func (e *Emulator) send(r *http.Request) *emulator.Answer {
	message, err := emulator.ReadObject(r)
	if err != nil {
		return refuse(100)
	}
	for key := range message {
		if !slices.Contains(fields, key) && key != message.String("type") {
			return refuse(100)
		}
	}
	switch {
	case message.String("messaging_product") == "" || message.String("to") == "" || message.String("type") == "":
		return refuse(131008)
	case message.String("type") == "text":
		return refuse(131047)
	}
	for key, words := range constants {
		if !slices.Contains(words, message.String(key)) {
			return refuse(100)
		}
	}
	number, refused := e.reach(message.String("to"))
	if refused != nil {
		return refused
	}
	code, refused := e.fill(message.Object("template"))
	if refused != nil {
		return refused
	}
	return e.post(message.String("to"), number, code)
}

// reach reads a number, and says what is wrong with it: without a plus it gets the
// calling code of the business.
func (e *Emulator) reach(to string) (number string, refused *emulator.Answer) {
	number, plus := strings.CutPrefix(strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(to), "+")
	if !plus {
		number = "1" + number
	}
	switch {
	case len(number) < 7 || len(number) > 15 || number[0] == '0' || strings.Trim(number, "0123456789") != "":
		return "", refuse(131009)
	case "+"+number == Number:
		return "", refuse(131021)
	case slices.Contains(e.options.Absent, "+"+number):
		return "", refuse(131026)
	}
	return number, nil
}

// fill puts the parameters into the template, and returns the code.
func (e *Emulator) fill(template emulator.Fields) (code string, refused *emulator.Answer) {
	if template.String("name") == "" || template.Object("language").String("code") == "" {
		return "", refuse(131008)
	}
	if template.String("name") != e.options.Template || !slices.Contains(e.options.Languages, template.Object("language").String("code")) {
		return "", refuse(132001)
	}
	components, _ := template["components"].([]any)
	if len(components) != 2 {
		return "", refuse(132000)
	}
	inText, ok := parameterOf(components, "body")
	inButton, same := parameterOf(components, "button")
	switch {
	case !ok || !same:
		return "", refuse(132000)
	case len(inText) > 15 || inText == "":
		return "", refuse(100)
	case inText != inButton:
		return "", refuse(132012)
	}
	return inText, nil
}

// parameterOf is the one text of a component.
func parameterOf(components []any, kind string) (text string, ok bool) {
	for _, c := range components {
		component, _ := c.(map[string]any)
		f := emulator.Fields(component)
		if f.String("type") != kind || kind == "button" && !isFirstURL(f) {
			continue
		}
		parameters, _ := f["parameters"].([]any)
		if len(parameters) != 1 {
			return "", false
		}
		parameter, _ := parameters[0].(map[string]any)
		p := emulator.Fields(parameter)
		return p.String("text"), p.String("type") == "text"
	}
	return "", false
}

// isFirstURL knows the button of a code: its index may be a text or a number.
func isFirstURL(button emulator.Fields) bool {
	index := button["index"]
	return button.String("sub_type") == "url" && (index == "0" || index == json.Number("0"))
}

func (e *Emulator) post(input, number, code string) *emulator.Answer {
	id := wamid(number)
	e.sent.Add(e.Now(), hashOf(id), id)
	a := accepted(input, number, id)
	a.Message = &Message{
		Vendor: "whatsapp", ID: hashOf(id), To: "+" + number, Channel: "whatsapp", Code: code,
		Text: code + " is your verification code. For your security, do not share this code.",
	}
	return a
}
