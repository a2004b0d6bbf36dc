package twiliotest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/emulator"
)

// The limits of one verification, and of fetching it. Twilio's 250 fetches a day
// are out of reach of one that lives ten minutes.
const (
	life        = 10 * time.Minute
	maxSends    = 5
	maxAttempts = 5
	fetchMinute = 60
	fetchHour   = 180
)

// A recipient is a phone number or address within a Service.
type recipient struct{ service, to string }

// A limit is one value of a programmable rate limit.
type limit struct{ service, name, value string }

// A transaction is what a PSD2 Service insists on; others ignore it.
type transaction struct{ amount, payee string }

// A verification is one code and its state.
type verification struct {
	recipient
	sid, channel, status string
	ended                bool // by EndAs: checks answer with the status
	code                 string
	transaction
	created, updated time.Time
	sends            []map[string]string // as answers tell of them
	attempts         int
}

// pending returns what can be checked, the newest last. There is more than one
// only with PSD2.
func (e *Emulator) pending(to recipient) []*verification {
	return slices.DeleteFunc(e.byTo.Get(e.Now(), to), func(v *verification) bool { return v.status != "pending" })
}

// A call is one request to a Service.
type call struct {
	*Emulator
	*http.Request
	service Service
	now     time.Time
	sent    *Message // to be delivered
}

func (e *Emulator) routes() []emulator.Route {
	const path = "/v2/Services/{service}"
	return []emulator.Route{
		{On: "service", Pattern: "GET " + path, Serve: e.verify((*call).settings)},
		{On: "send", Pattern: "POST " + path + "/Verifications", Serve: e.verify((*call).send)},
		{On: "fetch", Pattern: "GET " + path + "/Verifications/{subject}", Serve: e.verify((*call).fetch)},
		{On: "update", Pattern: "POST " + path + "/Verifications/{subject}", Serve: e.verify((*call).update)},
		{On: "check", Pattern: "POST " + path + "/VerificationCheck", Serve: e.verify((*call).check)},
		{On: "message", Pattern: "POST /2010-04-01/Accounts/{account}/Messages.json", Serve: e.authenticated(e.message)},
	}
}

// verify finds the Service. The operation runs with the lock held.
func (e *Emulator) verify(operation func(*call) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return e.authenticated(func(r *http.Request) *emulator.Answer {
		s, ok := e.services[r.PathValue("service")]
		if !ok {
			return notFound(r)
		}
		c := &call{Emulator: e, Request: r, service: s, now: e.Now()}
		e.mu.Lock()
		answer := operation(c)
		e.mu.Unlock()
		if c.sent != nil {
			e.Deliver(*c.sent)
		}
		return answer
	})
}

// send starts a verification, or sends the code of the pending one again, and
// counts towards the limits of its recipient.
func (c *call) send() *emulator.Answer {
	to, channel := recipient{c.service.SID, c.PostForm.Get("To")}, c.PostForm.Get("Channel")
	if f := cmp.Or(c.sendFault(to.to, channel), c.transactionFault()); f != nil {
		return f
	}
	live, sends := c.pending(to), 0
	for _, v := range live {
		sends += len(v.sends)
	}
	// A code belongs to one transaction; without PSD2 they are all the same.
	v := &verification{recipient: to, transaction: c.transaction()}
	for _, other := range live {
		v = cmp.Or(emulator.When(other.transaction == v.transaction, other), v)
	}
	f := cmp.Or(
		emulator.When(sends >= maxSends, refuse(http.StatusTooManyRequests, 60203)),
		emulator.When(v.attempts >= maxAttempts, refuse(http.StatusTooManyRequests, 60202)),
	)
	if f == nil {
		f = c.charge()
	}
	if f != nil {
		return f
	}

	if v.sid == "" {
		v.sid, v.status, v.created, v.code = "VE"+emulator.Hex(16), "pending", c.now, c.newCode(c.service.CodeLength)
		c.byTo.Add(c.now, to, v)
		c.bySID.Add(c.now, v.sid, v)
	}
	v.updated, v.channel = c.now, cmp.Or(emulator.When(channel == "sms" && c.service.RCS, "rcs"), channel)
	v.sends = append(v.sends, map[string]string{
		"attempt_sid": "VL" + emulator.Hex(16), "channel": v.channel, "time": c.now.Format("2006-01-02T15:04:05.000Z"),
	})
	c.sent = c.text(v)
	return &emulator.Answer{Status: http.StatusCreated, Body: c.body(v)}
}

// text is v as the phone or the inbox shows it.
func (c *call) text(v *verification) *Message {
	text := "Your " + cmp.Or(c.PostForm.Get("CustomFriendlyName"), c.service.FriendlyName) + " verification code is: " + v.code
	if v.amount != "" {
		text += ". It confirms the payment of " + v.amount + " to " + v.payee
	}
	if hash := c.PostForm.Get("AppHash"); hash != "" {
		text = "<#> " + text + " " + hash // what Android's SMS Retriever looks for
	}
	channel := cmp.Or(emulator.When(v.channel == "call", "voice"), v.channel) // one word for it in the inbox of all vendors
	return &Message{Vendor: "twilio", To: v.to, Channel: channel, Scope: v.service, Code: v.code, Text: text}
}

var (
	phone   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	address = regexp.MustCompile(`^[A-Za-z0-9._+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)
)

// sendFault refuses recipients and parameters that do not go with the channel. A
// template has languages of its own, and e-mail has none to choose.
func (c *call) sendFault(to, channel string) refusal {
	form := c.PostForm
	template, locale, misfit := form.Get("TemplateSid"), form.Get("Locale"), shapes.Misfit(form)
	spoken := locale == "" || template != "" || channel == "email" || slices.Contains(strings.Fields(languages[channel]), locale)
	mail, known := channel == "email", slices.Contains([]string{"sms", "call", "email", "whatsapp"}, channel)
	return cmp.Or(
		emulator.When(to == "", invalid("To", to)),
		emulator.When(channel == "sna" && c.service.PSD2, bad(60329)),
		emulator.When(!known, invalid("Channel", channel)), // sna and auto need a grant by Twilio
		emulator.When(mail && !address.MatchString(to) || !mail && !phone.MatchString(to), invalid("To", to)),
		emulator.When(channel == "call" && c.service.PSD2, bad(60214)),
		emulator.When(!slices.Contains(c.service.Channels, channel), bad(60223)),
		emulator.When(form.Get("AppHash") != "" && channel != "sms", bad(60602)),
		emulator.When(template != "" && channel != "sms" && channel != "call", bad(60408)),
		emulator.When(misfit != "", invalid(misfit, form.Get(misfit))),
		emulator.When(form.Get("CustomCode") != "", refuse(http.StatusForbidden, 60204)),
		emulator.When(!spoken, notFound(c.Request)),
	)
}

func (c *call) transaction() transaction {
	return emulator.When(c.service.PSD2, transaction{c.PostForm.Get("Amount"), c.PostForm.Get("Payee")})
}

func (c *call) transactionFault() refusal {
	t := c.transaction()
	return emulator.When(c.service.PSD2 && (t.amount == "" || t.payee == ""), bad(60206))
}

// charge counts a send towards programmable rate limits, or refuses it and counts
// nothing.
func (c *call) charge() refusal {
	var given map[string]any
	_ = json.Unmarshal([]byte(c.PostForm.Get("RateLimits")), &given) // its shape is checked, or there are none
	allowed := map[limit]int{}
	for name, value := range given {
		most, declared := c.service.RateLimits[name]
		switch {
		case declared:
			allowed[limit{c.service.SID, name, fmt.Sprint(value)}] = most
		case c.service.RateLimits != nil:
			return invalid("RateLimits", name)
		}
	}
	if wait := c.limits.Take(c.now, allowed); wait > 0 {
		f := refuse(http.StatusTooManyRequests, 20429)
		f.Header = emulator.RetryAfter(wait)
		return f
	}
	return nil
}

var verificationSID = regexp.MustCompile(`^VE[0-9a-fA-F]{32}$`)

// check compares a code. A wrong one is no error: the answer stays pending.
func (c *call) check() *emulator.Answer {
	to, sid, typed := c.PostForm.Get("To"), c.PostForm.Get("VerificationSid"), c.PostForm.Get("Code")
	n := utf8.RuneCountInString(typed)
	if f := cmp.Or(
		emulator.When(to == "" && sid == "", bad(60221)),
		emulator.When(sid != "" && !verificationSID.MatchString(sid), invalid("VerificationSid", sid)),
		emulator.When(to != "" && !phone.MatchString(to) && !address.MatchString(to), invalid("To", to)),
		emulator.When(n < 4 || n > 10, invalid("Code", typed)),
		c.transactionFault(),
	); f != nil {
		return f
	}

	live := c.named(cmp.Or(sid, to), func(v *verification) bool {
		return (v.status == "pending" || v.ended) && (to == "" || to == v.to)
	})
	// A transaction that was never sent means the newest one: the code is wrong,
	// and counted.
	v := emulator.Last(live)
	for _, other := range live {
		v = cmp.Or(emulator.When(other.transaction == c.transaction(), other), v)
	}
	switch {
	case v == nil:
		return notFound(c.Request)
	case v.ended:
	case v.attempts >= maxAttempts:
		return refuse(http.StatusTooManyRequests, 60202)
	case v.code == typed && v.transaction == c.transaction():
		v.status, v.updated = "approved", c.now
	default:
		v.attempts++
	}
	body := c.resource(v)
	body["sna_attempts_error_codes"] = []any{}
	return &emulator.Answer{Body: body}
}

// fetch returns a verification for as long as it lives, but for one that was
// approved: that is gone.
func (c *call) fetch() *emulator.Answer {
	v := emulator.Last(c.named(c.PathValue("subject"), func(v *verification) bool { return v.status != "approved" }))
	if v == nil {
		return notFound(c.Request)
	}
	fetched := c.fetches.Get(c.now, v.sid)
	recent := slices.DeleteFunc(slices.Clone(fetched), func(at time.Time) bool { return !at.After(c.now.Add(-time.Minute)) })
	if len(recent) >= fetchMinute || len(fetched) >= fetchHour {
		return refuse(http.StatusTooManyRequests, 20429)
	}
	c.fetches.Add(c.now, v.sid, c.now)
	return &emulator.Answer{Body: c.body(v)}
}

// update ends a verification in the account's own name.
func (c *call) update() *emulator.Answer {
	status := c.PostForm.Get("Status")
	if status != "canceled" && status != "approved" {
		return invalid("Status", status)
	}
	v := emulator.Last(c.named(c.PathValue("subject"), func(v *verification) bool { return v.status == "pending" }))
	if v == nil {
		return notFound(c.Request)
	}
	v.status, v.updated = status, c.now
	return &emulator.Answer{Body: c.body(v)}
}

// named returns the verifications that fit of a SID or a recipient, the newest last.
func (c *call) named(subject string, fits func(*verification) bool) []*verification {
	all := c.byTo.Get(c.now, recipient{c.service.SID, subject})
	if verificationSID.MatchString(subject) {
		all = c.bySID.Get(c.now, subject)
	}
	return slices.DeleteFunc(all, func(v *verification) bool { return v.service != c.service.SID || !fits(v) })
}

const date = "2006-01-02T15:04:05Z"

// resource is what the bodies of a verification and of a check share.
func (c *call) resource(v *verification) map[string]any {
	status := v.status
	if status == "pending" && v.attempts >= maxAttempts && c.Method == http.MethodGet {
		status = "max_attempts_reached"
	}
	return map[string]any{
		"sid": v.sid, "service_sid": v.service, "account_sid": c.account, "to": v.to, "channel": v.channel,
		"status": status, "valid": status == "approved", "amount": emulator.OrNull(v.amount), "payee": emulator.OrNull(v.payee),
		"date_created": v.created.Format(date), "date_updated": v.updated.Format(date),
	}
}

func (c *call) body(v *verification) map[string]any {
	body := c.resource(v)
	body["lookup"], body["sna"], body["send_code_attempts"] = struct{}{}, nil, slices.Clone(v.sends)
	body["url"] = c.url() + "/Verifications/" + v.sid
	return body
}

func (c *call) url() string { return "http://" + c.Host + "/v2/Services/" + c.service.SID }

// settings are what a Service says of itself; what the emulator has no notion of
// is off or null.
func (c *call) settings() *emulator.Answer {
	var body map[string]any
	_ = json.Unmarshal([]byte(serviceText), &body) // our own file
	maps.Copy(body, map[string]any{
		"sid": c.service.SID, "account_sid": c.account, "friendly_name": c.service.FriendlyName, "url": c.url(),
		"code_length": c.service.CodeLength, "psd2_enabled": c.service.PSD2,
		"links": map[string]any{"verifications": c.url() + "/Verifications", "verification_checks": c.url() + "/VerificationCheck"},
	})
	return &emulator.Answer{Body: body}
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
