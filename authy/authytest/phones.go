package authytest

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/go2fa/verify/internal/emulator"
)

// subject returns the phone that a verification is about.
func (c call) subject() (string, *failure) {
	for _, parameter := range []string{"country_code", "phone_number"} {
		if c.params[parameter] == "" {
			return "", missing(parameter)
		}
	}
	to := phone(c.params["country_code"], c.params["phone_number"])
	if to == "" {
		return "", refusal(http.StatusBadRequest, 60033)
	}
	return to, nil
}

// start makes a verification, or sends the code of the pending one again.
func (c call) start() (any, *failure) {
	to, f := c.subject()
	if f != nil {
		return nil, f
	}
	digits, f := c.startParams()
	if f != nil {
		return nil, f
	}
	v, f := c.admitPhone(to, digits)
	if f != nil {
		return nil, f
	}

	c.voice = c.params["via"] == "call"
	c.log.Add(c.message(to, "", v.code))
	verb := "Text message sent to "
	if c.voice {
		verb = "Call to "
	}
	shown := "+" + onlyDigits(c.params["country_code"]) + " " + c.params["phone_number"]
	return answer{
		"carrier": "Example", "is_cellphone": true, "message": verb + shown + ".",
		"seconds_to_expire": v.left(c.now), "uuid": v.uuid, "success": true,
	}, nil
}

// startParams returns the length of the code. Codes of one's own need a grant.
func (c call) startParams() (digits int, f *failure) {
	digits = 4
	if text := c.params["code_length"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 4 || n > 10 {
			return 0, refusal(http.StatusBadRequest, 60004)
		}
		digits = n
	}
	via := c.params["via"]
	switch {
	case via == "":
		return 0, missing("via")
	case !slices.Contains([]string{"sms", "call"}, via), c.params["custom_code"] != "":
		return 0, refusal(http.StatusBadRequest, 60004)
	}
	return digits, nil
}

func (c call) admitPhone(to string, digits int) (verification, *failure) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.phones[to]
	if v == nil || v.verified || !c.now.Before(v.created.Add(life)) {
		id := emulator.Hex(16)
		v = &verification{
			uuid: id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:],
			code: c.newCode(digits), created: c.now,
		}
		s.phones[to], s.byUUID[v.uuid] = v, v
	}
	if v.sends >= maxSends || v.guesses >= maxGuesses {
		return verification{}, refusal(http.StatusTooManyRequests, 60003)
	}
	v.sends++
	v.sent = c.now
	return *v, nil
}

// checkPhone compares a code.
func (c call) checkPhone() (any, *failure) {
	to, f := c.subject()
	if f != nil {
		return nil, f
	}
	code := c.params["verification_code"]
	if code == "" {
		return nil, missing("verification_code")
	}

	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	v := c.state.phones[to]
	switch {
	case v == nil || v.verified || !c.now.Before(v.created.Add(life)):
		f := refusal(http.StatusNotFound, 60023)
		f.message = "No pending verifications for " + c.params["phone_number"] + " found."
		return nil, f
	case v.guesses >= maxGuesses:
		return nil, refusal(http.StatusTooManyRequests, 60003)
	case v.code != code:
		v.guesses++
		return nil, refusal(http.StatusUnauthorized, 60022)
	}
	v.verified = true
	return said("Verification code is correct."), nil
}

// phoneStatus finds a verification by its id or by its phone.
func (c call) phoneStatus() (any, *failure) {
	uuid := c.params["uuid"]
	to := phone(c.params["country_code"], c.params["phone_number"])
	if uuid == "" && to == "" {
		return nil, refusal(http.StatusBadRequest, 60042)
	}

	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	v := c.state.phones[to]
	if uuid != "" {
		v = c.state.byUUID[uuid]
	}
	if v == nil {
		f := refusal(http.StatusNotFound, 60023)
		f.message = "No pending verifications found."
		return nil, f
	}
	status := "pending"
	switch {
	case v.verified:
		status = "verified"
	case !c.now.Before(v.created.Add(life)):
		status = "expired"
	}
	a := said("Phone Verification status.")
	a["status"], a["seconds_to_expire"] = status, v.left(c.now)
	return a, nil
}
