package sqlstore

import (
	"cmp"
	"context"
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
	err = l.step(ctx, "begin", k, func(r *failover.Record, now int64) (c failover.Change) {
		busy, c = r.Begin(now, id, backend, lease)
		return c
	})
	if err != nil {
		return 0, err
	}
	l.db.sweepSometimes(ctx)
	return busy, nil
}

// End says what became of that; see [failover.Ledger].
func (l *Ledger) End(ctx context.Context, k failover.Key, id failover.ID, backend string, s failover.State, ttl time.Duration) error {
	return l.step(ctx, "end", k, func(r *failover.Record, now int64) failover.Change { return r.End(now, id, backend, s, ttl) })
}

// Attempt spends one attempt; see [failover.Ledger].
func (l *Ledger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (a failover.Attempt, err error) {
	err = l.step(ctx, "attempt", k, func(r *failover.Record, now int64) (c failover.Change) {
		a, c = r.Attempt(now, id, by, limits)
		return c
	})
	if err != nil {
		return failover.Attempt{}, err
	}
	return a, nil
}

// Claim names a Send by its idempotency key; see [failover.Ledger].
func (l *Ledger) Claim(ctx context.Context, k failover.Key, call, id failover.ID) (claim failover.Claim, err error) {
	err = l.step(ctx, "claim", k, func(r *failover.Record, now int64) (c failover.Change) {
		claim, c = r.Claim(now, call, id)
		return c
	})
	if err != nil {
		return failover.Claim{}, err
	}
	return claim, nil
}

// Conclude keeps what became of a call; see [failover.Ledger].
func (l *Ledger) Conclude(ctx context.Context, k failover.Key, id failover.ID, text string) error {
	return l.step(ctx, "conclude", k, func(r *failover.Record, now int64) failover.Change { return r.Conclude(now, id, text) })
}

// Settle ends a Check; see [failover.Ledger].
func (l *Ledger) Settle(ctx context.Context, k failover.Key, id failover.ID, v failover.Verdict) (won bool, err error) {
	var forgotten error
	err = l.step(ctx, "settle", k, func(r *failover.Record, now int64) (c failover.Change) {
		won, c, forgotten = r.Settle(now, id, v)
		return c
	})
	if err = cmp.Or(err, forgotten); err != nil {
		return false, err
	}
	return won, nil
}

// Look tells what is known of a key; see [failover.Looker].
func (l *Ledger) Look(ctx context.Context, k failover.Key) (seen failover.Seen, err error) {
	err = l.step(ctx, "look", k, func(r *failover.Record, now int64) failover.Change {
		seen = r.Look(now)
		return failover.Kept
	})
	return seen, err
}

// step makes one step of a record, whose change tells whether the row is written.
func (l *Ledger) step(ctx context.Context, op string, k failover.Key, call func(r *failover.Record, now int64) failover.Change) error {
	return step(ctx, l.db, op, keyOf(kindLedger, k), func(e *entry, now int64) outcome { return call(&e.record, now) })
}

// Reset removes an entry; see [failover.Ledger].
func (l *Ledger) Reset(ctx context.Context, k failover.Key) error {
	return l.db.remove(ctx, "reset", keyOf(kindLedger, k))
}
