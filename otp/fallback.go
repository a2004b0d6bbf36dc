package otp

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// Fallback is a [Carrier] that moves on to the next one only when surely nothing
// was sent: after [verify.ErrUnavailable], [verify.ErrRateLimited] or
// [verify.ErrUnauthorized]. The text, and so the code, stays the same. Any other
// answer is the answer, and so is the end of the caller's context; time that is
// left is shared equally among the carriers still to try.
//
// It can do what all of them can. Its errors name the carriers that were tried,
// and match [verify.ErrUnavailable] unless all failed alike. Carriers that are
// nil are left out.
func Fallback(first Carrier, others ...Carrier) Carrier {
	var carriers []Carrier
	for _, c := range append([]Carrier{first}, others...) {
		if f, ok := c.(*fallback); ok {
			carriers = append(carriers, f.carriers...)
		} else if c != nil {
			carriers = append(carriers, c)
		}
	}
	if len(carriers) == 1 {
		return carriers[0]
	}
	return &fallback{carriers, inCommon(carriers)}
}

type fallback struct {
	carriers []Carrier
	caps     verify.Capabilities
}

func (f *fallback) Capabilities() verify.Capabilities { return f.caps }

func (f *fallback) Carry(ctx context.Context, m Message) (string, error) {
	id, _, err := f.carry(ctx, m)
	return id, err
}

// carry also says which vendor took the message.
func (f *fallback) carry(ctx context.Context, m Message) (id, vendor string, err error) {
	var failed []*verify.Error
	for i, c := range f.carriers {
		if ctx.Err() != nil {
			break
		}
		id, err := carryInTime(ctx, c, m, len(f.carriers)-i)
		vendor := c.Capabilities().Vendor
		if err == nil {
			return id, vendor, nil
		}
		leg := named(vendor, err)
		failed = append(failed, leg)
		if !passes(leg.Kind) {
			return "", "", decided(failed)
		}
	}
	return "", "", f.exhausted(ctx, failed)
}

// carryInTime gives a carrier its share of the time that is left, so that one
// that hangs leaves the next one some.
func carryInTime(ctx context.Context, c Carrier, m Message, left int) (string, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	return c.Carry(ctx, m)
}

// passes reports whether a failure is the vendor's own and surely sent nothing.
func passes(kind verify.Outcome) bool {
	return kind == verify.ErrUnavailable || kind == verify.ErrRateLimited || kind == verify.ErrUnauthorized
}

// decided is the last carrier's error, after those that came before it.
func decided(failed []*verify.Error) *verify.Error {
	last := failed[len(failed)-1]
	if before := tried(failed[:len(failed)-1]); before != "" {
		last.Detail = strings.TrimSuffix("after "+before+"; "+last.Detail, "; ")
	}
	return last
}

// exhausted says that no carrier is left, or no time. It matches what all of
// them matched, or else that surely nothing was sent.
func (f *fallback) exhausted(ctx context.Context, failed []*verify.Error) *verify.Error {
	e := &verify.Error{Vendor: f.caps.Vendor, Op: "send", Kind: verify.ErrUnavailable, Detail: tried(failed), Err: ctx.Err()}
	if len(failed) == 0 {
		e.Detail = "no carrier was tried"
		return e
	}
	if !slices.ContainsFunc(failed, func(leg *verify.Error) bool { return leg.Kind != failed[0].Kind }) {
		e.Kind = failed[0].Kind
	}
	for _, leg := range failed {
		e.Tries += leg.Tries
		if e.Kind == verify.ErrRateLimited && leg.RetryAfter > 0 && (e.RetryAfter == 0 || leg.RetryAfter < e.RetryAfter) {
			e.RetryAfter = leg.RetryAfter
		}
	}
	return e
}

// tried names carriers and what they answered: "twilio: unavailable, gatewayapi:
// rate limited".
func tried(failed []*verify.Error) string {
	var parts []string
	for _, leg := range failed {
		parts = append(parts, leg.Vendor+": "+leg.Kind.Error())
	}
	return strings.Join(parts, ", ")
}

// inCommon is what all carriers can do, so that an outage never meets a message
// that only the dead one could have delivered.
func inCommon(carriers []Carrier) verify.Capabilities {
	if len(carriers) == 0 {
		return verify.Capabilities{}
	}
	common := carriers[0].Capabilities()
	common.Channels = slices.Clone(common.Channels)
	for _, c := range carriers[1:] {
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
