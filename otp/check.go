package otp

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/go2fa/verify"
)

// Check asks the store, in one atomic step, to charge an attempt and compare it. A
// code that is not 6 to 10 ASCII digits is [verify.ErrMismatch] and is not charged.
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
	id, err := e.checkID(d, req)
	if err != nil {
		return e.noEntropy("check", err)
	}

	key := d.key(req.To, req.Scope)
	macs := d.attempt(req.To, req.Scope, req.Transaction, req.Code)
	v, left, err := e.store.Attempt(ctx, key, id, macs, e.limits)
	if err != nil && ctx.Err() == nil {
		// The same ID: if the first one was heard, this only repeats its answer.
		v, left, err = e.store.Attempt(ctx, key, id, macs, e.limits)
	}
	if err != nil {
		return e.failure("check", verify.ErrOutcomeUnknown, "the store did not answer, and the code may be spent: ask the person for a new one", err)
	}
	return e.verdict(v, left)
}

// Reset forgets all that is kept of a recipient in a scope, blocks and budgets
// included. It is for operators, and for erasing a person. It is safe to repeat. A
// store that fails is [verify.ErrOutcomeUnknown].
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

// Cancel makes the code that was sent worthless, in one step, and leaves every
// budget as it is. A store that fails is [verify.ErrOutcomeUnknown]; it is safe to cancel
// again.
func (e *Engine) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := e.caps.SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	if err := e.store.Revoke(ctx, e.keyOf(req), ID{}); err != nil {
		return e.failure("cancel", verify.ErrOutcomeUnknown, "the store did not answer: cancel again", err)
	}
	return nil
}

func (e *Engine) keyOf(req verify.CheckRequest) Key {
	d := e.keys.get()
	defer e.keys.put(d)
	return d.key(req.To, req.Scope)
}

var _ verify.Prober = (*Engine)(nil)

// Probe asks the courier, each of them below [Fallback], and the store, if they
// have a Probe of their own; nil says nothing about one that has none. An error of
// the store is the cause of the error returned.
func (e *Engine) Probe(ctx context.Context) error {
	var faults []*verify.Error
	for _, err := range e.ProbeEach(ctx) {
		if fault := (*verify.Error)(nil); errors.As(err, &fault) {
			faults = append(faults, fault)
		}
	}
	return e.together(faults)
}

// ProbeEach is Probe with an answer for each courier, by its vendor's name, and for
// "store", if that can be asked. Nil means that no fault was found, and
// verify.ErrUnsupported itself that a courier cannot be asked. Package health serves
// it.
func (e *Engine) ProbeEach(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, c := range e.couriers() {
			err := error(verify.ErrUnsupported)
			if p, ok := c.given().(verify.Prober); ok {
				if err = p.Probe(ctx); err != nil {
					err = named(c.caps.Vendor, err)
				}
			}
			if !yield(c.caps.Vendor, err) {
				return
			}
		}
		if p, ok := e.store.(verify.Prober); ok {
			var err error
			if fault := p.Probe(ctx); fault != nil {
				err = e.failure("probe", verify.ErrUnavailable, "the store would not do: its error says why", fault)
			}
			yield("store", err)
		}
	}
}

var _ verify.Warmer = (*Engine)(nil)

// Warm warms the courier, the first of them below [Fallback], if it can be.
func (e *Engine) Warm(ctx context.Context) error { return warm(ctx, e.couriers()) }

func (e *Engine) couriers() []courier {
	if e.several != nil {
		return e.several.couriers
	}
	return []courier{e.courier}
}

// together makes one error of several. It matches what all of them match, or else
// says that the engine would not work.
func (e *Engine) together(faults []*verify.Error) error {
	switch len(faults) {
	case 0:
		return nil
	case 1:
		faults[0].Op = "probe"
		return faults[0]
	}
	all := &verify.Error{Vendor: e.caps.Vendor, Op: "probe", Outcome: faults[0].Outcome}
	var details []string
	var causes []error
	for _, fault := range faults {
		if fault.Outcome != all.Outcome {
			all.Outcome = verify.ErrUnavailable
		}
		causes = append(causes, fault.Err)
		fault.Op = ""
		for detail := range strings.SplitSeq(fault.Detail, "; ") {
			fault.Detail = detail
			details = append(details, fault.Error())
		}
	}
	all.Detail, all.Err = strings.Join(details, "; "), errors.Join(causes...)
	return all
}
