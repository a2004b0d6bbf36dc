package otp

import (
	"context"
	"math"
	"time"

	"github.com/go2fa/verify"
)

// Check asks the store, in one atomic step, to charge an attempt and compare it. A
// code that is not 6 to 10 ASCII digits is [verify.ErrMismatch] and charged to
// nobody.
//
// The wrong attempt that spends the last one is [verify.ErrTooManyAttempts], and
// from then on the right code gets the same answer. After too many wrong attempts
// over all codes it is [verify.ErrBlocked], until [Engine.Reset]. A store that
// fails is asked once more, then the answer is [verify.ErrOutcomeUnknown].
func (e *Engine) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := e.caps.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return e.failure("check", verify.ErrUnavailable, "the context was done before the code was compared", err)
	}
	d := e.keys.get()
	defer e.keys.put(d)
	if err := d.shuffle(e.random); err != nil {
		return e.noDice("check", err)
	}

	key := d.key(req.To, req.Scope)
	macs := d.attempt(req.To, req.Scope, req.Transaction, req.Code)
	v, left, err := e.store.Attempt(ctx, key, d.id(), macs, e.limits)
	if err != nil && ctx.Err() == nil {
		// The same ID: if the first one was heard, this only repeats its answer.
		v, left, err = e.store.Attempt(ctx, key, d.id(), macs, e.limits)
	}
	if err != nil {
		return e.failure("check", verify.ErrOutcomeUnknown, "the store did not answer, and the code may be spent: ask the person for a new one", err)
	}
	return e.verdict(v, left)
}

// Reset forgets all that is kept of a recipient in a scope, blocks and budgets
// included: an operator's act, or an erasure. It is safe to repeat. A store that
// fails is [verify.ErrOutcomeUnknown].
func (e *Engine) Reset(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := e.caps.SubjectRequest("reset", to, opts...)
	if err != nil {
		return err
	}
	if err := e.store.Reset(ctx, e.keyOf(req)); err != nil {
		return e.failure("reset", verify.ErrOutcomeUnknown, "the store did not answer: reset again", err)
	}
	return nil
}

// Cancel makes the code that was sent worthless and leaves every budget as it
// is. Until it returns, a Check of that code may count as a wrong attempt. A store
// that fails, or is full, is [verify.ErrOutcomeUnknown]; it is safe to cancel
// again.
func (e *Engine) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := e.caps.SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	id, nobody, err := e.nobodysCode()
	if err != nil {
		return e.noDice("cancel", err)
	}

	// A code that nobody has takes the place of the one that was sent, past all
	// limits on sends, and is taken back at once.
	key, limits := e.keyOf(req), e.limits
	limits.Sends, limits.Cooldown = math.MaxInt32, []time.Duration{0}
	admission, err := e.store.Issue(ctx, key, id, nobody, time.Second, limits)
	if err != nil {
		return e.failure("cancel", verify.ErrOutcomeUnknown, "the store did not answer: cancel again", err)
	}
	switch admission.Refused {
	case Admitted:
		// If this fails, the worst is a wait for nothing: the code is dead already.
		_ = e.store.Revoke(ctx, key, id)
	case SendBlocked: // no code of this record works
	case Full: // a store may be full and have the record all the same
		return e.failure("cancel", verify.ErrOutcomeUnknown, "the store is full: the code may still work, cancel again", nil)
	default:
		return e.failure("cancel", verify.ErrUnavailable, "the store did not keep to the limits it was given", nil)
	}
	return nil
}

// nobodysCode is a MAC that no code has.
func (e *Engine) nobodysCode() (ID, MAC, error) {
	d := e.keys.get()
	defer e.keys.put(d)
	if err := d.shuffle(e.random); err != nil {
		return ID{}, MAC{}, err
	}
	return d.id(), MAC(d.dice), nil
}

func (e *Engine) keyOf(req verify.CheckRequest) Key {
	d := e.keys.get()
	defer e.keys.put(d)
	return d.key(req.To, req.Scope)
}
