package failover

import (
	"context"
	"errors"
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/observe"
)

// Check shows the code to the backends that may have sent it, newest first, until
// one approves. All of this is one attempt.
//
// With an idempotency key the vendors are asked for 10 seconds at most whatever becomes
// of ctx, and a Check that is made again within two minutes gets the answer of the first.
// While that is under way it waits for up to 5 seconds, and then is
// [verify.ErrOutcomeUnknown]. It never asks a vendor.
func (v *Verifier) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := v.typed.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	c := checking{subject: subject{v: v}, to: to, code: code, opts: opts, keyed: req.IdempotencyKey != ""}
	c.id, c.by = v.checkIDs(req)
	caller := ctx
	if c.keyed {
		if caller.Err() != nil {
			return &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrUnavailable, Detail: "the context was done before a vendor was asked", Err: callctx.Ended(caller.Err())}
		}
		ctx = context.WithoutCancel(ctx) // a browser that goes away must not lose the vendor's yes
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()

	attempt, err := c.spend(ctx, req)
	if err == nil && c.keyed && attempt.Progress != First {
		return c.repeated(caller, attempt)
	}
	if refusal := notAsked(attempt, err); refusal != nil {
		return refusal
	}
	c.backends = v.named(attempt.Backends)

	for i, l := range c.backends {
		if c.ask(ctx, i) {
			observe.Answered(ctx, l.capabilities.Vendor)
			return c.approve(ctx, i)
		}
	}
	return c.deny(ctx, attempt.Left)
}

// spend charges one attempt, under the key that has a live code. With several keys it
// is given back if their failures come to more than the limit.
func (c *checking) spend(ctx context.Context, req verify.CheckRequest) (attempt Attempt, err error) {
	if c.subject, err = c.v.find(ctx, req.To, req.Scope); err != nil {
		return attempt, err
	}
	if attempt, err = c.attempt(ctx); err != nil || len(attempt.Backends) == 0 || c.keyed && attempt.Progress != First {
		return attempt, err
	}
	failures, err := c.count(ctx)
	if err != nil {
		return attempt, err
	}
	if failures > c.v.limits.Failures {
		_, _ = c.settle(ctx, NotAsked) // if the ledger does not answer, it stays spent
		return Attempt{Locked: true, Blocked: true}, nil
	}
	attempt.Left = min(attempt.Left, c.v.limits.Failures-failures)
	return attempt, nil
}

// notAsked says why no backend is asked, if so.
func notAsked(a Attempt, err error) error {
	e := &verify.Error{Vendor: vendor, Op: "check"}
	switch {
	case err != nil:
		e.Outcome, e.Detail, e.Err = verify.ErrOutcomeUnknown, "the ledger did not answer: no vendor was asked", callctx.Ended(err)
	case a.Blocked:
		e.Outcome, e.Detail = verify.ErrBlocked, "too many wrong attempts over all codes: an operator may lift it with Reset"
	case a.Locked:
		e.Outcome = verify.ErrTooManyAttempts
	case len(a.Backends) == 0:
		e.Outcome, e.Detail = verify.ErrNotPending, "no vendor holds a code; a memory ledger serves one process"
	default:
		return nil
	}
	return e
}

// named finds the backends that a ledger names. One that is not configured any
// more cannot be asked.
func (v *Verifier) named(names []string) []*backend {
	var backends []*backend
	for _, name := range names {
		i := slices.IndexFunc(v.backends, func(l *backend) bool { return l.Name == name })
		if i >= 0 {
			backends = append(backends, v.backends[i])
		}
	}
	return backends
}

// A checking is one Check on its way through the backends.
type checking struct {
	subject
	id, by   ID
	to, code string
	opts     []verify.CheckOption
	backends []*backend
	keyed    bool // id is that of an idempotency key
	err      tally
	compared bool // a backend may have compared the code
}

// ask shows the code to one backend and reports whether it approves. A code that
// this backend cannot have sent is not shown to it.
func (c *checking) ask(ctx context.Context, i int) bool {
	l := c.backends[i]
	if _, err := l.capabilities.CheckRequest(c.to, c.code, c.opts...); err != nil {
		c.err.add(l.Name, err)
		return false
	}
	report, allowed := l.checks.allow(ctx, c.to)
	if !allowed && len(c.backends) > 1 {
		c.err.add(l.Name, breakerOpen())
		return false
	}
	if len(c.err.parts) == 0 {
		observe.Answered(ctx, l.capabilities.Vendor) // unless another one approves
	}
	err := c.request(ctx, i, report)
	if err == nil {
		return true
	}
	c.err.add(l.Name, err)
	c.compared = c.compared || mayHaveCompared(err)
	return false
}

// request reports to the breaker also if the backend panics. The attempt is then
// spent.
func (c *checking) request(ctx context.Context, i int, report report) (err error) {
	mine, cancel := share(ctx, len(c.backends)-i)
	defer cancel()
	if report != nil {
		err = errPanicked
		defer func() { report(counted(ctx, err)) }()
	}
	err = c.backends[i].Verifier.Check(mine, c.to, c.code, c.opts...)
	return err
}

// mayHaveCompared is false where the vendor surely did nothing, or had nothing to
// compare with.
func mayHaveCompared(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized,
		verify.ErrUnsupported, verify.ErrInvalidRecipient, verify.ErrNotPending:
		return false
	}
	return true
}

// approve lets one Check win and cancels what the other backends sent.
func (c *checking) approve(ctx context.Context, winner int) error {
	e := &verify.Error{Vendor: vendor, Op: "check"}
	won, err := c.settle(ctx, Approved)
	switch {
	case err != nil:
		e.Outcome, e.Detail = verify.ErrOutcomeUnknown, "a vendor approved, but the ledger did not say whether another check won"
		return e
	case !won:
		e.Outcome, e.Detail = verify.ErrNotPending, "another check was approved before"
		c.conclude(ctx, e)
		return e
	}
	c.forgetOthers(ctx)
	// The ledger does not name the losers any more, so this may fail, and it ends
	// with the caller's time.
	ctx, cancel := context.WithTimeout(ctx, cancelTime)
	defer cancel()
	for i, l := range c.backends {
		if canceler, ok := verify.As[verify.Canceler](l.Verifier); ok && i != winner {
			_ = canceler.Cancel(ctx, c.to, c.opts...)
		}
	}
	return nil
}

// settle has time of its own, and asks once more if the ledger does not answer:
// the same id gets the same answer.
func (c *checking) settle(ctx context.Context, v Verdict) (won bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	for range 2 {
		if won, err = c.v.ledger.Settle(ctx, c.key(), c.id, v); err == nil {
			return won, nil
		}
	}
	return false, err
}

// deny settles a Check that no backend approved. If the ledger does not answer,
// the attempt stays spent.
func (c *checking) deny(ctx context.Context, left int) error {
	verdict := Denied
	if !c.compared {
		verdict = NotAsked
	}
	if _, err := c.settle(ctx, verdict); err == nil && verdict == NotAsked {
		left++
	}

	e := c.err.failure("check")
	if len(c.backends) == 0 {
		e.Detail = "the vendor that sent the code is not configured any more"
	}
	if e.Outcome == verify.ErrMismatch {
		if e.AttemptsLeft = left; left == 0 {
			e.Outcome = verify.ErrTooManyAttempts
		}
	}
	c.conclude(ctx, e)
	return e
}

// Reset forgets all that is kept of a recipient in a scope, blocks and attempts
// included, in the ledger and in each backend that keeps any. It is for an operator, or
// for an erasure. What a vendor counts itself stays as it is. Reset may be
// repeated. If the ledger does not answer, it returns [verify.ErrOutcomeUnknown].
func (v *Verifier) Reset(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := v.typed.SubjectRequest("reset", to, opts...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()

	for _, k := range v.ledgerKeys(req.To, req.Scope) {
		if err := v.ledger.Reset(ctx, k); err != nil {
			return &verify.Error{
				Vendor: vendor, Op: "reset", Outcome: verify.ErrOutcomeUnknown,
				Detail: "the ledger did not answer: reset again", Err: callctx.Ended(err),
			}
		}
	}
	var errs []error
	for _, l := range v.backends {
		if r, ok := verify.As[resetter](l.Verifier); ok {
			errs = append(errs, r.Reset(ctx, to, opts...))
		}
	}
	return errors.Join(errs...)
}

// A resetter keeps counts of its own: otp.Engine does.
type resetter interface {
	Reset(ctx context.Context, to string, opts ...verify.CheckOption) error
}
