package otp

import (
	"context"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/keys"
	"github.com/go2fa/verify/internal/sent"
)

// issue has the store admit a Send. An idempotency key makes the ID of its call.
func (e *Engine) issue(ctx context.Context, req verify.SendRequest, l *prepared) (Admission, error) {
	if req.IdempotencyKey != "" {
		d := e.keys.get()
		l.id, l.keyed = d.call(keys.Send, req.IdempotencyKey, req.To, req.Scope, req.Transaction, ""), true
		e.keys.put(d)
	}
	return e.store.Issue(ctx, l.key, l.id, l.mac, e.ttl, e.limits)
}

// repeated answers a Send whose key the store knows.
func (e *Engine) repeated(a Admission) (verify.Receipt, error) {
	if a.Stale {
		return verify.Receipt{}, e.failure("send", verify.ErrTooManySends, "this idempotency key was used more than two minutes ago: make a new one for each form", nil)
	}
	return sent.Answer(e.caps.Vendor, a.Outcome)
}

// conclude keeps what became of a Send with an idempotency key. If the store does not
// answer, a repeated one is told that it is under way, and nothing is sent.
func (e *Engine) conclude(ctx context.Context, l prepared, receipt verify.Receipt, err error) {
	if !l.keyed {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience(ctx))
	defer cancel()
	outcome := sent.Outcome(receipt, err)
	for range 2 {
		if e.store.Conclude(ctx, l.key, l.id, outcome) == nil {
			return
		}
	}
}

// checkID names a Check: by its idempotency key, or at random.
func (e *Engine) checkID(d *scratch, req verify.CheckRequest) (ID, error) {
	if req.IdempotencyKey != "" {
		return d.call(keys.Check, req.IdempotencyKey, req.To, req.Scope, req.Transaction, req.Code), nil
	}
	err := d.name(e.random, d.names[:len(ID{})])
	return d.id(), err
}

// call names a call with an idempotency key. What it is for keeps a Send from ever
// answering a Check.
func (d *scratch) call(purpose, key, to, scope string, t verify.Transaction, code string) ID {
	d.beginCode(to, scope, t)
	for _, field := range [...]string{purpose, key, code} {
		d.fields = appendField(d.fields, field)
	}
	return ID(d.hash(d.calls)[:len(ID{})])
}
