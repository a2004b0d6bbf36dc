package gatewayapitest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const maxRecipients = 10000

// A classic is one message of the REST API.
type classic struct {
	text       string
	recipients []int64
}

// me tells the balance.
func (c call) me() (status int, body any, f *failure) {
	return http.StatusOK, map[string]any{"credit": c.state.balance(), "currency": "DKK", "id": 1}, nil
}

// mtsms sends one message, or a list of them.
func (c call) mtsms() (status int, body any, f *failure) {
	given, ok := c.json()
	list, isList := given.([]any)
	if !isList {
		list = []any{given}
	}
	if !ok || len(list) == 0 {
		return 0, nil, uncoded(http.StatusBadRequest)
	}
	messages := make([]classic, len(list))
	for i, given := range list {
		object, ok := given.(map[string]any)
		if !ok {
			return 0, nil, uncoded(http.StatusUnprocessableEntity)
		}
		if messages[i], f = classicMessage(object); f != nil {
			return 0, nil, f
		}
	}
	return c.sendClassic(messages)
}

func (c call) sendClassic(messages []classic) (status int, body any, f *failure) {
	countries, total := map[string]int{}, 0
	for _, m := range messages {
		for _, msisdn := range m.recipients {
			n := parts(m.text)
			countries[country(msisdn)] += n
			total += n
		}
	}
	if !c.state.pay(total) {
		return 0, nil, refusal(http.StatusForbidden, "0x0216")
	}

	ids := make([]int64, len(messages))
	for i, m := range messages {
		ids[i] = c.state.nextID()
		for _, msisdn := range m.recipients {
			c.deliver(msisdn, m.text)
		}
	}
	usage := map[string]any{
		"countries": countries, "currency": "DKK", "total_cost": float64(total*price) / 100,
	}
	return http.StatusOK, map[string]any{"ids": ids, "usage": usage}, nil
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
func classicMessage(object map[string]any) (m classic, f *failure) {
	chosen := map[string]string{}
	for _, choice := range choices {
		given, there := object[choice.field]
		value, _ := given.(string)
		if !there || given == nil {
			value = choice.of[0]
		}
		if !slices.Contains(choice.of, value) {
			return m, refusal(http.StatusUnprocessableEntity, choice.code, choice.field)
		}
		chosen[choice.field] = value
	}

	text, ok := object["message"].(string)
	if !ok || text == "" {
		return m, refusal(http.StatusBadRequest, "0x0222", "message")
	}
	if m.text = text; chosen["encoding"] == "UTF8" {
		m.text = toGSM(text)
	}
	m.recipients, f = classicRecipients(object["recipients"])
	return m, f
}

func classicRecipients(given any) (all []int64, f *failure) {
	list, _ := given.([]any)
	if len(list) == 0 || len(list) > maxRecipients {
		return nil, refusal(http.StatusBadRequest, "0x0222", "recipients")
	}
	for _, given := range list {
		object, _ := given.(map[string]any)
		n, ok := msisdnOf(object["msisdn"])
		switch {
		case !ok:
			return nil, refusal(http.StatusUnprocessableEntity, "0x0308", "msisdn")
		case slices.Contains(all, n):
			return nil, refusal(http.StatusUnprocessableEntity, "0x0310", strconv.FormatInt(n, 10))
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
	number := strconv.FormatInt(msisdn, 10)
	for code, name := range map[string]string{"1": "US", "44": "GB", "45": "DK", "46": "SE", "47": "NO", "49": "DE"} {
		if strings.HasPrefix(number, code) {
			return name
		}
	}
	return "ZZ"
}
