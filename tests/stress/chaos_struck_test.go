package stress

import (
	"context"
	"errors"
	"time"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
)

var errWeather = errors.New("the store is struck")

// struck says whether a call of a store is made, and how its answer is lost.
func (s *sky) struck() (made bool, err error) {
	way, fails := s.strikes(storeFaults, 2)
	if !fails {
		return true, nil
	}
	return way == 1, errWeather
}

// A skyStore is an otp.Store under the sky.
type skyStore struct {
	otp.Store
	*sky
}

// Issue implements otp.Store.
func (s skyStore) Issue(ctx context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (a otp.Admission, err error) {
	made, lost := s.struck()
	if made {
		a, err = s.Store.Issue(ctx, k, id, mac, ttl, l)
	}
	return a, errors.Join(err, lost)
}

// Attempt implements otp.Store.
func (s skyStore) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (v otp.Verdict, left int, err error) {
	made, lost := s.struck()
	if made {
		v, left, err = s.Store.Attempt(ctx, k, id, macs, l)
	}
	if v == otp.Match {
		s.approve()
	}
	return v, left, errors.Join(err, lost)
}

// Revoke implements otp.Store.
func (s skyStore) Revoke(ctx context.Context, k otp.Key, id otp.ID) (err error) {
	made, lost := s.struck()
	if made {
		err = s.Store.Revoke(ctx, k, id)
	}
	return errors.Join(err, lost)
}

// A skyLedger is a failover.Ledger under the sky.
type skyLedger struct {
	failover.Ledger
	*sky
}

// Open implements failover.Ledger.
func (l skyLedger) Begin(ctx context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (busy time.Duration, err error) {
	made, lost := l.struck()
	if made {
		busy, err = l.Ledger.Begin(ctx, k, id, backend, lease)
	}
	return busy, errors.Join(err, lost)
}

// Close implements failover.Ledger.
func (l skyLedger) End(ctx context.Context, k failover.Key, id failover.ID, backend string, s failover.State, ttl time.Duration) (err error) {
	made, lost := l.struck()
	if made {
		err = l.Ledger.End(ctx, k, id, backend, s, ttl)
	}
	return errors.Join(err, lost)
}

// Charge implements failover.Ledger.
func (l skyLedger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (c failover.Attempt, err error) {
	made, lost := l.struck()
	if made {
		c, err = l.Ledger.Attempt(ctx, k, id, by, limits)
	}
	return c, errors.Join(err, lost)
}

// Settle implements failover.Ledger.
func (l skyLedger) Settle(ctx context.Context, k failover.Key, id failover.ID, v failover.Verdict) (won bool, err error) {
	made, lost := l.struck()
	if made {
		won, err = l.Ledger.Settle(ctx, k, id, v)
	}
	return won, errors.Join(err, lost)
}
