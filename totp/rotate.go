package totp

import (
	"context"
	"errors"
	"time"

	"github.com/go2fa/verify"
)

// Reseal seals the account's factor under the first of Keys, for people who never
// come to be checked. It charges nothing and is safe to repeat; nil also means that
// there was nothing to do. A factor that no key opens, and a store that does not
// answer, are [verify.ErrOutcomeUnknown].
func (a *Authenticator) Reseal(ctx context.Context, account string) error {
	if _, err := capabilities.SubjectRequest("reseal", account); err != nil {
		return err
	}
	d := a.keys.get()
	defer a.keys.put(d)
	k := a.keys.key(d, account)
	kept, found, err := a.store.Get(ctx, k)
	if err != nil {
		return failure("reseal", verify.ErrOutcomeUnknown, "the store did not answer: reseal again", err)
	}
	if !found {
		return nil
	}
	f, err := a.keys.open(d, account, kept)
	if err != nil {
		return failure("reseal", verify.ErrOutcomeUnknown, err.Error(), nil)
	}
	if !f.old {
		return nil
	}
	if _, err := a.store.Reseal(ctx, k, f.enrolment, *a.keys.reseal(f)); err != nil {
		return failure("reseal", verify.ErrOutcomeUnknown, "the store did not answer: reseal again", err)
	}
	return nil
}

// A KeyCounter is a Store that knows how many factors each key seals. It may take
// long: it looks at every factor.
type KeyCounter interface {
	CountKeys(ctx context.Context) (map[KeyID]int, error)
}

// SealedUnder counts the factors under each of Keys, in their order, and those under
// no key of this Authenticator. A key may leave the list when its count is zero. A
// store that cannot count is [verify.ErrUnsupported].
func (a *Authenticator) SealedUnder(ctx context.Context) (counts []int, others int, err error) {
	counter, ok := a.store.(KeyCounter)
	if !ok {
		return nil, 0, failure("count", verify.ErrUnsupported, "the store cannot count", nil)
	}
	kept, err := counter.CountKeys(ctx)
	if err != nil {
		return nil, 0, failure("count", verify.ErrUnavailable, "the store did not answer", err)
	}
	for _, key := range a.keys.keys {
		counts = append(counts, kept[key.id])
		delete(kept, key.id)
	}
	for _, n := range kept {
		others += n
	}
	return counts, others, nil
}

// A Clock is a Store that tells its time.
type Clock interface {
	Now(ctx context.Context) (time.Time, error)
}

// maxClockGap is by how much the clocks of host and store may differ: a step is
// counted from the host's, a wait from the store's.
const maxClockGap = 5 * time.Second

// Probe asks the store, if it has a Probe of its own, and compares its clock with
// the host's. It charges nothing and may be repeated.
func (a *Authenticator) Probe(ctx context.Context) error {
	if p, ok := a.store.(verify.Prober); ok {
		if err := p.Probe(ctx); err != nil {
			var e *verify.Error
			if errors.As(err, &e) {
				return failure("probe", verify.ErrUnavailable, e.Detail, err)
			}
			return failure("probe", verify.ErrUnavailable, "the store would not do", err)
		}
	}
	if c, ok := a.store.(Clock); ok {
		before := time.Now()
		there, err := c.Now(ctx)
		if err != nil {
			return failure("probe", verify.ErrUnavailable, "the store did not answer", err)
		}
		if gap := before.Sub(there); gap > maxClockGap || time.Until(there) > maxClockGap {
			return failure("probe", verify.ErrUnavailable, "the clocks of this host and of the store differ by more than 5 seconds: codes would be refused", nil)
		}
	}
	return nil
}
