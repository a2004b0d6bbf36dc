package gatewayapitest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a message: https://messaging.gatewayapi.com/openapi.json.
const (
	maxText       = 39015
	maxLabel      = 128
	maxExpiration = 5 * 24 * time.Hour
	minRecipient  = 1001
	maxRecipient  = 999999999999999
)

// problems are what the Messaging API does not like about a message.
type problems struct {
	at    []any          // where the message is: "body", and its place in a list
	given map[string]any // the message, which is quoted
	list  []map[string]any
}

func (p *problems) add(field, kind, text string) {
	at := p.at
	if at == nil {
		at = []any{"body"}
	}
	problem := map[string]any{"loc": append(at[:len(at):len(at)], field), "msg": text, "type": kind}
	if input := p.given[field]; input != nil {
		problem["input"] = input
	}
	p.list = append(p.list, problem)
}

// failure is nil if there is nothing to complain about.
func (p *problems) failure() *failure {
	if len(p.list) == 0 {
		return nil
	}
	return &failure{http.StatusUnprocessableEntity, map[string]any{"detail": p.list}}
}

// message reads one message, and says all that is wrong with it.
func (p *problems) message(given any, ok bool) mobile {
	object, isObject := given.(map[string]any)
	if !ok || !isObject {
		p.list = append(p.list, map[string]any{"loc": p.at, "msg": "JSON decode error", "type": "json_invalid"})
		return mobile{}
	}
	p.given = object
	var m mobile
	if sender := p.text("sender", true); sender != nil && !isSender(*sender) {
		p.add("sender", "value_error", "At most 11 characters alphanumeric or 15 numeric characters")
	}
	m.Recipient = p.number("recipient")
	if text := p.text("message", true); text != nil {
		m.text = *text
		p.short(m.text, "message", maxText)
	}
	m.Reference = p.text("reference", false)
	if label := p.text("label", false); label != nil {
		p.short(*label, "label", maxLabel)
	}
	if priority := p.text("priority", false); priority != nil && *priority != "normal" && *priority != "urgent" {
		p.add("priority", "enum", "Input should be 'normal' or 'urgent'")
	}
	if given, there := object["expiration"]; there && !isExpiration(given) {
		p.add("expiration", "value_error", "The greatest possible expiration is 5 days")
	}
	return m
}

// text returns a string, or nil if there is none.
func (p *problems) text(field string, required bool) *string {
	given := p.given[field]
	text, ok := given.(string)
	switch {
	case ok:
		return &text
	case given == nil && !required:
	case given == nil:
		p.add(field, "missing", "Field required")
	default:
		p.add(field, "string_type", "Input should be a valid string")
	}
	return nil
}

func (p *problems) short(text, field string, most int) {
	if utf8.RuneCountInString(text) > most {
		p.add(field, "string_too_long", "String is too long")
	}
}

func (p *problems) number(field string) int64 {
	given, there := p.given[field]
	number, ok := given.(json.Number)
	n, err := number.Int64()
	switch {
	case !there:
		p.add(field, "missing", "Field required")
	case !ok || err != nil:
		p.add(field, "int_type", "Input should be a valid integer")
	case n < minRecipient:
		p.add(field, "greater_than", "Input should be greater than 1000")
	case n > maxRecipient:
		p.add(field, "less_than_equal", "Input should be less than or equal to 999999999999999")
	}
	return n
}

func isSender(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 3 && (n <= 11 || n <= 15 && strings.Trim(s, "0123456789") == "")
}

var duration = regexp.MustCompile(`^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$`)

// isExpiration knows a duration and a time in the two forms that have a name,
// and seconds, at most five days away.
func isExpiration(given any) bool {
	if number, ok := given.(json.Number); ok {
		n, err := number.Int64()
		return err == nil && n > 0 && n <= int64(maxExpiration/time.Second)
	}
	text, _ := given.(string)
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return true
	}
	found := duration.FindStringSubmatch(text)
	if found == nil || len(text) < 3 {
		return false
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(found[i+1]) // digits, or nothing
		d += time.Duration(n) * unit
	}
	return d > 0 && d <= maxExpiration
}
