package main

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify/recovery"
)

// paperStore keeps recovery codes in the site's file. Each method is one
// transaction, or takes part in that of its context: see within.
type paperStore struct {
	*store
	now func() time.Time
}

var _ recovery.Store = paperStore{}

type paperRecord struct {
	Codes    []recovery.MAC
	Failures int
	Charged  time.Time // when the last failure was
	Calls    []paperCall
}

// A paperCall is one that took effect, kept so that it may be made again.
type paperCall struct {
	ID      recovery.ID
	At      time.Time
	Attempt *recovery.Attempt `json:",omitempty"` // nil of a Replace
}

func (s paperStore) on(ctx context.Context, k recovery.Key, step func(r *paperRecord, now time.Time) *paperRecord) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		key := hex.EncodeToString(k[:])
		r, err := read[paperRecord](tx, papers, key)
		if err != nil {
			return err
		}
		now := s.now()
		if r != nil {
			r.Calls = slices.DeleteFunc(r.Calls, func(c paperCall) bool { return now.Sub(c.At) >= replayTime })
		}
		if r = step(r, now); r == nil {
			return nil
		}
		return save(tx, papers, key, r)
	})
}

// Replace makes macs the only codes of k.
func (s paperStore) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	return s.on(ctx, k, func(r *paperRecord, now time.Time) *paperRecord {
		if r == nil {
			r = &paperRecord{}
		}
		if r.find(id, false) != nil {
			return nil
		}
		r.Codes, r.Failures, r.Charged = macs, 0, time.Time{}
		r.Calls = append(r.Calls, paperCall{ID: id, At: now})
		return r
	})
}

// Attempt charges one failure, compares, and removes the code that matched.
func (s paperStore) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (a recovery.Attempt, err error) {
	err = s.on(ctx, k, func(r *paperRecord, now time.Time) *paperRecord {
		if r == nil {
			return nil
		}
		if c := r.find(id, true); c != nil {
			a = *c.Attempt
			return nil
		}
		a = r.attempt(id, macs, l.WithDefaults(), now)
		return r
	})
	if err != nil {
		return recovery.Attempt{}, err
	}
	return a, nil
}

// Left returns how many codes k has.
func (s paperStore) Left(ctx context.Context, k recovery.Key) (n int, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		r, err := read[paperRecord](tx, papers, hex.EncodeToString(k[:]))
		if err == nil && r != nil {
			n = len(r.Codes)
		}
		return err
	})
	return n, err
}

// Delete removes all that is kept under k.
func (s paperStore) Delete(ctx context.Context, k recovery.Key) error {
	return s.update(ctx, func(tx *bolt.Tx) error { return drop(tx, papers, hex.EncodeToString(k[:])) })
}

// attempt charges first: whatever happens then, the attempt is spent.
func (r *paperRecord) attempt(id recovery.ID, macs []recovery.MAC, l recovery.Limits, now time.Time) recovery.Attempt {
	if len(r.Codes) == 0 {
		return recovery.Attempt{}
	}
	if wait := l.After(r.Failures) - now.Sub(r.Charged); wait > 0 {
		return recovery.Attempt{Verdict: recovery.Waiting, Wait: wait}
	}
	r.Failures++
	r.Charged = now
	a := recovery.Attempt{Verdict: recovery.Wrong, Left: max(l.Attempts-r.Failures, 0), Wait: l.After(r.Failures)}
	if i := r.holds(macs); i >= 0 {
		r.Codes = slices.Delete(r.Codes, i, i+1)
		r.Failures, r.Charged = 0, time.Time{}
		a = recovery.Attempt{Verdict: recovery.Match}
	}
	r.Calls = append(r.Calls, paperCall{ID: id, At: now, Attempt: &a})
	return a
}

// holds returns which code one of macs stands for, or -1. It looks at all of them.
func (r *paperRecord) holds(macs []recovery.MAC) int {
	at := -1
	for i := range r.Codes {
		for _, m := range macs {
			if subtle.ConstantTimeCompare(r.Codes[i][:], m[:]) == 1 {
				at = i
			}
		}
	}
	return at
}

func (r *paperRecord) find(id recovery.ID, attempt bool) *paperCall {
	for i := range r.Calls {
		if r.Calls[i].ID == id && (r.Calls[i].Attempt != nil) == attempt {
			return &r.Calls[i]
		}
	}
	return nil
}
