package twiliotest

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/emulator"
)

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

// message sends a text of Programmable Messaging. The account stands in the path,
// even if an API key calls. Numbers in its answer are strings.
func (e *Emulator) message(r *http.Request) *emulator.Answer {
	form := r.PostForm
	from, service, to, body := form.Get("From"), form.Get("MessagingServiceSid"), form.Get("To"), form.Get("Body")
	if r.PathValue("account") != e.account {
		return notFound(r)
	}
	if code := textFault(form); code != 0 {
		return refuse(http.StatusBadRequest, code)
	}
	e.Deliver(Message{Vendor: "twilio", To: to, Channel: "sms", Code: emulator.CodeIn(body), Text: body})

	sid, status, date := "SM"+emulator.Hex(16), "queued", e.Now().Format(time.RFC1123Z)
	if service != "" {
		status = "accepted"
	}
	uri := "/2010-04-01/Accounts/" + e.account + "/Messages/" + sid
	return &emulator.Answer{Status: http.StatusCreated, Body: map[string]any{
		"sid": sid, "account_sid": e.account, "api_version": "2010-04-01", "status": status, "direction": "outbound-api",
		"to": to, "from": nullable(from), "messaging_service_sid": nullable(service), "body": body,
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
	switch {
	case to == "":
		return 21604
	case from == "" && service == "":
		return 21603
	case service != "" && !messagingService.MatchString(service):
		return 21705
	case from != "" && !phone.MatchString(from) && !sender.MatchString(from):
		return 21212
	case !phone.MatchString(to):
		return 21211
	case magicFrom[from] != 0:
		return magicFrom[from]
	case magicTo[to] != 0:
		return magicTo[to]
	case body == "":
		return 21602
	case utf8.RuneCountInString(body) > maxText:
		return 21617
	case period != "" && (err != nil || seconds < 1):
		return 30012
	case seconds > maxValidity:
		return 30013
	}
	return 0
}

// Where Twilio says so.
const (
	pages  = "https://www.twilio.com/docs/verify/api/"
	limits = pages + "rate-limits-and-timeouts"
)

// Facts are what Twilio documents about Verify. A zero Fact is not documented.
func Facts() emulator.Facts {
	return emulator.Facts{
		Scheme: "twilio", Product: "Twilio Verify v2",
		Maker:     emulator.Fact{Is: "Twilio makes and checks it", URL: pages + "verification"},
		Digits:    emulator.Fact{Is: "4 to 10 digits, a setting of each Service", URL: pages + "service"},
		Lifetime:  emulator.Fact{Is: "10 minutes", URL: limits},
		SecondOne: emulator.Fact{Is: "sends the same code again", URL: limits},
		Wrong:     emulator.Fact{Is: `200 with "status": "pending"`, URL: pages + "verification-check"},
		Used:      emulator.Fact{Is: "404, code 20404", URL: pages + "verification-check"},
		Gone:      emulator.Fact{Is: "404, code 20404", URL: pages + "verification-check"},
		Attempts:  emulator.Fact{Is: "5 wrong codes, then 429, code 60202", URL: limits},
		Sends:     emulator.Fact{Is: "5 sends in 10 minutes, then 429, code 60203", URL: limits},
		Throttle:  emulator.Fact{Is: "429, code 20429", URL: "https://www.twilio.com/docs/errors/20429"},
		Cancel:    emulator.Fact{Is: "yes, by an update to canceled", URL: pages + "verification"},
	}
}

// MessagingFacts are those about Programmable Messaging.
func MessagingFacts() emulator.Facts {
	const page = "https://www.twilio.com/docs/messaging/api/message-resource"
	return emulator.Facts{
		Scheme: "twilio-sms", Product: "Twilio Programmable Messaging",
		Maker:    emulator.Fact{Is: "this library makes and checks it; Twilio delivers text", URL: page},
		Throttle: emulator.Fact{Is: "429, code 20429", URL: "https://www.twilio.com/docs/errors/20429"},
		Reports:  emulator.Fact{Is: "X-Twilio-Signature, HMAC-SHA1 over URL and parameters", URL: "https://www.twilio.com/docs/usage/security"},
	}
}

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the ids and secrets of the account count, and the
// Services with their digits and psd2.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: openVerify}, {Facts: MessagingFacts(), New: openMessaging}}
}

func openVerify(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	settings["service_sid"] = cmp.Or(s.Settings["service_sid"], ServiceSID)
	service := func(sid, prefix string) Service {
		digits, _ := strconv.Atoi(s.Settings[prefix+"digits"]) // zero is the default
		return Service{SID: sid, CodeLength: digits, PSD2: s.Settings[prefix+"psd2"] == "true"}
	}
	opts.Services = []Service{service(settings["service_sid"], "")}
	for key, value := range s.Settings {
		scoped := strings.HasPrefix(key, "scope.")
		if scoped && strings.HasPrefix(value, "VA") {
			opts.Services = append(opts.Services, service(value, strings.TrimSuffix(key, ".sid")+"."))
		}
		if scoped || key == "digits" || key == "psd2" {
			settings[key] = value
		}
	}
	return New(opts), emulator.Sample{
		Scheme: "twilio", Settings: settings, User: "account_sid", Pass: "auth_token", Host: "service_sid",
		EmptyScope: settings["service_sid"], ScopeWord: "Service",
	}
}

func openMessaging(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	settings["from"] = cmp.Or(s.Settings["from"], "+15017122661")
	return New(opts), emulator.Sample{
		Scheme: "twilio-sms", Settings: settings, User: "account_sid", Pass: "auth_token", Messenger: true,
	}
}
