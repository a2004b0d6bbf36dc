package failover

import (
	"context"
	"slices"

	"github.com/go2fa/verify"
)

// Check shows the code to the backends that may have sent it, newest first, until
// one approves. All of this is one attempt.
func (v *Verifier) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := v.typed.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()

	c := checking{v: v, key: v.ledgerKey(req.To, req.Scope), id: newID(), to: to, code: code, opts: opts}
	charge, err := v.ledger.Attempt(ctx, c.key, c.id, v.limits)
	if err != nil { // the same id is charged once
		charge, err = v.ledger.Attempt(ctx, c.key, c.id, v.limits)
	}
	if refusal := uncharged(charge, err); refusal != nil {
		return refusal
	}
	c.backends = v.named(charge.Backends)

	for i := range c.backends {
		if c.ask(ctx, i) {
			return c.approve(ctx, i)
		}
	}
	return c.deny(ctx, charge.Left)
}

// uncharged says why no backend is asked, if so.
func uncharged(c Attempt, err error) error {
	e := &verify.Error{Vendor: vendor, Op: "check"}
	switch {
	case err != nil:
		e.Outcome, e.Detail, e.Err = verify.ErrOutcomeUnknown, "the ledger did not answer: no vendor was asked", ended(err)
	case c.Blocked:
		e.Outcome, e.Detail = verify.ErrBlocked, "too many wrong attempts over all codes: an operator may lift it with Reset"
	case c.Locked:
		e.Outcome = verify.ErrTooManyAttempts
	case len(c.Backends) == 0:
		e.Outcome, e.Detail = verify.ErrNotPending, "no vendor holds a code; a memory ledger serves one process"
	default:
		return nil
	}
	return e
}

// named finds the backends of a ledger again. One that was taken out of the
// configuration cannot be asked.
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
	v        *Verifier
	key      Key
	id       ID
	to, code string
	opts     []verify.CheckOption
	backends []*backend
	err      tally
	compared bool // a backend may have compared the code
}

// ask shows the code to one backend and reports whether it approves.
func (c *checking) ask(ctx context.Context, i int) bool {
	l := c.backends[i]
	report, refused := l.check.Allow()
	if refused != nil && len(c.backends) > 1 {
		c.err.add(l.Name, breakerOpen())
		return false
	}
	mine, cancel := share(ctx, len(c.backends)-i)
	defer cancel()
	err := l.Verifier.Check(mine, c.to, c.code, c.opts...)
	if refused == nil {
		report(notCaused(ctx, err))
	}
	if err == nil {
		return true
	}
	c.err.add(l.Name, err)
	c.compared = c.compared || mayHaveCompared(err)
	return false
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

// approve lets one Check win and makes what the other backends sent worthless.
func (c *checking) approve(ctx context.Context, winner int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer cancel()
	won, err := c.v.ledger.Settle(ctx, c.key, c.id, Approved)
	switch {
	case err != nil:
		return &verify.Error{
			Vendor: vendor, Op: "check", Outcome: verify.ErrOutcomeUnknown,
			Detail: "a vendor approved, but the ledger could not say whether another check did too",
		}
	case !won:
		return &verify.Error{
			Vendor: vendor, Op: "check", Outcome: verify.ErrNotPending, Detail: "another check was approved before",
		}
	}
	for i, l := range c.backends {
		if canceler, ok := verify.As[verify.Canceler](l.Verifier); ok && i != winner {
			// At best: the ledger no longer knows this backend, whatever it says.
			_ = canceler.Cancel(ctx, c.to, c.opts...)
		}
	}
	return nil
}

// deny settles a Check that no backend approved. A Settle that fails leaves the
// attempt spent.
func (c *checking) deny(ctx context.Context, left int) error {
	settled, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	verdict := Denied
	if !c.compared {
		verdict = NotAsked
	}
	_, _ = c.v.ledger.Settle(settled, c.key, c.id, verdict)

	e := c.err.failure("check")
	if len(c.backends) == 0 {
		e.Detail = "the vendor that sent the code is not configured any more"
	}
	if e.Outcome == verify.ErrMismatch {
		if e.AttemptsLeft = left; left == 0 {
			e.Outcome = verify.ErrTooManyAttempts
		}
	}
	return e
}
