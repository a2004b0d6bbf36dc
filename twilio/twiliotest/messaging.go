package twiliotest

import (
	"cmp"
	_ "embed" // the facts
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/emulator"
)

//go:embed messaging_facts.txt
var messagingFacts string

const (
	maxText     = 1600
	maxValidity = 36000 // seconds
)

// Numbers that fail: https://www.twilio.com/docs/iam/test-credentials.
var (
	magicFrom = map[string]int{"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
	magicTo   = map[string]int{
		"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614,
	}
)

var (
	messagingService = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	sender           = regexp.MustCompile(`^[0-9]{3,8}$|^[A-Za-z0-9 +_&-]{1,11}$`)
)

// message sends a text of Programmable Messaging, from a host of its own.
func (e *Emulator) message(r *http.Request) *emulator.Answer {
	answer := e.sendText(r)
	answer.Header = http.Header{"X-Api-Domain": {"api.twilio.com"}}
	return answer
}

// sendText sends a text. The account stands in the path, even if an API key calls.
// Numbers in its answer are strings.
func (e *Emulator) sendText(r *http.Request) *emulator.Answer {
	_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
	form := r.PostForm
	from, service, to, body := form.Get("From"), form.Get("MessagingServiceSid"), form.Get("To"), form.Get("Body")
	if r.PathValue("account") != e.options.AccountSID {
		return notFound(r)
	}
	if code := textFault(form); code != 0 {
		return refuse(http.StatusBadRequest, code)
	}
	sid, status := "SM"+emulator.Hex(16), cmp.Or(emulator.When(service != "", "accepted"), "queued")
	date := e.Now().Format(time.RFC1123Z)
	uri := "/2010-04-01/Accounts/" + e.options.AccountSID + "/Messages/" + sid
	sent := &Message{Vendor: "twilio", ID: sid, To: to, Channel: "sms", Code: emulator.CodeIn(body), Text: body}
	return &emulator.Answer{Status: http.StatusCreated, Message: sent, Body: map[string]any{
		"sid": sid, "account_sid": e.options.AccountSID, "api_version": "2010-04-01", "status": status, "direction": "outbound-api",
		"to": to, "from": emulator.OrNull(from), "messaging_service_sid": emulator.OrNull(service), "body": body,
		"num_segments": "1", "num_media": "0", "price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil,
		"date_created": date, "date_updated": date, "date_sent": nil,
		"uri": uri + ".json", "subresource_uris": map[string]string{"media": uri + "/Media.json"},
	}}
}

// textFault is the error of a text's parameters, or zero.
func textFault(form url.Values) int {
	from, service, to, body := form.Get("From"), form.Get("MessagingServiceSid"), form.Get("To"), form.Get("Body")
	period := form.Get("ValidityPeriod")
	seconds, err := strconv.Atoi(period)
	return cmp.Or(
		emulator.When(to == "", 21604),
		emulator.When(from == "" && service == "", 21603),
		emulator.When(service != "" && !messagingService.MatchString(service), 21705),
		emulator.When(from != "" && !emulator.IsPhone(from) && !sender.MatchString(from), 21212),
		emulator.When(!emulator.IsPhone(to), 21211),
		magicFrom[from],
		magicTo[to],
		emulator.When(body == "", 21602),
		emulator.When(utf8.RuneCountInString(body) > maxText, 21617),
		emulator.When(period != "" && (err != nil || seconds < 1), 30012),
		emulator.When(seconds > maxValidity, 30013),
	)
}

// MessageCode returns the code in the newest text that Messaging sent to a
// recipient, six to ten digits of it, or "" if there is none in it.
func (e *Emulator) MessageCode(to string) string { return e.LastCode(to, "") }

// MessagingFacts are those about Programmable Messaging.
func MessagingFacts() emulator.Facts { return emulator.ReadFacts(messagingFacts) }

func openMessaging(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	settings["from"] = cmp.Or(s.Settings["from"], "+15017122661")
	return New(opts), emulator.Sample{
		Scheme: "twilio-sms", Settings: settings, User: "account_sid", Pass: "auth_token", Messenger: true,
	}
}
