package twiliotest

import (
	"cmp"
	_ "embed" // the facts
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

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

type (
	limit       struct{ service, name, value string } // one value of a programmable rate limit
	transaction struct{ amount, payee string }        // what a PSD2 Service insists on; others ignore it
)

// A verification is one code and its state.
type verification struct {
	service, to, sid, channel, status, code string

	ended bool // by EndAs: checks answer with the status
	transaction
	created, updated time.Time
	sends            []map[string]string // as answers tell of them
	attempts         int
}

// isPending says that it can be checked. A recipient has more than one such only with
// PSD2.
func (v *verification) isPending() bool { return v.status == "pending" }

// find returns the verifications of a recipient, or of a SID, that fit, the newest last.
func (e *Emulator) find(service, subject string, fits func(*verification) bool) []*verification {
	all := e.verifications.Get(e.Now(), subject)
	return slices.DeleteFunc(all, func(v *verification) bool { return v.service != service || !fits(v) })
}

// A call is one request to a Service.
type call struct {
	*Emulator
	*http.Request
	service Service
	now     time.Time
	transaction
}

func (e *Emulator) routes() []emulator.Route {
	const path = "/v2/Services/{service}"
	return []emulator.Route{
		{On: "service", Pattern: "GET " + path, Serve: e.verify((*call).settings)},
		{On: "send", Pattern: "POST " + path + "/Verifications", Serve: e.verify((*call).send)},
		{On: "fetch", Pattern: "GET " + path + "/Verifications/{subject}", Serve: e.verify((*call).fetch)},
		{On: "update", Pattern: "POST " + path + "/Verifications/{subject}", Serve: e.verify((*call).update)},
		{On: "check", Pattern: "POST " + path + "/VerificationCheck", Serve: e.verify((*call).check)},
		{On: "message", Pattern: "POST /2010-04-01/Accounts/{account}/Messages.json", Serve: e.message},
	}
}

// verify finds the Service.
func (e *Emulator) verify(operation func(*call) *emulator.Answer) func(*http.Request) *emulator.Answer {
	return func(r *http.Request) *emulator.Answer {
		s, ok := e.services[r.PathValue("service")]
		if !ok {
			return notFound(r)
		}
		_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
		t := emulator.When(s.PSD2, transaction{r.PostForm.Get("Amount"), r.PostForm.Get("Payee")})
		return operation(&call{e, r, s, e.Now(), t})
	}
}

// send starts a verification, or sends the code of the pending one again, and
// counts towards the limits of its recipient.
func (c *call) send() *emulator.Answer {
	to, channel := c.PostForm.Get("To"), c.PostForm.Get("Channel")
	if f := cmp.Or(c.sendFault(to, channel), c.transactionFault()); f != nil {
		return f
	}
	live, sends := c.find(c.service.SID, to, (*verification).isPending), 0
	for _, v := range live {
		sends += len(v.sends)
	}
	// A code belongs to one transaction; without PSD2 they are all the same.
	v := cmp.Or(c.ofTransaction(live), &verification{service: c.service.SID, to: to, transaction: c.transaction})
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
		v.sid, v.status, v.created, v.code = "VE"+emulator.Hex(16), "pending", c.now, c.options.NewCode(c.service.CodeLength)
		c.verifications.Add(c.now, to, v)
		c.verifications.Add(c.now, v.sid, v)
	}
	v.updated, v.channel = c.now, cmp.Or(emulator.When(channel == "sms" && c.service.RCS, "rcs"), channel)
	v.sends = append(v.sends, map[string]string{
		"attempt_sid": "VL" + emulator.Hex(16), "channel": v.channel, "time": c.now.Format("2006-01-02T15:04:05.000Z"),
	})
	return &emulator.Answer{Status: http.StatusCreated, Body: c.body(v), Message: c.text(v)}
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
	return &Message{Vendor: "twilio", ID: v.sid, To: v.to, Channel: channel, Scope: v.service, Code: v.code, Text: text}
}

var address = regexp.MustCompile(`^[A-Za-z0-9._+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)

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
		emulator.When(mail && !address.MatchString(to) || !mail && !emulator.IsPhone(to), invalid("To", to)),
		emulator.When(channel == "call" && c.service.PSD2, bad(60214)),
		emulator.When(!slices.Contains(c.service.Channels, channel), bad(60223)),
		emulator.When(form.Get("AppHash") != "" && channel != "sms", bad(60602)),
		emulator.When(template != "" && channel != "sms" && channel != "call", bad(60408)),
		emulator.When(misfit != "", invalid(misfit, form.Get(misfit))),
		emulator.When(form.Get("CustomCode") != "", refuse(http.StatusForbidden, 60204)),
		emulator.When(!spoken, notFound(c.Request)),
	)
}

// ofTransaction is the newest that is of the request's transaction, or nil.
func (c *call) ofTransaction(live []*verification) *verification {
	return emulator.Last(slices.DeleteFunc(slices.Clone(live), func(v *verification) bool { return v.transaction != c.transaction }))
}

func (c *call) transactionFault() refusal {
	return emulator.When(c.service.PSD2 && (c.amount == "" || c.payee == ""), bad(60206))
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
	wait, f := c.limits.Take(c.now, allowed), refuse(http.StatusTooManyRequests, 20429)
	f.Header = emulator.RetryAfter(wait)
	return emulator.When(wait > 0, f)
}

// check compares a code. A wrong one is no error: the answer stays pending.
func (c *call) check() *emulator.Answer {
	to, sid, typed, misfit := c.PostForm.Get("To"), c.PostForm.Get("VerificationSid"), c.PostForm.Get("Code"), shapes.Misfit(c.PostForm)
	if f := cmp.Or(
		emulator.When(to == "" && sid == "", bad(60221)),
		emulator.When(to != "" && !emulator.IsPhone(to) && !address.MatchString(to), invalid("To", to)),
		emulator.When(typed == "", invalid("Code", typed)),
		emulator.When(misfit != "", invalid(misfit, c.PostForm.Get(misfit))),
		c.transactionFault(),
	); f != nil {
		return f
	}

	live := c.find(c.service.SID, cmp.Or(sid, to), func(v *verification) bool {
		return (v.isPending() || v.ended) && (to == "" || to == v.to)
	})
	// A transaction that was never sent means the newest one: the code is wrong,
	// and counted.
	v := cmp.Or(c.ofTransaction(live), emulator.Last(live))
	switch {
	case v == nil:
		return notFound(c.Request)
	case v.ended:
	case v.attempts >= maxAttempts:
		return refuse(http.StatusTooManyRequests, 60202)
	case v.code == typed && v.transaction == c.transaction:
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
	v := emulator.Last(c.find(c.service.SID, c.PathValue("subject"), func(v *verification) bool { return v.status != "approved" }))
	if v == nil {
		return notFound(c.Request)
	}
	if c.minute.Take(c.now, map[string]int{v.sid: fetchMinute}) > 0 || c.hour.Take(c.now, map[string]int{v.sid: fetchHour}) > 0 {
		return refuse(http.StatusTooManyRequests, 20429)
	}
	return &emulator.Answer{Body: c.body(v)}
}

// update ends a verification in the account's own name.
func (c *call) update() *emulator.Answer {
	status := c.PostForm.Get("Status")
	if status != "canceled" && status != "approved" {
		return invalid("Status", status)
	}
	v := c.live(c.PathValue("subject"), c.service.SID)
	if v == nil {
		return notFound(c.Request)
	}
	v.status, v.updated = status, c.now
	return &emulator.Answer{Body: c.body(v)}
}

const date = "2006-01-02T15:04:05Z"

// resource is what the bodies of a verification and of a check share.
func (c *call) resource(v *verification) map[string]any {
	status := v.status
	if status == "pending" && v.attempts >= maxAttempts && c.Method == http.MethodGet {
		status = "max_attempts_reached"
	}
	return map[string]any{
		"sid": v.sid, "service_sid": v.service, "account_sid": c.options.AccountSID, "to": v.to, "channel": v.channel,
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
		"sid": c.service.SID, "account_sid": c.options.AccountSID, "friendly_name": c.service.FriendlyName, "url": c.url(),
		"code_length": c.service.CodeLength, "psd2_enabled": c.service.PSD2,
		"links": map[string]any{"verifications": c.url() + "/Verifications", "verification_checks": c.url() + "/VerificationCheck"},
	})
	return &emulator.Answer{Body: body}
}

// Facts are what Twilio documents about Verify. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

func openVerify(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	opts.Services = emulator.ConfigureThings(s, settings, "service_sid", Service{SID: ServiceSID})
	return New(opts), emulator.Sample{
		Scheme: "twilio", Settings: settings, User: "account_sid", Pass: "auth_token", Host: "service_sid",
		EmptyScope: settings["service_sid"], ScopeWord: "Service",
	}
}
