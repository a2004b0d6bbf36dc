package failover

import (
	"context"
	"errors"

	"github.com/go2fa/verify"
)

// A Resetter is a Ledger that can forget all it knows of one key, failures
// included. Both ledgers of this module are.
type Resetter interface {
	Reset(ctx context.Context, k Key) error
}

// Reset forgets all that is kept of a recipient in a scope, blocks and budgets
// included, in the ledger and in each backend that keeps any: an operator's act, or an
// erasure. What a vendor counts itself stays as it is. It is safe to repeat. A
// ledger that cannot forget is [verify.ErrUnsupported], one that does not answer
// is [verify.ErrOutcomeUnknown].
func (v *Verifier) Reset(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := v.typed.SubjectRequest("reset", to, opts...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()

	e := &verify.Error{Vendor: vendor, Op: "reset"}
	ledger, ok := v.ledger.(Resetter)
	if !ok {
		e.Outcome, e.Detail = verify.ErrUnsupported, "the ledger has no Reset: nothing was reset"
		return e
	}
	if err := ledger.Reset(ctx, v.ledgerKey(req.To, req.Scope)); err != nil {
		e.Outcome, e.Detail, e.Err = verify.ErrOutcomeUnknown, "the ledger did not answer: reset again", ended(err)
		return e
	}
	var errs []error
	for _, l := range v.backends {
		if r, ok := verify.As[resetter](l.Verifier); ok {
			errs = append(errs, r.Reset(ctx, to, opts...))
		}
	}
	return errors.Join(errs...)
}

// A resetter keeps budgets of its own: otp.Engine does.
type resetter interface {
	Reset(ctx context.Context, to string, opts ...verify.CheckOption) error
}
