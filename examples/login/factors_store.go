package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify/totp"
)

// txKey finds a transaction in a context.
type txKey struct{}

// within has the stores of this file and of recovery_store.go take part in a
// transaction: what a check changes and what it was for are kept together, or not
// at all. A check that fails must not end the transaction by an error: its charge
// would be gone.
func within(tx *bolt.Tx) context.Context {
	return context.WithValue(context.Background(), txKey{}, tx)
}

// update runs one step, in the transaction of ctx or in one of its own.
func (s *store) update(ctx context.Context, step func(*bolt.Tx) error) error {
	if tx, ok := ctx.Value(txKey{}).(*bolt.Tx); ok {
		return step(tx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Update(step)
}

// view is update for a step that only reads.
func (s *store) view(ctx context.Context, step func(*bolt.Tx) error) error {
	if tx, ok := ctx.Value(txKey{}).(*bolt.Tx); ok {
		return step(tx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.View(step)
}

// How long a call may be made again, how many are remembered of one account, and
// half of the 30 days that totp.Limits.Total is about.
const (
	replayTime = 2 * time.Minute
	maxCalls   = 64
	halfWindow = 15 * 24 * time.Hour
)

// appStore keeps authenticator apps in the site's file, as package redisstore does
// on Redis. Each method is one transaction.
type appStore struct {
	*store
	now func() time.Time
}

var (
	_ totp.Store      = appStore{}
	_ totp.KeyCounter = appStore{}
)

// An appRecord is one factor with its counts.
type appRecord struct {
	Factor   totp.Factor
	Failures int       // charged, in this row
	Settled  int       // how many of them an approval has forgiven; they still count for the wait that may be on
	Charged  time.Time // when the last one was
	Halves   [3]int    // failures by half windows, the newest first
	Since    time.Time // when the first half window began
	Half     int64     // which one Halves[0] is
	Calls    []appCall
}

// An appCall is one that took effect, kept so that it may be made again.
type appCall struct {
	ID      totp.ID
	Kind    string
	At      time.Time
	Attempt *totp.Attempt `json:",omitempty"`
}

// The calls that may be made again.
const (
	callCreate  = "create"
	callAttempt = "attempt"
	callAccept  = "accept"
	callSwap    = "swap"
	callRefund  = "refund"
)

// on runs one step on the record of k, or on nil if there is none. The record that
// the step returns is kept; nil changes nothing.
func (s appStore) on(ctx context.Context, k totp.Key, step func(r *appRecord, now time.Time) *appRecord) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		key := hex.EncodeToString(k[:])
		r, err := read[appRecord](tx, apps, key)
		if err != nil {
			return err
		}
		now := s.now()
		if r != nil {
			r.Calls = slices.DeleteFunc(r.Calls, func(c appCall) bool { return now.Sub(c.At) >= replayTime })
		}
		if r = step(r, now); r == nil {
			return nil
		}
		return save(tx, apps, key, r)
	})
}

// read is load for what must not be taken for missing when it cannot be read.
func read[T any](tx *bolt.Tx, bucket, key string) (*T, error) {
	text := tx.Bucket([]byte(bucket)).Get([]byte(key))
	if text == nil {
		return nil, nil //nolint:nilnil // no record is no fault
	}
	v := new(T)
	return v, json.Unmarshal(text, v)
}

// Create keeps a factor, if there is none.
func (s appStore) Create(ctx context.Context, k totp.Key, id totp.ID, f totp.Factor) (created bool, err error) {
	err = s.on(ctx, k, func(r *appRecord, now time.Time) *appRecord {
		if r != nil {
			created = r.find(id, callCreate) != nil
			return nil
		}
		created = true
		return &appRecord{Factor: f, Calls: []appCall{{ID: id, Kind: callCreate, At: now}}}
	})
	return created && err == nil, err
}

// Attempt charges one failure before anything is compared.
func (s appStore) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (a totp.Attempt, err error) {
	err = s.on(ctx, k, func(r *appRecord, now time.Time) *appRecord {
		if r == nil {
			return nil
		}
		if c := r.find(id, callAttempt); c != nil {
			a = *c.Attempt
			a.Age, a.Accepted = now.Sub(c.At), r.find(id, callAccept) != nil
			return nil
		}
		a = r.attempt(id, l.WithDefaults(), now)
		return r
	})
	if err != nil {
		return totp.Attempt{}, err
	}
	return a, nil
}

// Accept makes a step count, if it is a later one of the same enrolment.
func (s appStore) Accept(ctx context.Context, k totp.Key, id, enrolment totp.ID, step uint64, resealed *totp.Resealed) (bool, error) {
	return s.settle(ctx, k, id, callAccept, enrolment, step, func(f *totp.Factor) {
		f.Step = step
		if resealed != nil {
			f.KeyID, f.Sealed = resealed.KeyID, resealed.Sealed
		}
	})
}

// Swap puts another factor in the place of one, on the condition of Accept.
func (s appStore) Swap(ctx context.Context, k totp.Key, id, enrolment totp.ID, step uint64, next totp.Factor) (bool, error) {
	return s.settle(ctx, k, id, callSwap, enrolment, step, func(f *totp.Factor) { *f = next })
}

func (s appStore) settle(ctx context.Context, k totp.Key, id totp.ID, kind string, enrolment totp.ID, step uint64, change func(*totp.Factor)) (won bool, err error) {
	err = s.on(ctx, k, func(r *appRecord, now time.Time) *appRecord {
		if r == nil {
			return nil
		}
		if r.find(id, kind) != nil {
			won = true
			return nil
		}
		if r.Factor.Enrolment != enrolment || step <= r.Factor.Step {
			return nil
		}
		won = true
		change(&r.Factor)
		r.Settled = r.Failures
		r.uncount()
		r.Calls = append(r.Calls, appCall{ID: id, Kind: kind, At: now})
		return r
	})
	return won && err == nil, err
}

// Refund takes back the charge of one attempt.
func (s appStore) Refund(ctx context.Context, k totp.Key, id totp.ID) error {
	return s.on(ctx, k, func(r *appRecord, now time.Time) *appRecord {
		if r == nil || r.find(id, callAttempt) == nil || r.find(id, callRefund) != nil {
			return nil
		}
		r.Failures = max(r.Failures-1, r.Settled)
		r.uncount()
		r.Calls = append(r.Calls, appCall{ID: id, Kind: callRefund, At: now})
		return r
	})
}

// Get returns the factor of k.
func (s appStore) Get(ctx context.Context, k totp.Key) (f totp.Factor, found bool, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		r, err := read[appRecord](tx, apps, hex.EncodeToString(k[:]))
		if found = err == nil && r != nil; found {
			f = r.Factor
		}
		return err
	})
	return f, found, err
}

// Reseal replaces what is sealed and nothing else.
func (s appStore) Reseal(ctx context.Context, k totp.Key, enrolment totp.ID, sealed totp.Resealed) (done bool, err error) {
	err = s.on(ctx, k, func(r *appRecord, _ time.Time) *appRecord {
		if r == nil || r.Factor.Enrolment != enrolment {
			return nil
		}
		done = true
		r.Factor.KeyID, r.Factor.Sealed = sealed.KeyID, sealed.Sealed
		return r
	})
	return done && err == nil, err
}

// Reset forgets failures, and keeps the factor and its last step.
func (s appStore) Reset(ctx context.Context, k totp.Key) error {
	return s.on(ctx, k, func(r *appRecord, _ time.Time) *appRecord {
		if r != nil {
			r.Failures, r.Settled, r.Charged, r.Halves = 0, 0, time.Time{}, [3]int{}
		}
		return r
	})
}

// Delete removes all that is kept under k.
func (s appStore) Delete(ctx context.Context, k totp.Key) error {
	return s.update(ctx, func(tx *bolt.Tx) error { return drop(tx, apps, hex.EncodeToString(k[:])) })
}

// CountKeys counts the factors that each key seals.
func (s appStore) CountKeys(ctx context.Context) (map[totp.KeyID]int, error) {
	counts := map[totp.KeyID]int{}
	err := s.view(ctx, func(tx *bolt.Tx) error {
		for _, r := range all[appRecord](tx, apps, "") {
			counts[r.Factor.KeyID]++
		}
		return nil
	})
	return counts, err
}

// attempt charges one failure, unless a limit is reached.
func (r *appRecord) attempt(id totp.ID, l totp.Limits, now time.Time) totp.Attempt {
	if r.Settled > 0 && now.Sub(r.Charged) >= l.Wait {
		r.Failures, r.Settled = r.Failures-r.Settled, 0
	}
	r.roll(now)
	if r.Failures-r.Settled >= l.Failures || r.Halves[0]+r.Halves[1]+r.Halves[2] >= l.Total {
		return totp.Attempt{Found: true, Blocked: true}
	}
	if wait := r.wait(l) - now.Sub(r.Charged); wait > 0 {
		return totp.Attempt{Found: true, Wait: wait}
	}
	if len(r.Calls) >= maxCalls {
		return totp.Attempt{Found: true, Wait: replayTime - now.Sub(r.Calls[0].At)}
	}
	r.Failures++
	r.Halves[0]++
	r.Charged = now
	a := totp.Attempt{
		Found: true, Factor: r.Factor, Failures: r.Failures - r.Settled,
		Left: max(l.Attempts-r.Failures, 0), Next: r.wait(l),
	}
	r.Calls = append(r.Calls, appCall{ID: id, Kind: callAttempt, At: now, Attempt: &a})
	return a
}

// wait is the one that began with the last failure. Failures that an approval has
// forgiven count for the first wait only: else a burst of attempts would begin anew
// with each right code.
func (r *appRecord) wait(l totp.Limits) time.Duration {
	if wait := l.After(r.Failures - r.Settled); wait > 0 {
		return wait
	}
	if r.Failures >= l.Attempts {
		return l.Wait
	}
	return 0
}

// roll moves the half windows on. Without a failure in them they begin anew.
func (r *appRecord) roll(now time.Time) {
	for half := int64(now.Sub(r.Since) / halfWindow); r.Half < half && r.Halves != [3]int{}; r.Half++ {
		r.Halves = [3]int{0, r.Halves[0], r.Halves[1]}
	}
	if r.Halves == [3]int{} {
		r.Since, r.Half = now, 0
	}
}

// uncount takes back one failure of the half windows.
func (r *appRecord) uncount() {
	for i := range r.Halves {
		if r.Halves[i] > 0 {
			r.Halves[i]--
			return
		}
	}
}

func (r *appRecord) find(id totp.ID, kind string) *appCall {
	for i := range r.Calls {
		if r.Calls[i].ID == id && r.Calls[i].Kind == kind {
			return &r.Calls[i]
		}
	}
	return nil
}
