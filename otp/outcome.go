package otp

import (
	"errors"
	"net/url"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/internal/sent"
)

func (e *Engine) failure(op string, outcome verify.Outcome, detail string, err error) *verify.Error {
	return &verify.Error{Vendor: e.caps.Vendor, Op: op, Outcome: outcome, Detail: detail, Err: cause(err)}
}

func (e *Engine) noEntropy(op string, err error) *verify.Error {
	return e.failure(op, verify.ErrUnavailable, err.Error()+": check the system's generator", nil)
}

// refused translates a store's no to a send.
func (e *Engine) refused(a Admission) *verify.Error {
	var err *verify.Error
	switch a.Refused {
	case TooSoon:
		err = e.failure("send", verify.ErrTooManySends, "the code before was sent a moment ago", a.Refused)
	case TooMany:
		err = e.failure("send", verify.ErrTooManySends, "all sends of the window are spent", a.Refused)
	case SendBlocked:
		err = e.blocked("send")
	case Full:
		err = e.failure("send", verify.ErrUnavailable, "the store is full: give it room for more entries", nil)
	default:
		err = e.failure("send", verify.ErrUnavailable, "the store refused in a way that has no name here", nil)
	}
	err.RetryAfter = a.Wait
	return err
}

// verdict translates a store's answer to an attempt. Match alone is a yes.
func (e *Engine) verdict(v Verdict, left int) error {
	switch {
	case v == Match:
		return nil
	case v == Wrong && left > 0:
		return &verify.Error{Vendor: e.caps.Vendor, Op: "check", Outcome: verify.ErrMismatch, AttemptsLeft: left}
	case v == Wrong || v == Locked:
		return e.failure("check", verify.ErrTooManyAttempts, "no attempts are left on this code", nil)
	case v == Blocked:
		return e.blocked("check")
	case v == Gone:
		return e.failure("check", verify.ErrNotPending, "no code is alive for this recipient and scope", nil)
	}
	return e.failure("check", verify.ErrOutcomeUnknown, "the store gave a verdict that has no name here", nil)
}

func (e *Engine) blocked(op string) *verify.Error {
	return e.failure(op, verify.ErrBlocked, "too many wrong attempts over all codes: an operator may lift it with Reset", nil)
}

// named makes a messenger's error match exactly one outcome, and one that a
// messenger can know of. Whatever else it held, such as a recipient, is left
// out.
func named(vendor string, err error) *verify.Error {
	kind := verify.OutcomeOf(err)
	if !sent.Nothing(err) {
		kind = verify.ErrOutcomeUnknown
	}
	var inner *verify.Error
	if !errors.As(err, &inner) {
		return &verify.Error{Vendor: vendor, Op: "send", Outcome: kind, Detail: "the messenger gave no details", Err: callctx.Ended(err)}
	}
	e := *inner
	e.Outcome, e.Err = kind, callctx.Ended(err)
	e.Elsewhere = sent.Elsewhere(err)
	return &e
}

// cause is what may be known of a store's error: a store knows no recipient.
// It never holds a second outcome, nor a URL.
func cause(err error) error {
	if err == nil {
		return nil // and nothing allocated
	}
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var outcome verify.Outcome
	if errors.As(err, &outcome) {
		return callctx.Ended(err)
	}
	return err
}
