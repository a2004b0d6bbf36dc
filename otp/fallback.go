package otp

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/next"
)

// Fallback is a [Messenger] that moves on to the next one only when surely nothing
// was sent: after [verify.ErrUnavailable], [verify.ErrRateLimited] or
// [verify.ErrUnauthorized]. The text, and so the code, stays the same. Any other
// answer is final, and so is the end of the caller's context. All messengers
// together have the caller's time, and 15 seconds at most; each gets an equal share
// of what is left.
//
// It offers what all of them offer. Its errors name the messengers that were tried,
// and match [verify.ErrUnavailable] unless all failed alike. Messengers that are
// nil are left out.
func Fallback(first Messenger, others ...Messenger) Messenger {
	var messengers []Messenger
	for _, c := range append([]Messenger{first}, others...) {
		if f, ok := c.(*fallback); ok {
			messengers = append(messengers, f.messengers...)
		} else if c != nil {
			messengers = append(messengers, c)
		}
	}
	if len(messengers) == 1 {
		return messengers[0]
	}
	return &fallback{messengers, inCommon(messengers)}
}

type fallback struct {
	messengers []Messenger
	caps       verify.Capabilities
}

func (f *fallback) Capabilities() verify.Capabilities { return f.caps }

func (f *fallback) Deliver(ctx context.Context, m Message) (string, error) {
	id, _, err := f.deliver(ctx, m)
	return id, err
}

// deliver also says which vendor took the message.
func (f *fallback) deliver(ctx context.Context, m Message) (id, vendor string, err error) {
	ctx, cancel := inTime(ctx)
	defer cancel()
	var failed []*verify.Error
	for i, c := range f.messengers {
		if ctx.Err() != nil {
			break
		}
		id, err := deliverInTime(ctx, c, m, len(f.messengers)-i)
		vendor := c.Capabilities().Vendor
		if err == nil {
			return id, vendor, nil
		}
		backend := named(vendor, err)
		failed = append(failed, backend)
		if !next.MaySend(backend) {
			return "", "", decided(failed)
		}
	}
	return "", "", f.exhausted(ctx, failed)
}

// deliverInTime gives a messenger its share of the time that is left, so that one
// that hangs leaves the next one some.
func deliverInTime(ctx context.Context, c Messenger, m Message, left int) (string, error) {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	return c.Deliver(ctx, m)
}

// decided is the last messenger's error, after those that came before it.
func decided(failed []*verify.Error) *verify.Error {
	last := failed[len(failed)-1]
	if before := tried(failed[:len(failed)-1]); before != "" {
		last.Detail = strings.TrimSuffix("after "+before+"; "+last.Detail, "; ")
	}
	return last
}

// exhausted says that no messenger is left, or no time. It matches what all of
// them matched, or else that surely nothing was sent.
func (f *fallback) exhausted(ctx context.Context, failed []*verify.Error) *verify.Error {
	e := &verify.Error{Vendor: f.caps.Vendor, Op: "send", Outcome: verify.ErrUnavailable, Detail: tried(failed), Err: ctx.Err()}
	if len(failed) == 0 {
		e.Detail = "no messenger was tried"
		return e
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

// inCommon is what all messengers can do, so that an outage never meets a message
// that only the dead one could have delivered.
func inCommon(messengers []Messenger) verify.Capabilities {
	if len(messengers) == 0 {
		return verify.Capabilities{}
	}
	common := messengers[0].Capabilities()
	common.Channels = slices.Clone(common.Channels)
	for _, c := range messengers[1:] {
		caps := c.Capabilities()
		common.Vendor += "+" + caps.Vendor
		common.Channels = slices.DeleteFunc(common.Channels, func(ch verify.Channel) bool {
			return !slices.Contains(caps.Channels, ch)
		})
		common.Locale = common.Locale && caps.Locale
		common.ClientIP = common.ClientIP && caps.ClientIP
	}
	return common
}

// Warm is [verify.Warmer] of the first messenger, if it is one: it is the one that
// the next message goes to.
func (f *fallback) Warm(ctx context.Context) error { return warm(ctx, f.messengers[0]) }

func warm(ctx context.Context, m Messenger) error {
	if w, ok := m.(verify.Warmer); ok {
		return w.Warm(ctx)
	}
	return nil
}
