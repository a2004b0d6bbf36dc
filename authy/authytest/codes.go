package authytest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// A user is a person that was registered.
type user struct {
	id, email, phone, country string
	confirmed                 bool
	app                       bool
	soft                      *token            // the one that the app shows
	tokens                    map[string]*token // those that were sent, by action
}

// A token is one code to a user.
type token struct {
	code string
	at   time.Time
	used bool
}

func (t *token) live(now time.Time) bool { return t != nil && !t.used && now.Before(t.at.Add(life)) }

// newest returns the last code of an action or of the app that would be
// approved, or nil.
func (u *user) newest(action string, now time.Time) *token {
	sent, soft := u.tokens[action], u.soft
	shown := soft != nil && !soft.used
	switch {
	case sent.live(now) && (!shown || soft.at.Before(sent.at)):
		return sent
	case shown:
		return soft
	}
	return nil
}

var address = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

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

// number is an id as answers show it.
func number(id string) int {
	n, _ := strconv.Atoi(id) // digits
	return n
}

// register makes a user, or returns the one that has the phone. What is wrong
// stands inside errors and beside, as Authy does it.
func (c *call) register() *emulator.Answer {
	email, country := c.params["user[email]"], c.params["user[country_code]"]
	if country == "" {
		country = "1"
	}
	to := phone(country, c.params["user[cellphone]"])
	if !address.MatchString(email) || to == "" {
		a := refuse(http.StatusBadRequest, 60027)
		body := a.Body.(object)
		for field, ok := range map[string]bool{"email": address.MatchString(email), "cellphone": to != ""} {
			if !ok {
				body[field], body["errors"].(object)[field] = "is invalid", "is invalid"
			}
		}
		return a
	}
	id := c.enrol(email, onlyDigits(country), to)
	return says(object{"message": "User created successfully.", "user": object{"id": number(id)}, "success": true})
}

// remove forgets a user at once, which takes Authy a day. The three spellings are
// those of Authy's client libraries.
func (c *call) remove() *emulator.Answer {
	id, verb := c.PathValue("id"), c.PathValue("verb")
	if id == "delete" {
		id, verb = verb, id
	}
	if verb != "delete" && verb != "remove" {
		return notFound()
	}
	u := c.users[id]
	if u == nil {
		return userNotFound()
	}
	delete(c.users, u.id)
	delete(c.ids, u.phone)
	return said("User was added to remove.")
}

func (c *call) userStatus() *emulator.Answer {
	u := c.users[c.PathValue("id")]
	if u == nil {
		return userNotFound()
	}
	devices := []string{}
	if u.app {
		devices = append(devices, "android")
	}
	return says(object{"message": "User status.", "success": true, "status": object{
		"authy_id": number(u.id), "confirmed": u.confirmed, "registered": u.app, "country_code": number(u.country),
		"phone_number": "XXX-XXX-" + u.phone[len(u.phone)-4:], "email": u.email, "devices": devices,
		"has_hard_token": false, "account_disabled": false, "detailed_devices": []any{}, "deleted_devices": []any{},
	}})
}

func (c *call) sms() *emulator.Answer {
	return c.send("sms", "SMS token was sent",
		"Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway.")
}

func (c *call) voice() *emulator.Answer {
	return c.send("voice", "Call started...", "Call ignored. User is using  App Tokens and this call is not necessary. "+
		"Pass force=true if you still want to call users that are using the App.")
}

// send delivers a new code, unless the person has the app.
func (c *call) send(channel, sent, ignored string) *emulator.Answer {
	u, action := c.users[c.PathValue("id")], c.params["action"]
	switch {
	case u == nil:
		return userNotFound()
	case len(c.sends.Get(c.now, u.id)) >= maxSends:
		return refuse(http.StatusTooManyRequests, 60003)
	}
	masked := "+" + u.country + "-XXX-XXX-XX" + u.phone[len(u.phone)-2:]
	if u.app && c.params["force"] != "true" {
		if u.soft == nil || u.soft.used {
			u.soft = &token{code: c.options.NewCode(c.options.Digits), at: c.now}
		}
		return says(object{"message": ignored, "cellphone": masked, "device": "android", "ignored": true, "success": true})
	}

	c.sends.Add(c.now, u.id, struct{}{})
	t := &token{code: c.options.NewCode(c.options.Digits), at: c.now}
	u.tokens[action] = t
	c.sent = c.message(u.phone, channel, action, t.code)
	if text := c.params["action_message"]; text != "" {
		c.sent.Text = text + ": " + c.sent.Text
	}
	return says(object{"message": sent, "cellphone": masked, "success": true})
}

// check compares a code with those of its action and of the app.
func (c *call) check() *emulator.Answer {
	code, u := c.PathValue("code"), c.users[c.PathValue("id")]
	switch {
	case u == nil:
		return userNotFound()
	case len(c.wrong.Get(c.now, u.id)) >= maxAttempts:
		return refuse(http.StatusTooManyRequests, 60003)
	}
	t := u.tokens[c.params["action"]]
	switch {
	case t.live(c.now) && t.code == code:
	case u.soft != nil && u.soft.code == code:
		t = u.soft
	case t != nil && t.used && t.code == code:
	case !u.confirmed && c.params["force"] != "true":
		return valid() // whatever the code
	default:
		c.wrong.Add(c.now, u.id, struct{}{})
		return wrongToken(60020)
	}

	if t.used {
		return wrongToken(60019)
	}
	t.used, u.confirmed = true, true
	c.wrong.Remove(u.id)
	return valid()
}

// valid has success in quotes, as recorded.
func valid() *emulator.Answer {
	device := object{"os_type": "sms"}
	for _, name := range []string{
		"id", "registration_date", "registration_method", "registration_country", "registration_region",
		"registration_city", "country", "region", "city", "ip", "last_account_recovery_at", "last_sync_date",
	} {
		device[name] = nil
	}
	return says(object{"message": "Token is valid.", "token": "is valid", "success": "true", "device": device})
}

// A verification is one code to a phone.
type verification struct {
	uuid, code      string
	created, sent   time.Time
	verified        bool
	sends, attempts int
}

func (v *verification) live(now time.Time) bool {
	return v != nil && !v.verified && now.Before(v.created.Add(life))
}

// left is how many seconds a verification still has: 599 at first, as recorded.
func (v *verification) left(now time.Time) int {
	return max(int((v.created.Add(life).Sub(now)-1)/time.Second), 0)
}

// subject returns the phone that a verification is about.
func (c *call) subject() (to string, refused *emulator.Answer) {
	for _, parameter := range []string{"country_code", "phone_number"} {
		if c.params[parameter] == "" {
			return "", missing(parameter)
		}
	}
	to = phone(c.params["country_code"], c.params["phone_number"])
	if to == "" {
		return "", refuse(http.StatusBadRequest, 60033)
	}
	return to, nil
}

// start makes a verification, or sends the code of the pending one again. Codes
// that the application makes need a grant.
func (c *call) start() *emulator.Answer {
	to, refused := c.subject()
	if refused != nil {
		return refused
	}
	digits, via := 4, c.params["via"]
	if text := c.params["code_length"]; text != "" {
		digits, _ = strconv.Atoi(text) // zero is refused below
	}
	switch {
	case digits < 4 || digits > 10:
		return refuse(http.StatusBadRequest, 60004)
	case via == "":
		return missing("via")
	case !slices.Contains([]string{"sms", "call"}, via), c.params["custom_code"] != "":
		return refuse(http.StatusBadRequest, 60004)
	}

	v := c.phones[to]
	if !v.live(c.now) {
		v = &verification{uuid: emulator.UUID(), code: c.options.NewCode(digits), created: c.now}
		c.phones[to], c.byUUID[v.uuid] = v, v
	}
	if v.sends >= maxSends || v.attempts >= maxAttempts {
		return refuse(http.StatusTooManyRequests, 60003)
	}
	v.sends++
	v.sent = c.now
	channel, verb := "sms", "Text message sent to "
	if via == "call" {
		channel, verb = "voice", "Call to "
	}
	c.sent = c.message(to, channel, "", v.code)
	return says(object{
		"carrier": "Example", "is_cellphone": true, "uuid": v.uuid, "seconds_to_expire": v.left(c.now), "success": true,
		"message": verb + "+" + onlyDigits(c.params["country_code"]) + " " + c.params["phone_number"] + ".",
	})
}

// checkPhone compares a code.
func (c *call) checkPhone() *emulator.Answer {
	to, refused := c.subject()
	if refused != nil {
		return refused
	}
	code, v := c.params["verification_code"], c.phones[to]
	switch {
	case code == "":
		return missing("verification_code")
	case !v.live(c.now):
		return refuseWith(http.StatusNotFound, 60023, "No pending verifications for "+c.params["phone_number"]+" found.")
	case v.attempts >= maxAttempts:
		return refuse(http.StatusTooManyRequests, 60003)
	case v.code != code:
		v.attempts++
		return refuse(http.StatusUnauthorized, 60022)
	}
	v.verified = true
	return said("Verification code is correct.")
}

// phoneStatus finds a verification by its id or by its phone.
func (c *call) phoneStatus() *emulator.Answer {
	uuid, to := c.params["uuid"], phone(c.params["country_code"], c.params["phone_number"])
	if uuid == "" && to == "" {
		return refuse(http.StatusBadRequest, 60042)
	}
	v := c.phones[to]
	if uuid != "" {
		v = c.byUUID[uuid]
	}
	if v == nil {
		return refuseWith(http.StatusNotFound, 60023, "No pending verifications found.")
	}
	status := "expired"
	switch {
	case v.verified:
		status = "verified"
	case v.live(c.now):
		status = "pending"
	}
	return says(object{
		"message": "Phone Verification status.", "success": true, "status": status, "seconds_to_expire": v.left(c.now),
	})
}
