package twiliotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
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

// A verification is one code and its state.
type verification struct {
	recipient
	sid, channel, status string
	ended                bool // by EndAs: checks answer with the status
	code, amount, payee  string
	created, updated     time.Time
	sends                []map[string]string // as answers tell of them
	attempts             int
}

// pending returns what can be checked, the newest last. There is more than one
// only with PSD2.
func (e *Emulator) pending(to recipient) []*verification {
	return slices.DeleteFunc(e.byTo.Get(e.Now(), to), func(v *verification) bool { return v.status != "pending" })
}

func newest(all []*verification) *verification {
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
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
		{On: "service", Pattern: "GET " + path, Serve: e.verify(http.StatusOK, (*call).settings)},
		{On: "send", Pattern: "POST " + path + "/Verifications", Serve: e.verify(http.StatusCreated, (*call).send)},
		{On: "fetch", Pattern: "GET " + path + "/Verifications/{subject}", Serve: e.verify(http.StatusOK, (*call).fetch)},
		{On: "update", Pattern: "POST " + path + "/Verifications/{subject}", Serve: e.verify(http.StatusOK, (*call).update)},
		{On: "check", Pattern: "POST " + path + "/VerificationCheck", Serve: e.verify(http.StatusOK, (*call).check)},
		{On: "message", Pattern: "POST /2010-04-01/Accounts/{account}/Messages.json", Serve: e.authenticated(e.message)},
	}
}

// verify finds the Service. The operation runs with the lock held.
func (e *Emulator) verify(status int, operation func(*call) (any, refusal)) func(*http.Request) *emulator.Answer {
	return e.authenticated(func(r *http.Request) *emulator.Answer {
		s, ok := e.services[r.PathValue("service")]
		if !ok {
			return notFound(r)
		}
		c := &call{Emulator: e, Request: r, service: s, now: e.Now()}
		e.mu.Lock()
		body, f := operation(c)
		e.mu.Unlock()
		if c.sent != nil {
			e.Deliver(*c.sent)
		}
		if f != nil {
			return f
		}
		return &emulator.Answer{Status: status, Body: body}
	})
}

// send starts a verification, or sends the code of the pending one again, and
// counts towards the limits of its recipient.
func (c *call) send() (any, refusal) {
	to := recipient{c.service.SID, c.PostForm.Get("To")}
	channel := c.PostForm.Get("Channel")
	if f := c.sendFault(to.to, channel); f != nil {
		return nil, f
	}
	amount, payee, f := c.transaction()
	if f != nil {
		return nil, f
	}

	live, sends := c.pending(to), 0
	for _, v := range live {
		sends += len(v.sends)
	}
	if sends >= maxSends {
		return nil, refuse(http.StatusTooManyRequests, 60203)
	}
	// A code belongs to one transaction; without PSD2 they are all the same.
	i := slices.IndexFunc(live, func(v *verification) bool { return v.amount == amount && v.payee == payee })
	if i >= 0 && live[i].attempts >= maxAttempts {
		return nil, refuse(http.StatusTooManyRequests, 60202)
	}
	if f := c.charge(); f != nil {
		return nil, f
	}

	var v *verification
	if i >= 0 {
		v = live[i]
	} else {
		v = &verification{recipient: to, sid: "VE" + emulator.Hex(16), status: "pending", created: c.now, amount: amount, payee: payee}
		v.code = c.newCode(c.service.CodeLength)
		c.byTo.Add(c.now, to, v)
		c.bySID.Add(c.now, v.sid, v)
	}
	if v.channel = channel; channel == "sms" && c.service.RCS {
		v.channel = "rcs"
	}
	v.updated = c.now
	v.sends = append(v.sends, map[string]string{
		"attempt_sid": "VL" + emulator.Hex(16), "channel": v.channel, "time": c.now.Format("2006-01-02T15:04:05.000Z"),
	})
	c.sent = c.text(v)
	return c.body(v), nil
}

// text is v as the phone or the inbox shows it.
func (c *call) text(v *verification) *Message {
	name := c.service.FriendlyName
	if given := c.PostForm.Get("CustomFriendlyName"); given != "" {
		name = given
	}
	text := "Your " + name + " verification code is: " + v.code
	if v.amount != "" {
		text += ". It confirms the payment of " + v.amount + " to " + v.payee
	}
	if hash := c.PostForm.Get("AppHash"); hash != "" {
		text = "<#> " + text + " " + hash // what Android's SMS Retriever looks for
	}
	channel := v.channel
	if channel == "call" {
		channel = "voice" // one word for it in the inbox of all vendors
	}
	return &Message{Vendor: "twilio", To: v.to, Channel: channel, Scope: v.service, Code: v.code, Text: text}
}

var (
	phone   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	address = regexp.MustCompile(`^[A-Za-z0-9._+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)
)

// languages are those of the default template, and notSpoken those that calls lack
// (https://www.twilio.com/docs/verify/supported-languages). Calls alone know en-GB.
var (
	languages = strings.Fields("af ar ca zh zh-CN zh-HK hr cs da nl en et fi fr de el he hi hu id it ja kn ko lt ms mr nb pl pt pt-BR ro ru sk " +
		"es sv tl te th tr uk vi")
	notSpoken = strings.Fields("ar hr cs et el he hi hu id")
)

// speaks reports whether a channel has a language. A template has its own, and
// e-mail has none to choose.
func speaks(channel, locale, template string) bool {
	if template != "" || channel == "email" {
		return true
	}
	if channel == "call" {
		return locale == "en-GB" || slices.Contains(languages, locale) && !slices.Contains(notSpoken, locale)
	}
	return slices.Contains(languages, locale)
}

// shapes are what optional parameters must look like.
var shapes = map[string]func(string) bool{
	"Locale":                      regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`).MatchString,
	"SendDigits":                  regexp.MustCompile(`^[0-9wW#*]+$`).MatchString,
	"TemplateSid":                 regexp.MustCompile(`^HJ[0-9a-fA-F]{32}$`).MatchString,
	"RiskCheck":                   regexp.MustCompile(`^(enable|disable)$`).MatchString,
	"DeviceIp":                    func(s string) bool { _, err := netip.ParseAddr(s); return err == nil },
	"Tags":                        isTags,
	"RateLimits":                  isObject,
	"ChannelConfiguration":        isObject,
	"TemplateCustomSubstitutions": isObject,
}

func isObject(s string) bool {
	var object map[string]any
	return json.Unmarshal([]byte(s), &object) == nil && object != nil
}

// isTags allows ten pairs of at most 128 characters each side.
func isTags(s string) bool {
	var tags map[string]string
	ok := json.Unmarshal([]byte(s), &tags) == nil && tags != nil && len(tags) <= 10
	for key, value := range tags {
		ok = ok && utf8.RuneCountInString(key) <= 128 && utf8.RuneCountInString(value) <= 128
	}
	return ok
}

// sendFault refuses recipients and parameters that do not go with the channel.
func (c *call) sendFault(to, channel string) refusal {
	form := c.PostForm
	template, locale, hash := form.Get("TemplateSid"), form.Get("Locale"), form.Get("AppHash")
	switch {
	case to == "":
		return invalid("To", to)
	case channel == "sna" && c.service.PSD2:
		return refuse(http.StatusBadRequest, 60329)
	case !slices.Contains([]string{"sms", "call", "email", "whatsapp"}, channel):
		return invalid("Channel", channel) // sna and auto need a grant by Twilio
	case channel == "email" && !address.MatchString(to), channel != "email" && !phone.MatchString(to):
		return invalid("To", to)
	case channel == "call" && c.service.PSD2:
		return refuse(http.StatusBadRequest, 60214)
	case !slices.Contains(c.service.Channels, channel):
		return refuse(http.StatusBadRequest, 60223)
	case hash != "" && channel != "sms":
		return refuse(http.StatusBadRequest, 60602)
	case template != "" && channel != "sms" && channel != "call":
		return refuse(http.StatusBadRequest, 60408)
	}
	for name, fits := range shapes {
		if value := form.Get(name); value != "" && !fits(value) {
			return invalid(name, value)
		}
	}
	switch {
	case form.Get("CustomCode") != "":
		return refuse(http.StatusForbidden, 60204)
	case locale != "" && !speaks(channel, locale, template):
		return notFound(c.Request)
	}
	return nil
}

// transaction returns what a PSD2 Service insists on and others ignore.
func (c *call) transaction() (amount, payee string, f refusal) {
	if !c.service.PSD2 {
		return "", "", nil
	}
	amount, payee = c.PostForm.Get("Amount"), c.PostForm.Get("Payee")
	if amount == "" || payee == "" {
		return "", "", refuse(http.StatusBadRequest, 60206)
	}
	return amount, payee, nil
}

// charge counts a send towards programmable rate limits, or refuses it and counts
// nothing.
func (c *call) charge() refusal {
	var given map[string]any
	if text := c.PostForm.Get("RateLimits"); text == "" || c.service.RateLimits == nil || json.Unmarshal([]byte(text), &given) != nil {
		return nil
	}
	for name, value := range given {
		allowed, declared := c.service.RateLimits[name]
		if !declared {
			return invalid("RateLimits", name)
		}
		if sent := c.limits.Get(c.now, limit{c.service.SID, name, fmt.Sprint(value)}); len(sent) >= allowed {
			wait := life
			if allowed > 0 {
				wait = sent[0].Add(life).Sub(c.now)
			}
			f := refuse(http.StatusTooManyRequests, 20429)
			f.Header = http.Header{"Retry-After": {strconv.Itoa(int((wait + time.Second - 1) / time.Second))}}
			return f
		}
	}
	for name, value := range given {
		c.limits.Add(c.now, limit{c.service.SID, name, fmt.Sprint(value)}, c.now)
	}
	return nil
}

var verificationSID = regexp.MustCompile(`^VE[0-9a-fA-F]{32}$`)

// check compares a code. A wrong one is no error: the answer stays pending.
func (c *call) check() (any, refusal) {
	to, sid, typed := c.PostForm.Get("To"), c.PostForm.Get("VerificationSid"), c.PostForm.Get("Code")
	switch n := utf8.RuneCountInString(typed); {
	case to == "" && sid == "":
		return nil, refuse(http.StatusBadRequest, 60221)
	case sid != "" && !verificationSID.MatchString(sid):
		return nil, invalid("VerificationSid", sid)
	case to != "" && !phone.MatchString(to) && !address.MatchString(to):
		return nil, invalid("To", to)
	case n < 4 || n > 10:
		return nil, invalid("Code", typed)
	}
	amount, payee, f := c.transaction()
	if f != nil {
		return nil, f
	}

	// A transaction that was never sent means the newest one: the code is wrong,
	// and counted.
	live := c.byTo.Get(c.now, recipient{c.service.SID, to})
	if sid != "" {
		live = c.bySID.Get(c.now, sid)
	}
	live = slices.DeleteFunc(live, func(v *verification) bool {
		return v.status != "pending" && !v.ended || v.service != c.service.SID || to != "" && to != v.to
	})
	v := newest(live)
	for _, other := range live {
		if other.amount == amount && other.payee == payee {
			v = other
		}
	}
	switch {
	case v == nil:
		return nil, notFound(c.Request)
	case v.ended:
	case v.attempts >= maxAttempts:
		return nil, refuse(http.StatusTooManyRequests, 60202)
	case v.code == typed && v.amount == amount && v.payee == payee:
		v.status, v.updated = "approved", c.now
	default:
		v.attempts++
	}
	body := c.resource(v)
	body["sna_attempts_error_codes"] = []any{}
	return body, nil
}

// fetch returns a verification for as long as it lives, but for one that was
// approved: that is gone.
func (c *call) fetch() (any, refusal) {
	v := c.subject(func(v *verification) bool { return v.status != "approved" })
	if v == nil {
		return nil, notFound(c.Request)
	}
	fetched := c.fetches.Get(c.now, v.sid)
	recent := slices.DeleteFunc(slices.Clone(fetched), func(at time.Time) bool { return !at.After(c.now.Add(-time.Minute)) })
	if len(recent) >= fetchMinute || len(fetched) >= fetchHour {
		return nil, refuse(http.StatusTooManyRequests, 20429)
	}
	c.fetches.Add(c.now, v.sid, c.now)
	return c.body(v), nil
}

// update ends a verification in the account's own name.
func (c *call) update() (any, refusal) {
	status := c.PostForm.Get("Status")
	if status != "canceled" && status != "approved" {
		return nil, invalid("Status", status)
	}
	v := c.subject(func(v *verification) bool { return v.status == "pending" })
	if v == nil {
		return nil, notFound(c.Request)
	}
	v.status, v.updated = status, c.now
	return c.body(v), nil
}

// subject returns the newest verification that fits and that the path names, by
// its SID or its recipient, or nil.
func (c *call) subject(fits func(*verification) bool) *verification {
	named := c.PathValue("subject")
	all := c.byTo.Get(c.now, recipient{c.service.SID, named})
	if strings.HasPrefix(named, "VE") {
		all = c.bySID.Get(c.now, named)
	}
	return newest(slices.DeleteFunc(all, func(v *verification) bool { return v.service != c.service.SID || !fits(v) }))
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
		"status": status, "valid": status == "approved", "amount": nullable(v.amount), "payee": nullable(v.payee),
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
func (c *call) settings() (any, refusal) {
	made := time.Date(2015, 7, 30, 20, 0, 0, 0, time.UTC).Format(date)
	return map[string]any{
		"sid": c.service.SID, "account_sid": c.account, "friendly_name": c.service.FriendlyName,
		"code_length": c.service.CodeLength, "psd2_enabled": c.service.PSD2, "custom_code_enabled": false,
		"do_not_share_warning_enabled": false, "dtmf_input_required": false, "lookup_enabled": false,
		"skip_sms_to_landlines": false, "verify_event_subscription_enabled": false, "default_template_sid": nil, "tts_name": nil,
		"push":     map[string]any{"include_date": false, "apn_credential_sid": nil, "fcm_credential_sid": nil},
		"totp":     map[string]any{"issuer": nil, "time_step": nil, "code_length": nil, "skew": nil},
		"whatsapp": map[string]any{"msg_service_sid": nil, "from": nil}, "date_created": made, "date_updated": made, "url": c.url(),
		"links": map[string]any{"verifications": c.url() + "/Verifications", "verification_checks": c.url() + "/VerificationCheck"},
	}, nil
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// A refusal is an error in Twilio's shape; nil means that nothing is wrong.
type refusal = *emulator.Answer

// texts are Twilio's, as recorded or as its error dictionary has them.
var texts = map[int]string{
	20003: "Authenticate",
	20004: "Method not allowed",
	20429: "Too many requests",
	60202: "Max check attempts reached",
	60203: "Max send attempts reached",
	60204: "Custom code not allowed",
	60206: "'Amount' & 'Payee' params are required",
	60214: "Call channel is not supported when using PSD2",
	60221: "No target verification specified",
	60223: "Delivery channel disabled",
	60329: "Verify SNA does not work with `psd2_enabled`",
	60408: "TemplateSid is only supported for the SMS channel",
	60602: "App hash can only be used with SMS channel",
}

func refuse(status, code int) refusal { return says(status, code, texts[code]) }

func says(status, code int, text string) refusal {
	page := fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)
	if text == "" {
		text = "See " + page
	}
	return &emulator.Answer{Status: status, Body: map[string]any{"code": code, "message": text, "more_info": page, "status": status}}
}

// invalid is 60200 in the wording of Twilio's answers, which quote the value.
func invalid(parameter, value string) refusal {
	return says(http.StatusBadRequest, 60200, fmt.Sprintf("Invalid parameter `%s`: %s", parameter, value))
}

// notFound is also the answer for a verification that is over.
func notFound(r *http.Request) refusal {
	return says(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

func unauthorized(text string) refusal {
	f := says(http.StatusUnauthorized, 20003, text)
	f.Header = http.Header{"Www-Authenticate": {`Basic realm="Twilio API"`}}
	f.Body.(map[string]any)["detail"] = "Your AccountSid or AuthToken was incorrect."
	return f
}

// Refusal returns a fault that answers with an error of Twilio's, in its shape,
// and has no effect.
func Refusal(status, code int) Fault { return refuse(status, code).Fault() }
