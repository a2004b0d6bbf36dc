package vendors

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/otp"
)

// OpenMessenger reads dsn and makes the messenger it describes, without an engine:
// for a notice, or for a code that another program makes and checks. It sends
// nothing.
//
// A failover of messengers is [otp.Fallback] over them, in their order. The settings
// of an engine may stand in the line and are not read, so that one line serves
// [Open] as well. A guard(...) around it is a guard.Messenger. It does not see who
// approves, so everybody is a stranger to it, and convert= is an error: a share of codes
// that are approved is not known. A vendor that makes its codes by itself delivers no
// other text: its scheme is an error. Errors are like those of Open.
//
// The Messenger is an [otp.EitherMessenger], a [verify.Warmer] and a [verify.Prober] as
// well, as far as its vendors are, and an io.Closer, which closes what was opened and
// nothing that was handed in.
func OpenMessenger(dsn string, opts ...Option) (otp.Messenger, error) {
	o := with(opts)
	d, err := parse(dsn, o)
	if err != nil {
		return nil, err
	}
	return openLine(d, o)
}

func openLine(d dsn.Line, o options) (otp.Messenger, error) {
	if d.Scheme == dsn.GuardScheme {
		return openGuardMessenger(d, o)
	}
	m, err := openMessenger(d, o)
	if err != nil {
		return nil, err // not a nil pointer in an interface
	}
	return m, nil
}

func openMessenger(d dsn.Line, o options) (*openedMessenger, error) {
	couriers, err := openCouriers(d, o)
	if err != nil {
		return nil, err
	}
	return &openedMessenger{otp.Fallback(couriers[0], couriers[1:]...), couriers}, nil
}

// openCouriers opens what a line names, in its order.
func openCouriers(d dsn.Line, o options) ([]otp.Courier, error) {
	if d.Scheme != dsn.FailoverScheme {
		c, err := openCourier(d, o)
		return []otp.Courier{c}, err
	}
	for _, p := range d.Pairs {
		if !isOfEngine(p) && !isName(p) {
			return nil, faultAt(p.At, dsn.FailoverScheme+" of messengers has no such key, but those of an engine, and name")
		}
	}
	var all []otp.Courier
	for _, backend := range d.Backends {
		couriers, err := openCouriers(backend, o)
		if err != nil {
			return nil, abandon(err, partsOf(all)...)
		}
		all = append(all, couriers...)
	}
	return all, nil
}

func openCourier(d dsn.Line, o options) (otp.Courier, error) {
	v, err := vendorOf(d, o)
	if err != nil {
		return nil, err
	}
	if !v.messenger {
		return nil, faultAt(d.At, v.scheme+" makes its codes by itself and delivers no other text: name a vendor that delivers text")
	}
	d.Pairs = slices.DeleteFunc(slices.Clone(d.Pairs), isOfEngine)
	return v.openMessenger(d, o)
}

func partsOf(couriers []otp.Courier) []any {
	var parts []any
	for _, c := range couriers {
		parts = append(parts, c)
	}
	return parts
}

// An openedMessenger closes what was opened for it.
type openedMessenger struct {
	otp.Messenger
	couriers []otp.Courier
}

var (
	_ otp.EitherMessenger = (*openedMessenger)(nil)
	_ verify.Warmer       = (*openedMessenger)(nil)
	_ verify.Prober       = (*openedMessenger)(nil)
)

// Format keeps the secrets of what is behind out of every print.
func (*openedMessenger) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("vendors.OpenMessenger([hidden])"))
}

// Couriers let an [otp.Engine] over it give each what it takes.
func (o *openedMessenger) Couriers() []otp.Courier { return o.couriers }

// DeliverEither hands each courier what it takes.
func (o *openedMessenger) DeliverEither(ctx context.Context, m otp.CodeMessage, text func(verify.Channel) string) (string, error) {
	return otp.Deliver(ctx, o.Messenger, m, text)
}

// DeliverCode hands the code to those that take one.
func (o *openedMessenger) DeliverCode(ctx context.Context, m otp.CodeMessage) (string, error) {
	if codes, ok := o.Messenger.(otp.CodeMessenger); ok {
		return codes.DeliverCode(ctx, m)
	}
	return "", &verify.Error{
		Vendor: o.Capabilities().Vendor, Op: "send", Outcome: verify.ErrUnsupported,
		Detail: "this messenger takes a text, and no code",
	}
}

// Warm warms the first messenger, if it can be.
func (o *openedMessenger) Warm(ctx context.Context) error {
	if w, ok := o.couriers[0].(verify.Warmer); ok {
		return w.Warm(ctx)
	}
	return nil
}

// Probe asks each messenger that can be asked, and returns the first error.
func (o *openedMessenger) Probe(ctx context.Context) error {
	for _, c := range o.couriers {
		if p, ok := c.(verify.Prober); ok {
			if err := p.Probe(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// ProbeEach asks each messenger, for package health.
func (o *openedMessenger) ProbeEach(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, c := range o.couriers {
			if !yield(c.Capabilities().Vendor, probe(ctx, c)) {
				return
			}
		}
	}
}

func probe(ctx context.Context, part any) error {
	if p, ok := part.(verify.Prober); ok {
		return p.Probe(ctx)
	}
	return verify.ErrUnsupported // it cannot be asked
}

// Close closes all parts and tells all errors.
func (o *openedMessenger) Close() error { return closeAll(partsOf(o.couriers)...) }

// A guardedMessenger also closes what it stands around.
type guardedMessenger struct {
	*guard.Messenger
	inner *openedMessenger
	store guard.Store
}

var _ otp.EitherMessenger = guardedMessenger{}

// ProbeEach asks each messenger, and the guard's store.
func (g guardedMessenger) ProbeEach(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for name, err := range g.inner.ProbeEach(ctx) {
			if !yield(name, err) {
				return
			}
		}
		if p, ok := g.store.(verify.Prober); ok {
			yield("store", p.Probe(ctx))
		}
	}
}

// Close closes all parts and tells all errors.
func (g guardedMessenger) Close() error { return closeAll(g.inner, g.store) }

// openGuardMessenger opens what a guard stands around, and the guard.
func openGuardMessenger(d dsn.Line, o options) (otp.Messenger, error) {
	for _, p := range d.Pairs {
		if (p.Key == "convert" || p.Key == "convert_country") && p.Value != "off" {
			return nil, faultAt(p.At, p.Key+" asks who approves, which is not told to a guard of messengers: leave it out")
		}
	}
	f, c, err := guardOf(d, o)
	if err != nil {
		return nil, err
	}
	m, err := openMessenger(d.Backends[0], o)
	if err != nil {
		return nil, err
	}
	c.Convert, c.ConvertCountry = guard.Off, guard.Off
	store, err := o.openGuardStore(c.StoreURL)
	if err != nil {
		return nil, abandon(f.Explain(0, err), m)
	}
	c.Store = store
	made, err := guard.NewMessenger(m, c.Config)
	if err != nil {
		return nil, abandon(f.Explain(0, err), m, store)
	}
	return guardedMessenger{made, m, store}, nil
}
