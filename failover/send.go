package failover

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// Send has the first backend that can deliver a code. Each backend gets the time left
// divided by the backends left. An error of a backend that ends the matter is returned
// as it is; if all backends were tried, one error tells each backend's outcome.
func (v *Verifier) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := v.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()

	s := sending{
		v: v, key: v.ledgerKey(req.To, req.Scope), id: newID(), to: to,
		opts: append(slices.Clip(opts), verify.WithChannel(req.Channel), verify.WithDigits(v.digits(req))),
	}
	backends := v.route(to)
	for i, l := range backends {
		receipt, done, err := s.try(ctx, l, len(backends)-i)
		if done {
			return receipt, err
		}
	}
	return verify.Receipt{}, s.err.failure("send")
}

// digits is the length to ask each backend for: none if they would send the same
// anyway, since a vendor may have its length from its settings.
func (v *Verifier) digits(req verify.SendRequest) int {
	if v.capabilities.MaxDigits == 0 {
		return 0
	}
	return req.Digits
}

// share is the context of one backend of those that are left.
func share(ctx context.Context, left int) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline()
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
}

// A sending is one Send on its way through the backends.
type sending struct {
	v    *Verifier
	key  Key
	id   ID
	to   string
	opts []verify.SendOption
	err  tally
}

// try has one backend send. Done says that no other backend may.
func (s *sending) try(ctx context.Context, l *backend, left int) (receipt verify.Receipt, done bool, err error) {
	report, refused := l.send.Allow()
	if refused != nil {
		s.err.add(l.Name, breakerOpen())
		return receipt, false, nil
	}
	busy, err := s.v.ledger.Begin(ctx, s.key, s.id, l.Name, s.lease(ctx))
	if err != nil || busy > 0 {
		report(context.Canceled) // the backend was not asked
		return receipt, true, s.err.unopened(busy, err)
	}
	mine, cancel := share(ctx, left)
	defer cancel()
	receipt, err = l.Verifier.Send(mine, s.to, s.opts...)
	report(notCaused(ctx, err))

	state := stateOf(err)
	closed, stop := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer stop()
	lost := s.v.ledger.End(closed, s.key, s.id, l.Name, state, s.v.ttl)
	if lost != nil { // it may have been heard, and to say it again is safe
		lost = s.v.ledger.End(closed, s.key, s.id, l.Name, state, s.v.ttl)
	}
	if err == nil {
		// An End that fails leaves the backend as possibly sent until the lease ends.
		return s.sent(receipt, lost)
	}
	if e := (*verify.Error)(nil); state == Unknown && (!errors.As(err, &e) || e.Outcome != verify.ErrOutcomeUnknown) {
		err = &verify.Error{Vendor: l.Name, Op: "send", Outcome: verify.ErrOutcomeUnknown, Detail: "its error is none that a Send may return"}
	}
	s.err.add(l.Name, err)
	if ctx.Err() == nil && s.v.movesOn(state, err) {
		return receipt, false, nil
	}
	return verify.Receipt{}, true, s.err.final("send", err)
}

// lease outlives the Send, since its code may arrive when nobody could say so.
func (s *sending) lease(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return max(time.Until(deadline), 0) + spareTime
}

// sent completes the receipt. A code that the ledger may forget is told as
// unknown: it may arrive and not check.
func (s *sending) sent(receipt verify.Receipt, lost error) (verify.Receipt, bool, error) {
	if lost != nil {
		return verify.Receipt{}, true, &verify.Error{
			Vendor: vendor, Op: "send", Outcome: verify.ErrOutcomeUnknown, Requests: s.err.tries + receipt.Requests,
			Detail: "the code was sent, but the ledger did not take it down",
		}
	}
	receipt.Requests += s.err.tries
	receipt.PossibleDuplicate = receipt.PossibleDuplicate || s.err.unknown
	return receipt, true, nil
}

// stateOf reads a backend's error. One that names no outcome, several, or one that a
// Send cannot have, says nothing.
func stateOf(err error) State {
	if err == nil {
		return Sent
	}
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized, verify.ErrRejected,
		verify.ErrBlocked, verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrUnsupported:
		if !errors.Is(err, verify.ErrOutcomeUnknown) {
			return NotSent
		}
	}
	return Unknown
}

// movesOn decides whether the next backend may send.
func (v *Verifier) movesOn(state State, err error) bool {
	if state == Unknown {
		return v.next
	}
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized:
		return true
	}
	return false
}

// notCaused is what the breaker may count: not what the caller's own context
// ended. The backend's part of it may end at the same moment, and be seen first.
func notCaused(ctx context.Context, err error) error {
	deadline, _ := ctx.Deadline()
	if err != nil && (ctx.Err() != nil || !time.Now().Before(deadline)) {
		return context.Canceled
	}
	return err
}

func breakerOpen() *verify.Error {
	return &verify.Error{Outcome: verify.ErrUnavailable, Detail: "breaker open", RetryAfter: breakerPause}
}

// names says the backends and their outcomes in one line.
func names(parts []string) string { return strings.Join(parts, "; ") }
