package gatewayapitest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go2fa/verify/emulator"
)

const maxRecipients = 10000

// A classic is one message of the REST API.
type classic struct {
	text       string
	recipients []int64
}

// me answers with the balance.
func (e *Emulator) me(*http.Request) *emulator.Answer {
	return &emulator.Answer{Body: map[string]any{"credit": float64(e.credit) / 100, "currency": "DKK", "id": 1}}
}

// mtsms sends one message, or a list of them: JSON, a form, or a query
// (https://gatewayapi.com/docs/apis/rest/).
func (e *Emulator) mtsms(r *http.Request) *emulator.Answer {
	var given any = objectOf(r.Form)
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); r.Method == http.MethodPost && kind != "application/x-www-form-urlencoded" {
		var err error
		if given, err = emulator.ReadJSON(r); err != nil {
			return uncoded(http.StatusUnprocessableEntity, "invalid json")
		}
	}
	list, isList := given.([]any)
	if !isList {
		list = []any{given}
	}
	if len(list) == 0 {
		return uncoded(http.StatusBadRequest, "")
	}
	var messages []classic
	for _, given := range list {
		object, ok := given.(map[string]any)
		if !ok {
			return uncoded(http.StatusUnprocessableEntity, "")
		}
		m, bad := classicMessage(object)
		if bad != nil {
			return bad
		}
		messages = append(messages, m)
	}
	return e.sendClassic(messages)
}

// objectOf reads "recipients.0.msisdn=1" as the object that JSON would hold.
func objectOf(form url.Values) map[string]any {
	object, recipients := map[string]any{}, []any{}
	for key := range form {
		object[key] = form.Get(key)
		if strings.HasPrefix(key, "recipients.") && strings.HasSuffix(key, ".msisdn") {
			recipients = append(recipients, map[string]any{"msisdn": form.Get(key)})
		}
	}
	object["recipients"] = recipients
	return object
}

func (e *Emulator) sendClassic(messages []classic) *emulator.Answer {
	countries, total := map[string]int{}, 0
	for _, m := range messages {
		for _, msisdn := range m.recipients {
			number, n := strconv.FormatInt(msisdn, 10), emulator.Parts(m.text)
			country := cmp.Or(emulator.When(number[0] == '1', "US"), emulator.When(number[:2] == "45", "DK"), "ZZ")
			countries[country] += n
			total += n
		}
	}
	if !e.pay(total) {
		return coded(http.StatusForbidden, "0x0216")
	}
	var ids []int64
	var sent []Message
	for _, m := range messages {
		e.lastID++
		ids = append(ids, e.lastID)
		for _, msisdn := range m.recipients {
			sent = append(sent, message(strconv.FormatInt(e.lastID, 10), msisdn, m.text))
		}
	}
	usage := map[string]any{"countries": countries, "currency": "DKK", "total_cost": float64(total*price) / 100}
	return &emulator.Answer{Body: map[string]any{"ids": ids, "usage": usage}, Messages: sent}
}

// classicMessage reads one message; it stops at the first thing that is wrong.
func classicMessage(f emulator.Fields) (m classic, bad refusal) {
	f = f.Given()
	if field := classicShapes.Fault(f); field != "" {
		return m, coded(http.StatusUnprocessableEntity, texts[field], field)
	}
	if m.text = f.String("message"); m.text == "" {
		return m, coded(http.StatusBadRequest, "0x0222", "message")
	}
	if f.String("encoding") != "UCS2" {
		m.text = emulator.GSM7(m.text)
	}
	m.recipients, bad = classicRecipients(f["recipients"])
	return m, bad
}

// classicRecipients reads numbers, or strings of digits.
func classicRecipients(given any) (all []int64, bad refusal) {
	list, _ := given.([]any)
	if len(list) == 0 || len(list) > maxRecipients {
		return nil, coded(http.StatusBadRequest, "0x0222", "recipients")
	}
	for _, given := range list {
		object, _ := given.(map[string]any)
		text := fmt.Sprint(object["msisdn"])
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil || strings.Trim(text, "0123456789") != "" || n < minRecipient || n > maxRecipient:
			return nil, coded(http.StatusUnprocessableEntity, "0x0308", "msisdn")
		case slices.Contains(all, n):
			return nil, coded(http.StatusUnprocessableEntity, "0x0310", text)
		}
		all = append(all, n)
	}
	return all, nil
}

// classicCredential accepts the token in a header of its own scheme, as a user
// name, in the query or in a form, and a signature by the key.
func (e *Emulator) classicCredential(r *http.Request) refusal {
	scheme, token, _ := strings.Cut(cmp.Or(r.Header.Get("Authorization"), "Token "+r.Form.Get("token")), " ")
	user, password, _ := r.BasicAuth()
	switch {
	case scheme == "OAuth":
		return e.signed(r)
	case scheme == "Basic" && (user != e.options.Token || password != ""):
		return coded(http.StatusUnauthorized, "0x0210", user)
	case scheme == "Basic":
		return nil
	case scheme != "Token" || token == "":
		return uncoded(http.StatusUnauthorized, "")
	case token != e.options.Token:
		return coded(http.StatusUnauthorized, "0x0229")
	}
	return nil
}

// signed checks a signature. GatewayAPI's own hosts speak https even if a test
// leads their names elsewhere.
func (e *Emulator) signed(r *http.Request) refusal {
	_, product := e.host(r)
	https := product != "" || r.TLS != nil
	problem, parameter := e.oauth.Problem(r, e.Now(), cmp.Or(emulator.When(https, "https"), "http"))
	switch code := texts[problem]; {
	case problem == "":
		return nil
	case code == "":
		return uncoded(http.StatusUnauthorized, "")
	case parameter != "":
		return coded(http.StatusBadRequest, code, parameter)
	default:
		return coded(http.StatusUnauthorized, code)
	}
}
