// Package guard keeps others from spending your money on codes: it is a
// [verify.Verifier] over another one that decides, before anything is sent, whether
// a code may be sent.
//
//	v, err := guard.New(guard.Config{
//		Verifier:  client,
//		Countries: []string{"DK", "GB", "US"},
//	})
//	receipt, err := v.Send(ctx, "+15017122661", verify.WithClientIP(addr))
//	err = v.Check(ctx, "+15017122661", typed)
//
// # What it is against
//
// A pump has codes sent to numbers whose operator pays it a part of the price. It
// needs no account and no right code, and changes numbers and addresses as it likes.
// So counts are kept of what it cannot change as it likes: the numbers it can
// collect for begin alike, and nobody types their codes back.
//
// # Who is bound
//
// A recipient that approved a code through this guard within 90 days is known: only
// its own limit and the budget bind it. All other rules bind strangers.
//
// # When it refuses
//
// A country or a kind of number that is not permitted is [verify.ErrBlocked]. A limit,
// the budget and too few approvals are [verify.ErrTooManySends] with RetryAfter. A
// store that does not answer is [verify.ErrUnavailable]: the guard never sends
// without it. Check never waits for the store nor fails by it.
//
// # Where it stands
//
// Outermost: around package failover and never inside, since a failover would turn to
// the next vendor where the guard's store is down. Only [observe.New] stands around
// it. The application tells the client's address by [verify.WithClientIP]; the guard
// reads no header.
package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/sent"
)

// A Verifier sends what its rules permit, and checks everything. It is safe for
// concurrent use.
type Verifier struct {
	verifier     verify.Verifier
	gate         *gate
	capabilities verify.Capabilities
}

var (
	_ verify.Verifier = (*Verifier)(nil)
	_ verify.Prober   = (*Verifier)(nil)
)

// New checks cfg and makes a Verifier. It does no I/O.
func New(cfg Config) (*Verifier, error) {
	if cfg.Verifier == nil {
		return nil, errors.New("guard: Verifier is missing")
	}
	if _, inside := verify.As[interface{ Outermost() }](cfg.Verifier); inside {
		return nil, errors.New("guard: Verifier has a guard already: one is enough")
	}
	capabilities := cfg.Verifier.Capabilities()
	if capabilities.Accounts {
		return nil, errors.New("guard: Verifier takes accounts and sends nothing")
	}
	g, err := newGate(cfg)
	if err != nil {
		return nil, err
	}
	capabilities.ClientIP = true
	return &Verifier{cfg.Verifier, g, capabilities}, nil
}

// Format keeps what is wrapped out of every print.
func (*Verifier) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("guard.Verifier{[hidden]}")) }

// Unwrap lets verify.As see through.
func (v *Verifier) Unwrap() verify.Verifier { return v.verifier }

// Outermost marks what no failover may hold as a backend.
func (*Verifier) Outermost() {}

// Capabilities are those of the wrapped Verifier, and that the client's address is
// used.
func (v *Verifier) Capabilities() verify.Capabilities { return v.capabilities }

// Send decides, and sends. A Send of which the wrapped Verifier says that surely
// nothing was sent, or that its receipt is that of an earlier one, is not counted.
func (v *Verifier) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := v.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	p := v.gate.passage()
	defer v.gate.done(p)
	if err := v.gate.admit(ctx, p, req); err != nil {
		return verify.Receipt{}, err
	}
	receipt, err := v.verifier.Send(ctx, to, opts...)
	switch {
	case err != nil:
		v.gate.failed(ctx, p, err)
	case receipt.Repeated:
		v.gate.takeBack(ctx, p)
	}
	return receipt, err
}

// failed takes back a Send that did not happen.
func (g *gate) failed(ctx context.Context, p *passage, err error) {
	if sent.Nothing(err) {
		g.takeBack(ctx, p)
	}
}

// takeBack takes this Send back, and no other: each has an ID of its own.
func (g *gate) takeBack(ctx context.Context, p *passage) {
	if p.send.Counts == nil {
		return
	}
	ctx, cancel := g.notice(ctx)
	defer cancel()
	_ = g.cfg.Store.Revoke(ctx, p.send) // then it counts, which refuses too much rather than too little
}

// notice is the context of what is told to the store, whatever became of the caller.
func (g *gate) notice(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = context.WithoutCancel(ctx)
	if g.memory {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, noticeTime)
}

// Check checks. After a yes it tells the store, for a tenth of a second at most, so
// that the recipient is known.
func (v *Verifier) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	err := v.verifier.Check(ctx, to, code, opts...)
	if err == nil {
		v.gate.approved(ctx, to)
	}
	return err
}

func (g *gate) approved(ctx context.Context, to string) {
	a := Approval{Recipient: g.names.recipient(to), Counts: append(make([]Name, 0, 5), Name{NameTotal})}
	if code := verify.CallingCode(to); code != "" {
		for _, digits := range prefixLengths {
			if name, ok := prefixOf(to, code, digits); ok {
				a.Counts = append(a.Counts, name)
			}
		}
		a.Counts = append(a.Counts, countryName(country(to, g.areaOf(code, to))))
	}
	ctx, cancel := g.notice(ctx)
	defer cancel()
	_ = g.cfg.Store.Approve(ctx, a) // the person is in: a store that fails forgets a recipient
}

// Probe asks the store and what is wrapped, as far as they can be asked. It sends
// nothing.
func (v *Verifier) Probe(ctx context.Context) error {
	p, _ := verify.As[verify.Prober](v.verifier)
	return v.gate.probe(ctx, p)
}

// probe asks the store and what is wrapped, unless that is nil.
func (g *gate) probe(ctx context.Context, wrapped verify.Prober) error {
	var inner error
	if wrapped != nil {
		inner = wrapped.Probe(ctx)
	}
	p, ok := g.cfg.Store.(verify.Prober)
	if !ok {
		return inner
	}
	err := p.Probe(ctx)
	if err == nil {
		return inner
	}
	failure := &verify.Error{Vendor: vendor, Op: "probe", Outcome: verify.ErrUnavailable, Detail: "the guard's store would not do: its error says why", Err: err}
	var other *verify.Error
	if errors.As(inner, &other) {
		failure.Outcome = other.Outcome
		failure.Detail += "; " + other.Detail
		if second := verify.Outcome(""); !errors.As(other.Err, &second) { // which would hide the store's
			failure.Err = errors.Join(err, other.Err)
		}
	}
	return failure
}
