package bandwidthtest

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

var phone = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// fields are the body of a request. Keys match to the letter.
type fields map[string]any

// text returns a field that may be missing.
func (f fields) text(key string, most int) (string, *failure) {
	value, given := f[key]
	if !given {
		return "", nil
	}
	text, ok := value.(string)
	if !ok || utf8.RuneCountInString(text) > most {
		return "", badRequest(key + " is invalid")
	}
	return text, nil
}

// number returns a number within limits, whatever its notation.
func (f fields) number(key string, least, most float64) (float64, *failure) {
	value, given := f[key]
	if !given {
		return 0, badRequest(key + " is required")
	}
	number, _ := value.(json.Number)
	n, err := number.Float64()
	if err != nil || n < least || n > most {
		return 0, badRequest(key + " is invalid")
	}
	return n, nil
}

// phone returns a number that must be there.
func (f fields) phone(key string) (string, *failure) {
	number, bad := f.text(key, 32)
	switch {
	case bad != nil:
		return "", bad
	case number == "":
		return "", badRequest(key + " number is required")
	case !phone.MatchString(number):
		return "", badRequest(key + " number is invalid")
	}
	return number, nil
}

// recipient returns whom a request is about, and what for.
func (f fields) recipient() (recipient, *failure) {
	to, bad := f.phone("to")
	if bad != nil {
		return recipient{}, bad
	}
	scope, bad := f.text("scope", 25)
	return newRecipient(to, scope), bad
}

// sendParams are the fields of a send, as far as they mean something here.
type sendParams struct {
	recipient
	message string
	digits  int
}

func (c call) sendParams() (sendParams, *failure) {
	to, f := c.fields.recipient()
	if f != nil {
		return sendParams{}, f
	}
	if f := c.sender(); f != nil {
		return sendParams{}, f
	}
	message, f := c.fields.text("message", 2048)
	if f != nil {
		return sendParams{}, f
	}
	if !strings.Contains(message, "{CODE}") {
		return sendParams{}, badRequest("message must contain {CODE}")
	}
	digits, f := c.fields.number("digits", 4, 8)
	if f == nil && digits != float64(int(digits)) {
		f = badRequest("digits is invalid")
	}
	return sendParams{to, message, int(digits)}, f
}

// sender refuses a number or an application that is not the account's, or of
// the other channel.
func (c call) sender() *failure {
	from, f := c.fields.phone("from")
	if f != nil {
		return f
	}
	application, f := c.fields.text("applicationId", 50)
	if f != nil {
		return f
	}
	want := c.options.SMSApplicationID
	if c.voice {
		want = c.options.VoiceApplicationID
	}
	switch {
	case application == "":
		return badRequest("applicationId is required")
	case application != want:
		return badRequest("applicationId is invalid")
	case from != c.options.From:
		return badRequest("from number does not belong to the application")
	}
	_, f = c.fields.text("callbackUrl", 2048)
	return f
}
