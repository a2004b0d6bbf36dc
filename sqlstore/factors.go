package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/go2fa/verify/totp"
)

// Factors is a [totp.Store] in a database; [DB.Factors] makes one. A database that
// loses commits loses people's factors.
type Factors struct{ view }

var (
	_ totp.KeyCounter = (*Factors)(nil)
	_ totp.Clock      = (*Factors)(nil)
)

// Create keeps a factor; see [totp.Store].
func (f *Factors) Create(ctx context.Context, k totp.Key, id totp.ID, x totp.Factor) (bool, error) {
	return f.decide(ctx, "create", k, func(r *factor, now int64) (bool, outcome) {
		name := hex.EncodeToString(id[:])
		if r.there() {
			return r.find(name, callCreate) != nil, unsure
		}
		r.set(x)
		r.remember(factorCall{ID: name, Kind: callCreate, At: now})
		return true, changed
	})
}

// Attempt charges an attempt; see [totp.Store].
func (f *Factors) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (a totp.Attempt, err error) {
	l = l.WithDefaults()
	err = step(ctx, f.db, "attempt", keyOf(kindFactor, k), func(r *factor, now int64) (o outcome) {
		a, o = r.attempt(hex.EncodeToString(id[:]), l, now)
		return o
	})
	if err != nil {
		return totp.Attempt{}, err
	}
	return a, nil
}

// Accept makes a step count; see [totp.Store].
func (f *Factors) Accept(ctx context.Context, k totp.Key, id totp.ID, enrolment totp.ID, at uint64, resealed *totp.Resealed) (bool, error) {
	return f.settle(ctx, callAccept, k, id, enrolment, at, func(r *factor) {
		r.Step = at
		if resealed != nil {
			r.KeyID, r.Sealed = hex.EncodeToString(resealed.KeyID[:]), resealed.Sealed
		}
	})
}

// Swap replaces a factor; see [totp.Store].
func (f *Factors) Swap(ctx context.Context, k totp.Key, id totp.ID, enrolment totp.ID, at uint64, x totp.Factor) (bool, error) {
	return f.settle(ctx, "swap", k, id, enrolment, at, func(r *factor) { r.set(x) })
}

func (f *Factors) settle(ctx context.Context, op string, k totp.Key, id, enrolment totp.ID, at uint64, change func(*factor)) (bool, error) {
	return f.decide(ctx, op, k, func(r *factor, now int64) (bool, outcome) {
		name := hex.EncodeToString(id[:])
		switch {
		case r.find(name, op) != nil:
			return true, kept
		case !r.there() || r.Enrolment != hex.EncodeToString(enrolment[:]) || at <= r.Step:
			return false, unsure
		}
		change(r)
		r.Settled = r.Failures
		r.uncount()
		r.remember(factorCall{ID: name, Kind: op, At: now})
		return true, changed
	})
}

// Refund takes back a charge; see [totp.Store].
func (f *Factors) Refund(ctx context.Context, k totp.Key, id totp.ID) error {
	_, err := f.decide(ctx, "refund", k, func(r *factor, now int64) (bool, outcome) {
		name := hex.EncodeToString(id[:])
		if r.find(name, callAttempt) == nil || r.find(name, callRefund) != nil {
			return true, unsure
		}
		r.Failures = max(r.Failures-1, r.Settled)
		r.uncount()
		r.remember(factorCall{ID: name, Kind: callRefund, At: now})
		return true, changed
	})
	return err
}

// Get returns a factor; see [totp.Store].
func (f *Factors) Get(ctx context.Context, k totp.Key) (x totp.Factor, found bool, err error) {
	err = step(ctx, f.db, "get", keyOf(kindFactor, k), func(r *factor, _ int64) outcome {
		x, found = r.get(), r.there()
		return kept
	})
	if err != nil {
		return totp.Factor{}, false, err
	}
	return x, found, nil
}

// Reseal replaces what is sealed; see [totp.Store].
func (f *Factors) Reseal(ctx context.Context, k totp.Key, enrolment totp.ID, x totp.Resealed) (bool, error) {
	return f.decide(ctx, "reseal", k, func(r *factor, _ int64) (bool, outcome) {
		if !r.there() || r.Enrolment != hex.EncodeToString(enrolment[:]) {
			return false, unsure
		}
		r.KeyID, r.Sealed = hex.EncodeToString(x.KeyID[:]), x.Sealed
		return true, changed
	})
}

// Reset forgets failures; see [totp.Store].
func (f *Factors) Reset(ctx context.Context, k totp.Key) error {
	_, err := f.decide(ctx, "reset", k, func(r *factor, _ int64) (bool, outcome) {
		if !r.there() {
			return true, unsure
		}
		r.Failures, r.Settled, r.Charged, r.Halves = 0, 0, 0, [3]int{}
		return true, changed
	})
	return err
}

// Delete removes a factor; see [totp.Store].
func (f *Factors) Delete(ctx context.Context, k totp.Key) error {
	return f.db.remove(ctx, "delete", keyOf(kindFactor, k))
}

// Now is the server's time; see [totp.Clock].
func (f *Factors) Now(ctx context.Context) (now time.Time, err error) {
	err = f.db.call(ctx, "time", func(ctx context.Context, conn *sql.Conn, _ bool) error {
		row, err := scan(conn.QueryRowContext(ctx, f.db.d.look, []byte{kindFactor}))
		now = time.UnixMicro(row.now)
		return err
	})
	return now, err
}

// CountKeys looks at every factor; see [totp.KeyCounter]. A factor that it cannot read
// is an error: a key that seems to seal nothing is dropped.
func (f *Factors) CountKeys(ctx context.Context) (counts map[totp.KeyID]int, err error) {
	err = f.db.call(ctx, "count", func(ctx context.Context, conn *sql.Conn, _ bool) error {
		counts, err = f.countKeys(ctx, conn)
		return err
	})
	return counts, err
}

func (f *Factors) countKeys(ctx context.Context, conn *sql.Conn) (map[totp.KeyID]int, error) {
	rows, err := conn.QueryContext(ctx, f.db.d.between, []byte{kindFactor}, []byte{kindFactor + 1})
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	counts := map[totp.KeyID]int{}
	for rows.Next() {
		var k []byte
		var x row
		if err := rows.Scan(&k, &x.data, &x.now); err != nil {
			return nil, err
		}
		r, _, err := on(x, func(*factor, int64) outcome { return kept })
		if err != nil {
			return nil, err
		}
		if !r.there() {
			continue
		}
		id, err := hex.DecodeString(r.KeyID)
		if err != nil || len(id) != len(totp.KeyID{}) {
			return nil, errLayout
		}
		counts[totp.KeyID(id)]++
	}
	return counts, rows.Err()
}

// decide asks for a yes or no.
func (f *Factors) decide(ctx context.Context, op string, k totp.Key, decide func(r *factor, now int64) (bool, outcome)) (yes bool, err error) {
	err = step(ctx, f.db, op, keyOf(kindFactor, k), func(r *factor, now int64) (o outcome) {
		yes, o = decide(r, now)
		return o
	})
	return yes && err == nil, err
}
