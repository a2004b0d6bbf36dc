package twiliotest

import (
	"regexp"
	"unicode/utf8"
)

var verificationSID = regexp.MustCompile(`^VE[0-9a-fA-F]{32}$`)

// checkParams are the form of a check.
type checkParams struct{ to, sid, code, amount, payee string }

// check compares a code. A wrong one is no error: the answer stays pending.
func (c call) check() (any, *failure) {
	p, f := c.checkParams()
	if f != nil {
		return nil, f
	}

	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	v := c.checked(p)
	if v == nil {
		return nil, notFound(c.r)
	}
	if !v.guessable() {
		return nil, tooMany(60202)
	}

	v.guesses++
	if v.code == p.code && v.amount == p.amount && v.payee == p.payee {
		v.close("approved", c.now)
	}
	return c.checkBody(v.snapshot()), nil
}

// checked returns the live verification that is meant, or nil. A transaction
// that was never sent means the newest one: the guess is wrong, and charged.
func (c call) checked(p checkParams) *verification {
	if p.sid != "" {
		v := c.state.sid(c.service, p.sid, c.now)
		if v != nil && p.to != "" && p.to != v.to {
			return nil
		}
		return v
	}

	live := c.state.to(recipient{c.service, p.to}, c.now)
	for _, v := range live {
		if v.amount == p.amount && v.payee == p.payee {
			return v
		}
	}
	return newest(live)
}

func (c call) checkParams() (checkParams, *failure) {
	p := checkParams{to: c.form.Get("To"), sid: c.form.Get("VerificationSid"), code: c.form.Get("Code")}
	switch n := utf8.RuneCountInString(p.code); {
	case p.to == "" && p.sid == "":
		return p, badRequest(60221)
	case p.sid != "" && !verificationSID.MatchString(p.sid):
		return p, invalid("VerificationSid", p.sid)
	case p.to != "" && !isPhone(p.to) && !isAddress(p.to):
		return p, invalid("To", p.to)
	case n < 4 || n > 10:
		return p, invalid("Code", p.code)
	}

	var f *failure
	p.amount, p.payee, f = c.transaction()
	return p, f
}

// transaction returns what a PSD2 Service insists on and others ignore.
func (c call) transaction() (amount, payee string, f *failure) {
	if !c.settings.PSD2 {
		return "", "", nil
	}
	amount, payee = c.form.Get("Amount"), c.form.Get("Payee")
	if amount == "" || payee == "" {
		return "", "", badRequest(60206)
	}
	return amount, payee, nil
}
