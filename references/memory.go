package references

import (
	"context"
	"sync"
	"time"
)

// Limits of a Memory.
const (
	defaultMaxEntries = 1 << 20
	maxReference      = 1024            // bytes
	rememberTaken     = 2 * time.Minute // how long an id gets the same answer
	sweepStep         = 64              // expired entries that one Set looks for
)

// A Memory keeps references in this process, for one process alone: a restart
// forgets them, and the codes that were sent before cannot be checked. The zero
// Memory is ready to use. It forgets nothing that is still pending: once
// MaxEntries are pending, Set returns [ErrFull].
type Memory struct {
	// MaxEntries bounds what is kept. Defaults to 1,048,576.
	MaxEntries int

	mu      sync.Mutex
	entries map[[16]byte]entry
	taken   map[[16]byte]answer // by id
}

var _ References = (*Memory)(nil)

type entry struct {
	reference string
	end       time.Time
}

type answer struct {
	taken bool
	end   time.Time
}

// Set implements [References].
func (m *Memory) Set(ctx context.Context, key [16]byte, reference string, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.sweep(now)
	if m.entries == nil {
		m.entries = map[[16]byte]entry{}
	}
	if _, known := m.entries[key]; !known && len(m.entries) >= m.maxEntries() && !m.sweepAll(now) {
		return ErrFull
	}
	if len(reference) > maxReference {
		return ErrFull
	}
	m.entries[key] = entry{reference, now.Add(ttl)}
	return nil
}

// Get implements [References].
func (m *Memory) Get(ctx context.Context, key [16]byte) (reference string, found bool, err error) {
	if err := ctx.Err(); err != nil {
		return "", false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, found := m.entries[key]
	if !found || !time.Now().Before(e.end) {
		return "", false, nil
	}
	return e.reference, true, nil
}

// Take implements [References].
func (m *Memory) Take(ctx context.Context, key [16]byte, reference string, id [16]byte) (taken bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if a, known := m.taken[id]; known && now.Before(a.end) {
		return a.taken, nil
	}
	e, found := m.entries[key]
	taken = found && now.Before(e.end) && e.reference == reference
	if taken {
		delete(m.entries, key)
	}
	if m.taken == nil {
		m.taken = map[[16]byte]answer{}
	}
	m.sweep(now)
	m.taken[id] = answer{taken, now.Add(rememberTaken)}
	return taken, nil
}

func (m *Memory) maxEntries() int {
	if m.MaxEntries > 0 {
		return m.MaxEntries
	}
	return defaultMaxEntries
}

// sweep drops a few of those whose time is over: a map is walked from a random
// place.
func (m *Memory) sweep(now time.Time) {
	left := sweepStep
	for key, e := range m.entries {
		if left--; left < 0 {
			break
		}
		if !now.Before(e.end) {
			delete(m.entries, key)
		}
	}
	left = sweepStep
	for id, a := range m.taken {
		if left--; left < 0 {
			break
		}
		if !now.Before(a.end) {
			delete(m.taken, id)
		}
	}
}

// sweepAll drops all of them, and reports whether there is room.
func (m *Memory) sweepAll(now time.Time) bool {
	for key, e := range m.entries {
		if !now.Before(e.end) {
			delete(m.entries, key)
		}
	}
	return len(m.entries) < m.maxEntries()
}
