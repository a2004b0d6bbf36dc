package sqlstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/go2fa/verify/failover"
)

// A Ledger is a [failover.Ledger] in a database; [DB.Ledger] makes one.
type Ledger struct{ view }

var (
	_ failover.Ledger = (*Ledger)(nil)
	_ failover.Looker = (*Ledger)(nil)
)

// Begin reserves a recipient for one backend of a Send; see [failover.Ledger].
func (l *Ledger) Begin(ctx context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (busy time.Duration, err error) {
	err = step(ctx, l.db, "begin", keyOf(kindLedger, k), func(e *entry, now int64) (o outcome) {
		busy, o = e.begin(hex.EncodeToString(id[:]), backend, micros(lease), now)
		return o
	})
	if err != nil {
		return 0, err
	}
	l.db.sweepSometimes(ctx)
	return busy, nil
}

// End says what became of that; see [failover.Ledger].
func (l *Ledger) End(ctx context.Context, k failover.Key, id failover.ID, backend string, s failover.State, ttl time.Duration) error {
	return step(ctx, l.db, "end", keyOf(kindLedger, k), func(e *entry, now int64) outcome {
		return e.end(hex.EncodeToString(id[:]), backend, s, micros(ttl), now)
	})
}

// Attempt spends one attempt; see [failover.Ledger].
func (l *Ledger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (a failover.Attempt, err error) {
	limits = limits.WithDefaults()
	err = step(ctx, l.db, "attempt", keyOf(kindLedger, k), func(e *entry, now int64) (o outcome) {
		a, o = e.attempt(hex.EncodeToString(id[:]), hex.EncodeToString(by[:]), limits, now)
		return o
	})
	if err != nil {
		return failover.Attempt{}, err
	}
	return a, nil
}

// Claim names a Send by its idempotency key; see [failover.Ledger].
func (l *Ledger) Claim(ctx context.Context, k failover.Key, call, id failover.ID) (c failover.Claim, err error) {
	err = step(ctx, l.db, "claim", keyOf(kindLedger, k), func(e *entry, now int64) (o outcome) {
		c, o = e.claim(hex.EncodeToString(call[:]), hex.EncodeToString(id[:]), now)
		return o
	})
	if err != nil {
		return failover.Claim{}, err
	}
	return c, nil
}

// Conclude keeps what became of a call; see [failover.Ledger].
func (l *Ledger) Conclude(ctx context.Context, k failover.Key, id failover.ID, text string) error {
	return step(ctx, l.db, "conclude", keyOf(kindLedger, k), func(e *entry, _ int64) outcome {
		return e.conclude(hex.EncodeToString(id[:]), text)
	})
}

// Settle ends a Check; see [failover.Ledger].
func (l *Ledger) Settle(ctx context.Context, k failover.Key, id failover.ID, v failover.Verdict) (won bool, err error) {
	forgotten := false
	err = step(ctx, l.db, "settle", keyOf(kindLedger, k), func(e *entry, _ int64) outcome {
		c := e.check(hex.EncodeToString(id[:]))
		if forgotten = c == nil; forgotten {
			return unsure
		}
		var o outcome
		won, o = e.settle(c, v)
		return o
	})
	switch {
	case err != nil:
		return false, err
	case forgotten:
		return false, failover.ErrForgotten
	}
	return won, nil
}

// Look tells what is known of a key; see [failover.Looker].
func (l *Ledger) Look(ctx context.Context, k failover.Key) (seen failover.Seen, err error) {
	err = step(ctx, l.db, "look", keyOf(kindLedger, k), func(e *entry, now int64) outcome {
		seen = failover.Seen{Failures: e.Failures, Live: len(e.newest(now)) > 0, Busy: max(duration(e.Lease-now), 0)}
		return kept
	})
	return seen, err
}

// Reset removes an entry; see [failover.Ledger].
func (l *Ledger) Reset(ctx context.Context, k failover.Key) error {
	return l.db.remove(ctx, "reset", keyOf(kindLedger, k))
}
