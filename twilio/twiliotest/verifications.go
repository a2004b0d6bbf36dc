package twiliotest

import (
	"slices"

	"github.com/go2fa/verify/internal/emulator"
)

// send starts a verification, or sends the code of the pending one again.
func (c call) send() (any, *failure) {
	p, f := c.sendParams()
	if f != nil {
		return nil, f
	}
	v, f := c.admit(p)
	if f != nil {
		return nil, f
	}

	c.log.Add(message(v, p))
	return c.verificationBody(v), nil
}

// admit charges a send to the recipient and finds or makes its verification.
func (c call) admit(p sendParams) (verification, *failure) {
	s := &c.state
	s.mu.Lock()
	defer s.mu.Unlock()

	to := recipient{c.service, p.to}
	live := s.to(to, c.now)
	sends := 0
	for _, v := range live {
		sends += len(v.attempts)
	}
	if sends >= maxSends {
		return verification{}, tooMany(60203)
	}

	// A code belongs to one transaction; without PSD2 they are all the same.
	i := slices.IndexFunc(live, func(v *verification) bool { return v.amount == p.amount && v.payee == p.payee })
	if i >= 0 && !live[i].guessable() {
		return verification{}, tooMany(60202)
	}
	if f := s.charge(p.limits, c.now); f != nil {
		return verification{}, f
	}

	var v *verification
	if i >= 0 {
		v = live[i]
	} else {
		v = &verification{recipient: to, sid: "VE" + emulator.Hex(16), status: "pending", created: c.now}
		v.code, v.amount, v.payee = c.newCode(c.settings.CodeLength), p.amount, p.payee
		s.start(v)
	}
	v.channel, v.updated = p.channel, c.now
	v.attempts = append(v.attempts, attempt{"VL" + emulator.Hex(16), p.channel, c.now})
	return v.snapshot(), nil
}

// fetch returns a pending verification; one that is over is gone.
func (c call) fetch() (any, *failure) {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()

	v := c.find()
	if v == nil || !v.guessable() {
		return nil, notFound(c.r)
	}
	if f := v.fetchable(c.now); f != nil {
		return nil, f
	}
	return c.verificationBody(v.snapshot()), nil
}

// update ends a verification in the account's own name.
func (c call) update() (any, *failure) {
	status := c.form.Get("Status")
	if status != "canceled" && status != "approved" {
		return nil, invalid("Status", status)
	}

	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	v := c.find()
	if v == nil {
		return nil, notFound(c.r)
	}
	v.close(status, c.now)
	return c.verificationBody(v.snapshot()), nil
}

// find returns the live verification that the path names, or nil.
func (c call) find() *verification {
	if c.byRecipient() {
		return newest(c.state.to(recipient{c.service, c.subject}, c.now))
	}
	return c.state.sid(c.service, c.subject, c.now)
}
