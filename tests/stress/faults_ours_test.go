package stress

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
)

// ourLimit is otp's own, or that of a failover of one backend.
func ourLimit(c cell) []play {
	attempted := func(r *run) {
		if c.checks {
			r.overLedger(nil)
			r.resend()
		}
		for range 5 {
			require.Error(r.t, r.verifier.Check(r.ctx, r.to, wrong(r.code)))
		}
		r.wire.arm(healthy)
	}
	if c.op == "check" {
		return []play{{before: attempted, anyhow: true, want: want{verify.ErrTooManyAttempts, 0}}}
	}
	if c.checks {
		return []play{{call: sendTwice, anyhow: true, want: want{verify.ErrTooManySends, 1}}}
	}
	return []play{{before: func(r *run) {
		_, err := r.verifier.Send(r.ctx, r.to)
		require.NoError(r.t, err)
		r.effects = r.emulator.Effects()
		r.wire.arm(healthy)
	}, anyhow: true, want: want{verify.ErrTooManySends, 0}}}
}

// sendTwice sends while another send to the same person is under way.
func sendTwice(r *run) {
	r.overLedger(nil)
	arrived, released, done := make(chan struct{}), make(chan struct{}), make(chan error)
	r.wire.arm(func(x *recording) {
		close(arrived)
		<-released
		healthy(x)
	})
	go func() {
		_, err := r.verifier.Send(r.ctx, r.to)
		done <- err
	}()
	<-arrived
	_, r.err = r.verifier.Send(r.ctx, r.to)
	close(released)
	assert.NoError(r.t, <-done)
	r.effects++ // of the first one
}

// openBreaker is that of a failover of one backend: its sends are refused at once,
// and its checks are made all the same.
func openBreaker(c cell) []play {
	account := vendorFacts[c.name]["send"].account
	if account == nil {
		return nil // nobody has written down what refuses the account here
	}
	fails := func(r *run, call func() error) {
		r.wire.arm(account.step())
		for range 10 {
			require.ErrorIs(r.t, call(), verify.ErrUnauthorized)
		}
		r.wire.arm(healthy)
	}
	send := func(r *run) {
		r.overLedger(nil)
		n := 0
		fails(r, func() error {
			n++
			_, err := r.verifier.Send(r.ctx, phone(7_000_000+n))
			return err
		})
	}
	check := func(r *run) {
		r.overLedger(nil)
		r.resend()
		fails(r, func() error { return r.verifier.Check(r.ctx, r.to, r.code) })
	}
	switch {
	case c.op == "send":
		return []play{{before: send, anyhow: true, want: want{verify.ErrUnavailable, 0}}}
	case c.checks:
		return []play{{before: check, anyhow: true, want: want{"", 1}}}
	}
	return nil // otp asks no vendor
}

var errStore = errors.New("the store is down")

// stored has the store, or the ledger of a failover, fail: before it has done
// anything, or once, after. A ledger is asked again, so that a lost answer costs no
// Send.
func (c cell) stored(before bool, check verify.Outcome) []play {
	w := c.by(want{verify.ErrUnavailable, 0}, want{check, 1})
	if !before && c.checks && c.op == "send" {
		w = want{"", 1}
	}
	if before {
		w.tries = 0
	}
	if !c.checks {
		w.tries = 0
	}
	return []play{{before: func(r *run) {
		l := &leaky{before: before}
		if c.checks {
			r.overLedger(l)
		} else {
			r.leaky.Store(l)
		}
		if c.op == "check" && c.checks {
			r.resend()
		}
		l.armed.Store(true)
	}, anyhow: true, want: w}}
}

// A leaky store or ledger fails once it is armed: always, before it does what it
// is asked; or once, after.
type leaky struct {
	before bool
	armed  atomic.Bool
}

// fails says whether this call fails, and whether it is made at all.
func (l *leaky) fails() (made bool, err error) {
	switch {
	case l == nil || !l.armed.Load():
		return true, nil
	case l.before:
		return false, errStore
	case l.armed.CompareAndSwap(true, false):
		return true, errStore
	}
	return true, nil
}

// A leakyLedger is a failover.Ledger that fails as leaky says.
type leakyLedger struct {
	failover.Ledger
	*leaky
}

// Open implements failover.Ledger.
func (l leakyLedger) Begin(ctx context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (busy time.Duration, err error) {
	made, fails := l.fails()
	if made {
		busy, err = l.Ledger.Begin(ctx, k, id, backend, lease)
	}
	return busy, errors.Join(err, fails)
}

// Charge implements failover.Ledger.
func (l leakyLedger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (c failover.Attempt, err error) {
	made, fails := l.fails()
	if made {
		c, err = l.Ledger.Attempt(ctx, k, id, by, limits)
	}
	return c, errors.Join(err, fails)
}

// A leakyStore is an otp.Store that fails as leaky says.
type leakyStore struct {
	otp.Store
	leaky *atomic.Pointer[leaky]
}

// Issue implements otp.Store.
func (s leakyStore) Issue(ctx context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (a otp.Admission, err error) {
	made, fails := s.leaky.Load().fails()
	if made {
		a, err = s.Store.Issue(ctx, k, id, mac, ttl, l)
	}
	return a, errors.Join(err, fails)
}

// Attempt implements otp.Store.
func (s leakyStore) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (v otp.Verdict, left int, err error) {
	made, fails := s.leaky.Load().fails()
	if made {
		v, left, err = s.Store.Attempt(ctx, k, id, macs, l)
	}
	return v, left, errors.Join(err, fails)
}
