package failover

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	maxEntries = 1 << 20
	maxSweep   = 64 // records looked at when the ledger is full
)

var errFull = errors.New("failover: the memory ledger is full")

// A MemoryLedger is a Ledger for one process. Its zero value is empty and ready.
// It keeps at most about a million entries, drops those that mean nothing any
// more, and refuses new sends rather than forget an attempt. It is safe for
// concurrent use.
type MemoryLedger struct {
	mu      sync.Mutex
	epoch   time.Time
	records map[Key]*Record
}

var (
	_ Ledger = (*MemoryLedger)(nil)
	_ Looker = (*MemoryLedger)(nil)
)

// now is monotonic, in microseconds above zero.
func (m *MemoryLedger) now() int64 {
	if m.epoch.IsZero() {
		m.epoch = time.Now()
	}
	return m.epoch.UnixMicro() + time.Since(m.epoch).Microseconds()
}

// Begin implements Ledger.
func (m *MemoryLedger) Begin(_ context.Context, k Key, id ID, backend string, lease time.Duration) (time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	r, err := m.at(k, now)
	if err != nil {
		return 0, err
	}
	busy, _ := r.Begin(now, id, backend, lease)
	return busy, nil
}

// End implements Ledger.
func (m *MemoryLedger) End(_ context.Context, k Key, id ID, backend string, s State, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	r, err := m.at(k, now)
	if err != nil {
		return err
	}
	r.End(now, id, backend, s, ttl)
	return nil
}

// Attempt implements Ledger.
func (m *MemoryLedger) Attempt(_ context.Context, k Key, id, by ID, limits Limits) (Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[k]
	if !ok {
		return Attempt{}, nil
	}
	a, _ := r.Attempt(m.now(), id, by, limits)
	return a, nil
}

// Settle implements Ledger.
func (m *MemoryLedger) Settle(_ context.Context, k Key, id ID, v Verdict) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[k]
	if !ok {
		return false, ErrForgotten
	}
	won, _, err := r.Settle(m.now(), id, v)
	return won, err
}

// Claim implements Ledger.
func (m *MemoryLedger) Claim(_ context.Context, k Key, call, id ID) (Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	r, err := m.at(k, now)
	if err != nil {
		return Claim{}, err
	}
	c, _ := r.Claim(now, call, id)
	return c, nil
}

// Conclude implements Ledger.
func (m *MemoryLedger) Conclude(_ context.Context, k Key, id ID, outcome string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.records[k]; ok {
		r.Conclude(m.now(), id, outcome)
	}
	return nil
}

// Reset implements Ledger.
func (m *MemoryLedger) Reset(_ context.Context, k Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.records, k)
	return nil
}

// Look implements Looker.
func (m *MemoryLedger) Look(_ context.Context, k Key) (Seen, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[k]
	if !ok {
		return Seen{}, nil
	}
	return r.Look(m.now()), nil
}

// at finds or makes the record of k.
func (m *MemoryLedger) at(k Key, now int64) (*Record, error) {
	if r, ok := m.records[k]; ok {
		return r, nil
	}
	if m.records == nil {
		m.records = map[Key]*Record{}
	}
	if len(m.records) >= maxEntries && !m.sweep(now) {
		return nil, errFull
	}
	r := new(Record)
	m.records[k] = r
	return r, nil
}

// sweep looks at a few records and drops those that mean nothing any more.
func (m *MemoryLedger) sweep(now int64) bool {
	seen := 0
	for k, r := range m.records {
		if r.Until() <= now {
			delete(m.records, k)
		}
		if seen++; seen == maxSweep {
			break
		}
	}
	return len(m.records) < maxEntries
}
