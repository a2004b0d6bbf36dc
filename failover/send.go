package failover

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/sent"
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
		subject: subject{v: v}, id: newID(), to: to, channel: req.Channel,
		opts: append(slices.Clip(opts), verify.WithDigits(v.digits(req)), verify.WithChannel(req.Channel)),
	}
	if s.subject, err = v.find(ctx, req.To, req.Scope); err != nil {
		return verify.Receipt{}, s.err.notBegun(0, err)
	}
	if req.IdempotencyKey == "" {
		return v.send(ctx, &s, req)
	}
	return s.once(ctx, req)
}

// send asks the backends in turn.
func (v *Verifier) send(ctx context.Context, s *sending, req verify.SendRequest) (verify.Receipt, error) {
	backends, channels := v.way(req)
	for i, l := range backends {
		if channels != nil {
			s.on(channels[i])
		}
		receipt, done, err := s.try(ctx, l, len(backends)-i)
		if done {
			return receipt, err
		}
	}
	return verify.Receipt{}, s.err.failure("send")
}

// way are the backends to try, in their order, and the channel to ask of each if it
// is not the same for all. With AnyChannel it is the first of its own that fits, unless one was asked for; then
// only those are tried that offer it.
func (v *Verifier) way(req verify.SendRequest) (backends []*backend, channels []verify.Channel) {
	all := v.route(req.To)
	if !v.anyChannel {
		return all, nil
	}
	for _, l := range all {
		channel := req.Channel
		if !req.ChannelAsked() {
			own, _ := l.capabilities.SendRequest(req.To) // one that cannot reach the recipient has none
			channel = own.Channel
		}
		if slices.Contains(l.capabilities.Channels, channel) {
			backends, channels = append(backends, l), append(channels, channel)
		}
	}
	return backends, channels
}

// on sets the channel to ask for, which is the last option.
func (s *sending) on(channel verify.Channel) {
	s.channel, s.opts[len(s.opts)-1] = channel, verify.WithChannel(channel)
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
	subject
	id      ID
	to      string
	channel verify.Channel
	opts    []verify.SendOption
	err     tally
	begun   bool // a backend was asked
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
	s.begun = true
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
// that nothing was sent. So it is if a Send under another key holds the recipient.
func (s *sending) begin(ctx context.Context, l *backend) (busy time.Duration, err error) {
	for range 2 {
		if busy, err = s.v.ledger.Begin(ctx, s.key(), s.id, l.Name, s.lease(ctx)); err == nil {
			break
		}
	}
	if err == nil && busy > 0 {
		return busy, nil
	}
	if err == nil {
		busy, err = s.busy(ctx)
	}
	if err != nil || busy > 0 {
		_ = s.end(ctx, l, NotSent) // if this is lost as well, the lease ends by itself
	}
	return busy, err
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
		if err = s.v.ledger.End(ctx, s.key(), s.id, l.Name, state, s.v.ttl); err == nil {
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
	case sent.Nothing(err):
		return NotSent
	}
	return Unknown
}

// movesOn decides whether the next backend may send.
func (v *Verifier) movesOn(state State, err error) bool {
	if state == Unknown {
		return v.next
	}
	return sent.MaySend(err)
}
