package otp

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/sent"
)

// Fallback is a [Messenger] that moves on to the next courier only when surely
// nothing was sent: after [verify.ErrUnavailable], [verify.ErrRateLimited],
// [verify.ErrUnauthorized] and an error that is Elsewhere. The code stays the same.
// Any other answer is final, and so is the end of the caller's context. All couriers
// together have the caller's time, and 15 seconds at most; each gets an equal share
// of what is left.
//
// It offers the channels of all, in their order. With no channel asked for, each
// courier uses its own first one, such as WhatsApp before SMS; a channel that is
// asked for goes to those that offer it. A code that is bound to an amount and a
// payee needs a text, so it goes to no [CodeMessenger].
//
// Its errors name the couriers that were tried, and match [verify.ErrUnavailable]
// unless all failed alike. Couriers that are nil are left out; one that is neither a
// Messenger nor a CodeMessenger is an error of [New]. Several couriers, and one that is
// no Messenger, make an [EitherMessenger], which has each given what it takes.
func Fallback(first Courier, others ...Courier) Messenger {
	f := join(append([]Courier{first}, others...))
	if len(f.couriers) == 1 && f.couriers[0].texts != nil && f.fault == nil {
		return f.couriers[0].texts
	}
	return f
}

func join(all []Courier) *fallback {
	f := &fallback{}
	for _, c := range all {
		if c == nil {
			continue
		}
		couriers, err := couriersOf(c)
		if f.couriers = append(f.couriers, couriers...); err != nil {
			f.fault = err
		}
	}
	f.caps = inUnion(f.couriers)
	return f
}

type fallback struct {
	couriers []courier
	caps     verify.Capabilities
	fault    error // what is wrong with a courier that was left out
}

var _ EitherMessenger = (*fallback)(nil)

func (f *fallback) Capabilities() verify.Capabilities { return f.caps }

// Deliver takes a text that holds a code or none, so it is for messengers only.
func (f *fallback) Deliver(ctx context.Context, m Message) (string, error) {
	return f.pass(ctx, m, "", func(c courier) bool { return c.texts != nil })
}

func (f *fallback) DeliverCode(ctx context.Context, m CodeMessage) (string, error) {
	return f.pass(ctx, m.inForm(""), m.Code, func(c courier) bool { return c.codes != nil })
}

// pass delivers through those couriers that take what is given.
func (f *fallback) pass(ctx context.Context, m Message, code string, takes func(courier) bool) (string, error) {
	var fit []step
	for _, s := range steps(f.couriers, m.To, m.Channel, false) {
		if s.text = m.Text; takes(s.courier) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 && len(f.couriers) > 0 {
		return "", f.untaken()
	}
	id, _, err := f.deliver(ctx, m, code, fit)
	return id, err
}

// deliver also says which step took the message.
func (f *fallback) deliver(ctx context.Context, m Message, code string, steps []step) (id string, taken step, err error) {
	ctx, cancel := inTime(ctx)
	defer cancel()
	var failed []*verify.Error
	for i, s := range steps {
		if ctx.Err() != nil {
			break
		}
		m.Channel, m.Text, m.Request.Channel = s.channel, s.text, s.channel
		id, err := deliverInTime(ctx, s.courier, m, code, len(steps)-i)
		if err == nil {
			return id, s, nil
		}
		backend := named(s.caps.Vendor, err)
		failed = append(failed, backend)
		if !sent.MaySend(backend) {
			return "", step{}, decided(failed)
		}
	}
	return "", step{}, f.exhausted(ctx, failed)
}

// deliverInTime gives a courier its share of the time that is left, so that one
// that hangs leaves the next one some.
func deliverInTime(ctx context.Context, c courier, m Message, code string, left int) (string, error) {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	return c.deliver(ctx, m, code)
}

// decided is the last messenger's error, after those that came before it.
func decided(failed []*verify.Error) *verify.Error {
	last := failed[len(failed)-1]
	if before := tried(failed[:len(failed)-1]); before != "" {
		last.Detail = strings.TrimSuffix("after "+before+"; "+last.Detail, "; ")
	}
	return last
}

// exhausted says that no courier is left, or no time. It matches what all of them
// matched, or what the last one said that is Elsewhere, or else that surely nothing
// was sent.
func (f *fallback) exhausted(ctx context.Context, failed []*verify.Error) *verify.Error {
	e := &verify.Error{Vendor: f.caps.Vendor, Op: "send", Outcome: verify.ErrUnavailable, Detail: tried(failed), Err: ctx.Err()}
	if len(failed) == 0 {
		e.Detail = "no messenger was tried"
		return e
	}
	if last := failed[len(failed)-1]; last.Elsewhere && ctx.Err() == nil {
		return decided(failed)
	}
	if !slices.ContainsFunc(failed, func(backend *verify.Error) bool { return backend.Outcome != failed[0].Outcome }) {
		e.Outcome = failed[0].Outcome
	}
	for _, backend := range failed {
		e.Requests += backend.Requests
		if e.Outcome == verify.ErrRateLimited && backend.RetryAfter > 0 && (e.RetryAfter == 0 || backend.RetryAfter < e.RetryAfter) {
			e.RetryAfter = backend.RetryAfter
		}
	}
	return e
}

// tried names messengers and what they answered: "twilio: unavailable, gatewayapi:
// rate limited".
func tried(failed []*verify.Error) string {
	var parts []string
	for _, backend := range failed {
		parts = append(parts, backend.Vendor+": "+backend.Outcome.Error())
	}
	return strings.Join(parts, ", ")
}

// inUnion is what the couriers offer together. A hint is used by those that can.
func inUnion(couriers []courier) verify.Capabilities {
	var all verify.Capabilities
	for i, c := range couriers {
		if i > 0 {
			all.Vendor += "+"
		}
		all.Vendor += c.caps.Vendor
		for _, ch := range c.caps.Channels {
			if !slices.Contains(all.Channels, ch) {
				all.Channels = append(all.Channels, ch)
			}
		}
		all.Locale, all.ClientIP = all.Locale || c.caps.Locale, all.ClientIP || c.caps.ClientIP
	}
	return all
}

// Warm is [verify.Warmer] of the first courier, if it is one: it is the one that
// the next message goes to.
func (f *fallback) Warm(ctx context.Context) error { return warm(ctx, f.couriers) }

func warm(ctx context.Context, couriers []courier) error {
	if len(couriers) == 0 {
		return nil
	}
	if w, ok := couriers[0].given().(verify.Warmer); ok {
		return w.Warm(ctx)
	}
	return nil
}
