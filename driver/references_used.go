package driver

import (
	"context"
	"errors"

	"github.com/go2fa/verify"
)

// usedNote is what is kept of a code that was used, of a vendor that checks by the
// recipient. It is set before the reference is taken, so that it is there before another
// send can bring another reference.
const usedNote = "used"

// lostNote is what is kept in place of the reference that a lost answer held.
const lostNote = "lost"

// setLost has a code checked that may have been sent, where the vendor needs no reference
// for it. If the store fails, the code that arrives is none.
func (r *References) setLost(ctx context.Context, all names, sent error) {
	if r.cfg.ByRecipient && verify.OutcomeOf(sent) == verify.ErrOutcomeUnknown {
		_ = r.set(ctx, all, lostNote, r.cfg.TTL)
	}
}

func (r *References) usedNames(vendor string, check Check) (of names) {
	for i, name := range r.names(vendor, check.CheckRequest) {
		if i == len(r.keys) {
			break
		}
		of[i] = r.keys[i].name(usedNote, string(name[:]), check.Code)
	}
	return of
}

func (a *API) setUsed(ctx context.Context, check Check) error {
	r := a.References
	if !r.cfg.ByRecipient {
		return nil
	}
	return r.set(ctx, r.usedNames(a.Capabilities.Vendor, check), usedNote, r.cfg.TTL)
}

// refuseUsed is an error if the code was used, or if nobody knows.
func (a *API) refuseUsed(ctx context.Context, check Check) error {
	r := a.References
	if !r.cfg.Once || !r.cfg.ByRecipient {
		return nil
	}
	_, found, err := r.get(ctx, r.usedNames(a.Capabilities.Vendor, check))
	switch {
	case errors.Is(err, errForged):
		return a.storeError("check", verify.ErrOutcomeUnknown, errForged.Error(), nil)
	case err != nil:
		return a.storeError("check", verify.ErrUnavailable, "the store of references did not answer: the vendor was not asked", err)
	case found:
		return a.storeError("check", verify.ErrNotPending, "the code was used", nil)
	}
	return nil
}
