package failover

import (
	"context"
	"errors"
	"time"

	"github.com/go2fa/verify"
)

// A tally adds up what the backends answered.
type tally struct {
	parts   []string // "twilio unavailable", for Detail
	kinds   map[verify.Outcome]bool
	wait    time.Duration // the shortest that a backend asked for
	tries   int
	unknown bool // a backend may have sent
	cause   error
}

func (t *tally) add(name string, err error) {
	kind := verify.OutcomeOf(err)
	part := name + " " + kind.Error()
	var e *verify.Error
	if errors.As(err, &e) {
		t.tries += e.Requests
		t.cause = ended(e.Err)
		if e.RetryAfter > 0 && (t.wait == 0 || e.RetryAfter < t.wait) {
			t.wait = e.RetryAfter
		}
		if e.VendorCode != "" {
			part += " (" + e.VendorCode + ")"
		}
	}
	if t.kinds == nil {
		t.kinds = map[verify.Outcome]bool{}
	}
	t.parts = append(t.parts, part)
	t.kinds[kind] = true
	t.unknown = t.unknown || kind == verify.ErrOutcomeUnknown
}

// ended keeps of a cause only what says that a context ended: anything else may
// be one more outcome, or hold a URL.
func ended(cause error) error {
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(cause, err) {
			return err
		}
	}
	return nil
}

// final is the error of a backend that ends the matter: as it is, unless an earlier
// backend may have sent or there was one at all.
func (t *tally) final(op string, err error) error {
	if len(t.parts) > 1 {
		kind := verify.OutcomeOf(err)
		if t.unknown {
			kind = verify.ErrOutcomeUnknown
		}
		return t.of(op, kind)
	}
	var e *verify.Error
	if errors.As(err, &e) {
		return e // without what may be wrapped around it
	}
	return t.of(op, verify.OutcomeOf(err))
}

// worst lists the outcomes of which the first found speaks for all: what hides
// an approval comes before what says nothing about the code, and that before
// what denies it.
var worst = [...]verify.Outcome{
	verify.ErrOutcomeUnknown, verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized,
	verify.ErrRejected, verify.ErrBlocked, verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrUnsupported,
	verify.ErrMismatch, verify.ErrTooManyAttempts, verify.ErrNotPending,
}

func (t *tally) failure(op string) *verify.Error {
	for _, kind := range worst {
		if t.kinds[kind] {
			return t.of(op, kind)
		}
	}
	return t.of(op, verify.ErrUnavailable)
}

func (t *tally) of(op string, kind verify.Outcome) *verify.Error {
	return &verify.Error{
		Vendor: vendor, Op: op, Outcome: kind, Detail: names(t.parts),
		RetryAfter: t.wait, Requests: t.tries, Err: t.cause,
	}
}

// unopened is the error for a ledger that would not reserve the recipient.
func (t *tally) unopened(busy time.Duration, err error) error {
	e := &verify.Error{Vendor: vendor, Op: "send", Requests: t.tries, Err: ended(err)}
	switch {
	case t.unknown:
		e.Outcome, e.Detail = verify.ErrOutcomeUnknown, names(t.parts)
	case busy > 0:
		e.Outcome, e.Detail, e.RetryAfter = verify.ErrTooManySends, "a send is under way", busy
	default:
		e.Outcome, e.Detail = verify.ErrUnavailable, "the ledger is full, or did not answer: nothing was sent"
	}
	return e
}
