package vendors

import (
	"context"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A rotatingVerifier is a vendor whose credentials may change. Its client is another
// one then: verify.As finds the one of the moment.
type rotatingVerifier struct{ *rotation[verify.Verifier] }

// rotatingVerifier returns v, or what reads its credentials again. It cancels and
// probes as v does.
func (f filled) rotatingVerifier(v verify.Verifier, o options) verify.Verifier {
	if len(f.rotating) == 0 {
		return v
	}
	r := rotatingVerifier{rotationOf(f, v, v.Capabilities().Vendor, o)}
	_, cancels := v.(verify.Canceler)
	_, probes := v.(verify.Prober)
	switch {
	case cancels && probes:
		return &struct {
			rotatingVerifier
			canceler
			prober[verify.Verifier]
		}{r, canceler{r}, prober[verify.Verifier]{r.rotation}}
	case cancels:
		return &struct {
			rotatingVerifier
			canceler
		}{r, canceler{r}}
	case probes:
		return &struct {
			rotatingVerifier
			prober[verify.Verifier]
		}{r, prober[verify.Verifier]{r.rotation}}
	}
	return &r
}

// Format keeps the credentials out of every print.
func (rotatingVerifier) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("vendors.Open([hidden])"))
}

// Unwrap lets verify.As find the client of the moment.
func (r rotatingVerifier) Unwrap() verify.Verifier { return r.current() }

// Capabilities are those of the client of the moment.
func (r rotatingVerifier) Capabilities() verify.Capabilities { return r.current().Capabilities() }

// Send sends.
func (r rotatingVerifier) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return called(ctx, r.rotation, true, func(ctx context.Context, v verify.Verifier) (verify.Receipt, error) {
		return v.Send(ctx, to, opts...)
	})
}

// Check checks.
func (r rotatingVerifier) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	_, err := called(ctx, r.rotation, true, func(ctx context.Context, v verify.Verifier) (struct{}, error) {
		return struct{}{}, v.Check(ctx, to, code, opts...)
	})
	return err
}

// Warm warms the client of the moment, if it can be.
func (r rotatingVerifier) Warm(ctx context.Context) error { return warmed(ctx, r.rotation) }

func warmed[T any](ctx context.Context, r *rotation[T]) error {
	g := r.take()
	defer r.put(g)
	if w, ok := any(g.client).(verify.Warmer); ok {
		return w.Warm(ctx)
	}
	return nil
}

type canceler struct{ of rotatingVerifier }

// Cancel cancels.
func (c canceler) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	_, err := called(ctx, c.of.rotation, false, func(ctx context.Context, v verify.Verifier) (struct{}, error) {
		return struct{}{}, v.(verify.Canceler).Cancel(ctx, to, opts...)
	})
	return err
}

type prober[T any] struct{ of *rotation[T] }

// Probe probes.
func (p prober[T]) Probe(ctx context.Context) error {
	_, asks := any(p.of.current()).(verify.Prober)
	_, err := called(ctx, p.of, asks, func(ctx context.Context, v T) (struct{}, error) {
		if p, ok := any(v).(verify.Prober); ok {
			return struct{}{}, p.Probe(ctx)
		}
		return struct{}{}, nil
	})
	return err
}

// A rotatingCourier is a messenger whose credentials may change.
type rotatingCourier struct {
	*rotation[otp.Courier]
	prober[otp.Courier]
}

// rotatingCourier returns c, or what reads its credentials again. It takes texts if c
// does, and else codes.
func (f filled) rotatingCourier(c otp.Courier, o options) otp.Courier {
	if len(f.rotating) == 0 {
		return c
	}
	r := rotationOf(f, c, c.Capabilities().Vendor, o)
	courier := rotatingCourier{r, prober[otp.Courier]{r}}
	_, texts := c.(otp.Messenger)
	_, codes := c.(otp.CodeMessenger)
	switch {
	case texts && codes:
		return &struct {
			rotatingTexts
			rotatingCodes
			rotatingCourier
		}{rotatingTexts{courier}, rotatingCodes{courier}, courier}
	case texts:
		return &rotatingTexts{courier}
	}
	return &rotatingCodes{courier}
}

// Format keeps the credentials out of every print.
func (rotatingCourier) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("vendors.OpenMessenger([hidden])"))
}

// Capabilities are those of the client of the moment.
func (r rotatingCourier) Capabilities() verify.Capabilities { return r.current().Capabilities() }

// Warm warms the client of the moment, if it can be.
func (r rotatingCourier) Warm(ctx context.Context) error { return warmed(ctx, r.rotation) }

type rotatingTexts struct{ rotatingCourier }

// Deliver delivers a text.
func (r rotatingTexts) Deliver(ctx context.Context, m otp.Message) (string, error) {
	return called(ctx, r.rotation, true, func(ctx context.Context, c otp.Courier) (string, error) {
		return c.(otp.Messenger).Deliver(ctx, m)
	})
}

type rotatingCodes struct{ rotatingCourier }

// DeliverCode delivers a code.
func (r rotatingCodes) DeliverCode(ctx context.Context, m otp.CodeMessage) (string, error) {
	return called(ctx, r.rotation, true, func(ctx context.Context, c otp.Courier) (string, error) {
		return c.(otp.CodeMessenger).DeliverCode(ctx, m)
	})
}
