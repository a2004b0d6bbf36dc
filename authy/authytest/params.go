package authytest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// params are what a request says, in the query and in the body, by the names of
// a form: "user[email]". Authy's clients write forms and JSON, and one of them
// gives a body to a GET.
type params map[string]string

func readParams(r *http.Request) (params, *failure) {
	p := params{}
	p.addAll(r.URL.Query())
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, refusal(http.StatusBadRequest, 60002)
	}
	if strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		var object map[string]any
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		if d.Decode(&object) != nil {
			return nil, refusal(http.StatusBadRequest, 60002)
		}
		p.addObject("", object)
		return p, nil
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refusal(http.StatusBadRequest, 60002)
	}
	p.addAll(values)
	return p, nil
}

func (p params) addAll(values url.Values) {
	for name := range values {
		p[name] = values.Get(name)
	}
}

func (p params) addObject(prefix string, object map[string]any) {
	for name, value := range object {
		if prefix != "" {
			name = prefix + "[" + name + "]"
		}
		switch v := value.(type) {
		case map[string]any:
			p.addObject(name, v)
		case nil:
		default:
			p[name] = fmt.Sprint(v)
		}
	}
}

// under returns the values below a name: "details[user]" under "details".
func (p params) under(name string) map[string]string {
	inner := map[string]string{}
	for key, value := range p {
		rest, ok := strings.CutPrefix(key, name+"[")
		if member, closed := strings.CutSuffix(rest, "]"); ok && closed {
			inner[member] = value
		}
	}
	return inner
}

// phone joins a calling code and a number, both with any punctuation, or
// returns "".
func phone(country, number string) string {
	digits := onlyDigits(country) + onlyDigits(number)
	if onlyDigits(country) == "" || len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	return "+" + digits
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
