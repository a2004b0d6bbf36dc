package twiliotest

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/internal/emulator"
)

const (
	maxText     = 1600
	maxValidity = 36000 // seconds
)

// Numbers that fail: https://www.twilio.com/docs/iam/test-credentials.
var (
	magicFrom = map[string]int{"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
	magicTo   = map[string]int{
		"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408,
		"+15005550004": 21610, "+15005550009": 21614,
	}
)

var (
	messagingService = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	sender           = regexp.MustCompile(`^[0-9]{3,8}$|^[A-Za-z0-9 +_&-]{1,11}$`)
)

// A text is one message of Programmable Messaging.
type text struct {
	from, service, to, body string
}

// messagesOf returns the account whose messages a request is about.
func messagesOf(r *http.Request) (account string, ok bool) {
	path := segments(r.URL)
	if len(path) != 4 || path[0] != "2010-04-01" || path[1] != "Accounts" || path[3] != "Messages.json" {
		return "", false
	}
	return path[2], true
}

// domain is the host that a request is meant for.
func domain(r *http.Request) string {
	if _, ok := messagesOf(r); ok {
		return "api.twilio.com"
	}
	return "verify.twilio.com"
}

// answerMessages sends a text. The account stands in the path, whoever calls.
func (e *Emulator) answerMessages(r *http.Request, account string) (int, any) {
	if f := e.authenticate(r); f != nil {
		return f.Status, f
	}
	var f *failure
	switch {
	case account != e.account:
		f = notFound(r)
	case r.Method != http.MethodPost:
		f = refusal(http.StatusMethodNotAllowed, 20004, texts[20004])
	}
	if f != nil {
		return f.Status, f
	}

	_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
	t, f := textOf(r.PostForm)
	if f != nil {
		return f.Status, f
	}
	now := e.clock.Now()
	e.log.Add(Message{
		Vendor: "twilio", To: t.to, Channel: "sms", Code: emulator.CodeIn(t.body), Text: t.body, At: now,
	})
	return http.StatusCreated, e.textBody(t, now)
}

// textOf reads the parameters of a text.
func textOf(form url.Values) (text, *failure) {
	t := text{form.Get("From"), form.Get("MessagingServiceSid"), form.Get("To"), form.Get("Body")}
	code := 0
	switch {
	case t.to == "":
		code = 21604
	case t.from == "" && t.service == "":
		code = 21603
	case t.service != "" && !messagingService.MatchString(t.service):
		code = 21705
	case t.from != "" && !isPhone(t.from) && !sender.MatchString(t.from):
		code = 21212
	case !isPhone(t.to):
		code = 21211
	case magicFrom[t.from] != 0:
		code = magicFrom[t.from]
	case magicTo[t.to] != 0:
		code = magicTo[t.to]
	case t.body == "":
		code = 21602
	case utf8.RuneCountInString(t.body) > maxText:
		code = 21617
	default:
		code = validityFault(form.Get("ValidityPeriod"))
	}
	if code != 0 {
		return t, badRequest(code)
	}
	return t, nil
}

// validityFault is the error of a validity period, or zero.
func validityFault(period string) int {
	seconds, err := strconv.Atoi(period)
	switch {
	case period == "":
		return 0
	case err != nil || seconds < 1:
		return 30012
	case seconds > maxValidity:
		return 30013
	}
	return 0
}

// textBody is a new message as Twilio tells of it. Its numbers are strings.
func (e *Emulator) textBody(t text, now time.Time) any {
	sid, status := "SM"+emulator.Hex(16), "queued"
	if t.service != "" {
		status = "accepted"
	}
	uri := "/2010-04-01/Accounts/" + e.account + "/Messages/" + sid
	date := now.Format(time.RFC1123Z)
	return map[string]any{
		"sid": sid, "account_sid": e.account, "api_version": "2010-04-01",
		"status": status, "direction": "outbound-api", "to": t.to, "from": nullable(t.from), "body": t.body,
		"messaging_service_sid": nullable(t.service), "num_segments": "1", "num_media": "0",
		"price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil,
		"date_created": date, "date_updated": date, "date_sent": nil,
		"uri": uri + ".json", "subresource_uris": map[string]string{"media": uri + "/Media.json"},
	}
}

// MessageCode returns the code in the newest text that Messaging sent to a
// recipient, six to ten digits of it, or "" if there is none in it.
func (e *Emulator) MessageCode(to string) string {
	for _, m := range slices.Backward(e.log.Messages()) {
		if m.To == to && m.Scope == "" {
			return m.Code
		}
	}
	return ""
}
