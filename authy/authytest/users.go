package authytest

import (
	"net/http"
	"regexp"
	"strconv"
	"time"
)

var address = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

// register makes a user, or returns the one that has the phone.
func (c call) register() (any, *failure) {
	email, country := c.params["user[email]"], c.params["user[country_code]"]
	if country == "" {
		country = "1"
	}
	to := phone(country, c.params["user[cellphone]"])
	wrong := map[string]string{}
	if !address.MatchString(email) {
		wrong["email"] = "is invalid"
	}
	if to == "" {
		wrong["cellphone"] = "is invalid"
	}
	if len(wrong) > 0 {
		return nil, invalid(wrong)
	}

	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	id, known := s.ids[to]
	if !known {
		id = s.newID()
		code, _ := strconv.Atoi(onlyDigits(country)) // at most 15 digits
		s.ids[to] = id
		s.users[id] = &user{id: id, phone: to, country: code, app: s.apps[to], tokens: map[string]*token{}}
	}
	u := s.users[id]
	u.email = email
	return answer{"message": "User created successfully.", "user": answer{"id": u.number()}, "success": true}, nil
}

// remove forgets a user at once, which takes Authy a day.
func (c call) remove() (any, *failure) {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	u := c.state.users[c.args[0]]
	if u == nil {
		return nil, userNotFound()
	}
	delete(c.state.users, u.id)
	delete(c.state.ids, u.phone)
	return said("User was added to remove."), nil
}

func (c call) userStatus() (any, *failure) {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	u := c.state.users[c.args[0]]
	if u == nil {
		return nil, userNotFound()
	}
	devices := []string{}
	if u.app {
		devices = append(devices, "android")
	}
	return answer{
		"message": "User status.",
		"success": true,
		"status": answer{
			"authy_id": u.number(), "confirmed": u.confirmed, "registered": u.app, "country_code": u.country,
			"phone_number": "XXX-XXX-" + u.phone[len(u.phone)-4:], "email": u.email, "devices": devices,
			"has_hard_token": false, "account_disabled": false,
			"detailed_devices": []any{}, "deleted_devices": []any{},
		},
	}, nil
}

// send delivers a new code, unless the person has the app.
func (c call) send() (any, *failure) {
	u, m, f := c.admit()
	if f != nil {
		return nil, f
	}
	masked := u.masked()
	if m == nil {
		text := "Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway."
		if c.voice {
			text = "Call ignored. User is using  App Tokens and this call is not necessary. Pass force=true if you still want to call users that are using the App."
		}
		return answer{"message": text, "cellphone": masked, "device": "android", "ignored": true, "success": true}, nil
	}

	c.log.Add(*m)
	text := "SMS token was sent"
	if c.voice {
		text = "Call started..."
	}
	return answer{"message": text, "cellphone": masked, "success": true}, nil
}

// admit charges a message to the user and makes its code, or returns none for
// somebody with the app.
func (c call) admit() (user, *Message, *failure) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[c.args[0]]
	if u == nil {
		return user{}, nil, userNotFound()
	}
	if u.sends = u.sends.in(counted, c.now); len(u.sends) >= maxSends {
		return user{}, nil, refusal(http.StatusTooManyRequests, 60003)
	}
	if u.app && c.params["force"] != "true" {
		if u.soft == nil || u.soft.used {
			u.soft = &token{code: c.newCode(c.digits), at: c.now}
		}
		return *u, nil, nil
	}
	u.sends = append(u.sends, c.now)
	t := &token{code: c.newCode(c.digits), at: c.now}
	u.tokens[c.params["action"]] = t
	m := c.message(u.phone, c.params["action"], t.code)
	if text := c.params["action_message"]; text != "" {
		m.Text = text + ": " + m.Text
	}
	return *u, &m, nil
}

// check compares a code with those of its action and of the app.
func (c call) check() (any, *failure) {
	code := c.args[0]
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	u := c.state.users[c.args[1]]
	if u == nil {
		return nil, userNotFound()
	}
	if u.guesses = u.guesses.in(counted, c.now); len(u.guesses) >= maxGuesses {
		return nil, refusal(http.StatusTooManyRequests, 60003)
	}
	t := u.tokens[c.params["action"]]
	switch {
	case t.live(c.now) && t.code == code:
	case u.soft != nil && u.soft.code == code:
		t = u.soft
	case t != nil && t.used && t.code == code:
	case !u.confirmed && c.params["force"] != "true":
		return valid(), nil // whatever the code
	default:
		u.guesses = append(u.guesses, c.now)
		return nil, wrongToken(60020)
	}

	if t.used {
		return nil, wrongToken(60019)
	}
	t.used, u.confirmed, u.guesses = true, true, nil
	return valid(), nil
}

// valid has success in quotes, as recorded.
func valid() answer {
	device := answer{"os_type": "sms"}
	for _, name := range []string{
		"id", "registration_date", "registration_method", "registration_country", "registration_region",
		"registration_city", "country", "region", "city", "ip", "last_account_recovery_at", "last_sync_date",
	} {
		device[name] = nil
	}
	return answer{"message": "Token is valid.", "token": "is valid", "success": "true", "device": device}
}

// masked is the phone as answers show it: "+57-XXX-XXX-XX12".
func (u user) masked() string {
	return "+" + strconv.Itoa(u.country) + "-XXX-XXX-XX" + u.phone[len(u.phone)-2:]
}

// newest returns the last code of an action or of the app that would be
// approved, or nil.
func (u *user) newest(action string, now time.Time) *token {
	sent, soft := u.tokens[action], u.soft
	switch {
	case len(u.guesses.in(counted, now)) >= maxGuesses:
		return nil
	case !sent.live(now) && (soft == nil || soft.used):
		return nil
	case !sent.live(now):
		return soft
	case soft == nil || soft.used || soft.at.Before(sent.at):
		return sent
	}
	return soft
}
