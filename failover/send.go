package failover

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/next"
)

// Send has the first backend that can deliver a code. Each backend gets the time left
// divided by the backends left. An outcome that no other backend may follow is
// returned as that backend's error; if all backends were tried, one error names each
// backend's outcome.
func (v *Verifier) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := v.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()

	s := sending{
		v: v, key: v.ledgerKey(req.To, req.Scope), id: newID(), to: to, channel: req.Channel,
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
	v       *Verifier
	key     Key
	id      ID
	to      string
	channel verify.Channel
	opts    []verify.SendOption
	err     tally
}

// try has one backend send. Done says that no other backend may.
func (s *sending) try(ctx context.Context, l *backend, left int) (receipt verify.Receipt, done bool, err error) {
	report, allowed := l.sends[s.channel].allow(ctx, s.to)
	if !allowed {
		s.err.add(l.Name, breakerOpen())
		return receipt, false, nil
	}
	busy, err := s.begin(ctx, l)
	if err != nil || busy > 0 {
		report(errNotCounted) // the backend was not asked
		return receipt, true, s.err.notBegun(busy, err)
	}
	receipt, lost, err := s.ask(ctx, l, left, report)
	if err == nil {
		// An End that fails leaves the backend as possibly sent until the lease ends.
		return s.sent(receipt, lost)
	}
	state := stateOf(err)
	if e := (*verify.Error)(nil); state == Unknown && (!errors.As(err, &e) || e.Outcome != verify.ErrOutcomeUnknown) {
		err = &verify.Error{Vendor: l.Name, Op: "send", Outcome: verify.ErrOutcomeUnknown, Detail: "its error is none that a Send may return"}
	}
	s.err.add(l.Name, err)
	if ctx.Err() == nil && s.v.movesOn(state, err) {
		return receipt, false, nil
	}
	return verify.Receipt{}, true, s.err.final("send", err)
}

// begin reserves the recipient. If the ledger does not answer, it is asked once
// more with the same id. If it still does not, it may have heard, so it is told
// that nothing was sent.
func (s *sending) begin(ctx context.Context, l *backend) (busy time.Duration, err error) {
	for range 2 {
		if busy, err = s.v.ledger.Begin(ctx, s.key, s.id, l.Name, s.lease(ctx)); err == nil {
			return busy, nil
		}
	}
	_ = s.end(ctx, l, NotSent) // if this is lost as well, the lease ends by itself
	return 0, err
}

// ask makes the one request to a backend, and takes down what became of it: also
// if the backend panics, since the breaker and the recipient would stay reserved.
func (s *sending) ask(ctx context.Context, l *backend, left int, report report) (receipt verify.Receipt, lost, err error) {
	mine, cancel := share(ctx, left)
	defer cancel()
	err = errPanicked
	defer func() {
		report(counted(ctx, err))
		lost = s.end(ctx, l, stateOf(err))
	}()
	receipt, err = l.Verifier.Send(mine, s.to, s.opts...)
	return receipt, nil, err
}

// end has time of its own: the ledger must know, whatever became of the caller. If
// it does not answer, it may have heard, and to tell it again is safe.
func (s *sending) end(ctx context.Context, l *backend, state State) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	for range 2 {
		if err = s.v.ledger.End(ctx, s.key, s.id, l.Name, state, s.v.ttl); err == nil {
			return nil
		}
	}
	return err
}

// lease outlives the Send, because its code may arrive when nobody can say so.
func (s *sending) lease(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return max(time.Until(deadline), 0) + spareTime
}

// sent completes the receipt. If the ledger does not know of the code, the outcome
// is unknown: the message arrives, and its code may not check.
func (s *sending) sent(receipt verify.Receipt, lost error) (verify.Receipt, bool, error) {
	if lost != nil {
		return verify.Receipt{}, true, &verify.Error{
			Vendor: vendor, Op: "send", Outcome: verify.ErrOutcomeUnknown, Requests: s.err.requests + receipt.Requests,
			Detail: "the code was sent, but the ledger did not record it",
		}
	}
	receipt.Requests += s.err.requests
	receipt.PossibleDuplicate = receipt.PossibleDuplicate || s.err.unknown
	return receipt, true, nil
}

// stateOf reads a backend's error. One that proves nothing leaves it unknown.
func stateOf(err error) State {
	switch {
	case err == nil:
		return Sent
	case next.NotSent(err):
		return NotSent
	}
	return Unknown
}

// movesOn decides whether the next backend may send.
func (v *Verifier) movesOn(state State, err error) bool {
	if state == Unknown {
		return v.next
	}
	return next.MaySend(err)
}
