package gatewayapitest

import (
	"encoding/json"
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
	e.mu.Lock()
	defer e.mu.Unlock()
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
		return uncoded(http.StatusBadRequest, http.StatusText(http.StatusBadRequest))
	}
	messages := make([]classic, len(list))
	for i, given := range list {
		object, ok := given.(map[string]any)
		if !ok {
			return uncoded(http.StatusUnprocessableEntity, http.StatusText(http.StatusUnprocessableEntity))
		}
		var f refusal
		if messages[i], f = classicMessage(object); f != nil {
			return f
		}
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
			n := emulator.Parts(m.text)
			countries[country(msisdn)] += n
			total += n
		}
	}
	if !e.pay(total) {
		return coded(http.StatusForbidden, "0x0216")
	}
	last := e.lastID.Add(int64(len(messages)))
	ids := make([]int64, len(messages))
	for i, m := range messages {
		ids[i] = last - int64(len(messages)-1-i)
		for _, msisdn := range m.recipients {
			e.deliver(msisdn, m.text)
		}
	}
	usage := map[string]any{"countries": countries, "currency": "DKK", "total_cost": float64(total*price) / 100}
	return &emulator.Answer{Body: map[string]any{"ids": ids, "usage": usage}}
}

// choices are what some fields may be; the first is the default.
var choices = []struct {
	field, code string
	of          []string
}{
	{"class", "0x0218", []string{"standard", "premium", "secret", "charge"}},
	{"priority", "0x0311", []string{"NORMAL", "BULK", "URGENT", "VERY_URGENT"}},
	{"encoding", "0x0308", []string{"UTF8", "UCS2"}},
	{"destaddr", "0x0308", []string{"MOBILE", "DISPLAY", "SIMCARD", "EXTUNIT"}},
}

// classicMessage reads one message; it stops at the first thing that is wrong.
func classicMessage(object map[string]any) (m classic, f refusal) {
	chosen := map[string]string{}
	for _, choice := range choices {
		value, _ := object[choice.field].(string)
		if object[choice.field] == nil {
			value = choice.of[0]
		}
		if !slices.Contains(choice.of, value) {
			return m, coded(http.StatusUnprocessableEntity, choice.code, choice.field)
		}
		chosen[choice.field] = value
	}
	text, _ := object["message"].(string)
	if text == "" {
		return m, coded(http.StatusBadRequest, "0x0222", "message")
	}
	if m.text = text; chosen["encoding"] == "UTF8" {
		m.text = emulator.GSM7(text)
	}
	m.recipients, f = classicRecipients(object["recipients"])
	return m, f
}

func classicRecipients(given any) (all []int64, f refusal) {
	list, _ := given.([]any)
	if len(list) == 0 || len(list) > maxRecipients {
		return nil, coded(http.StatusBadRequest, "0x0222", "recipients")
	}
	for _, given := range list {
		object, _ := given.(map[string]any)
		n, ok := msisdnOf(object["msisdn"])
		switch {
		case !ok:
			return nil, coded(http.StatusUnprocessableEntity, "0x0308", "msisdn")
		case slices.Contains(all, n):
			return nil, coded(http.StatusUnprocessableEntity, "0x0310", strconv.FormatInt(n, 10))
		}
		all = append(all, n)
	}
	return all, nil
}

// msisdnOf reads a number, or a string of digits.
func msisdnOf(given any) (int64, bool) {
	text, ok := given.(string)
	if number, isNumber := given.(json.Number); isNumber {
		text, ok = number.String(), true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	ok = ok && err == nil && strings.Trim(text, "0123456789") == ""
	return n, ok && n >= minRecipient && n <= maxRecipient
}

// country names a few of those that messages may go to.
func country(msisdn int64) string {
	switch number := strconv.FormatInt(msisdn, 10); {
	case strings.HasPrefix(number, "1"):
		return "US"
	case strings.HasPrefix(number, "45"):
		return "DK"
	}
	return "ZZ"
}

// classicCredential accepts the token in a header of its own scheme, as a user
// name, in the query or in a form, and a signature by the key.
func (e *Emulator) classicCredential(r *http.Request) refusal {
	header := r.Header.Get("Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	switch scheme {
	case "OAuth":
		return e.signed(r)
	case "Basic":
		if user, password, ok := r.BasicAuth(); !ok || user != e.options.Token || password != "" {
			return coded(http.StatusUnauthorized, "0x0210", user)
		}
		return nil
	case "":
		token = r.Form.Get("token")
	}
	switch {
	case token == "" || header != "" && scheme != "Token":
		return uncoded(http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized))
	case token != e.options.Token:
		return coded(http.StatusUnauthorized, "0x0229")
	}
	return nil
}

// signed checks a signature. GatewayAPI's own hosts speak https even if a test
// leads their names elsewhere.
func (e *Emulator) signed(r *http.Request) refusal {
	scheme := "http"
	if _, product := e.host(r); product != "" || r.TLS != nil {
		scheme = "https"
	}
	problem, parameter := e.oauth.Problem(r, e.Now(), scheme)
	code, known := map[string]string{
		"parameter_absent": "0x0222", "signature_method_rejected": "0x0221", "consumer_key_unknown": "0x0223",
		"signature_invalid": "0x0224", "timestamp_refused": "0x0225", "nonce_used": "0x0226",
	}[problem]
	switch {
	case problem == "":
		return nil
	case !known:
		return uncoded(http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized))
	case parameter != "":
		return coded(http.StatusBadRequest, code, parameter)
	}
	return coded(http.StatusUnauthorized, code)
}
