package guard

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The most records and known recipients of a MemoryStore.
const (
	defaultRecords = 2_000_000
	fullSweep      = 256 // records that are looked at before a store says that it is full
)

var errFull = errors.New("the store is full: give it room for more records")

// A MemoryStore is a [Store] in the memory of one process. The zero value is ready
// for use. It must not be copied. It drops nothing that still counts: when it is full
// of that, Admit fails, and the guard refuses.
type MemoryStore struct {
	// MaxRecords is how many records are kept. Set it before first use. Defaults to
	// 2,000,000, which take some 390 MB, and 64 bytes more for each recipient with a
	// second Send.
	MaxRecords int
	// MaxKnown is how many recipients are known; the oldest approval leaves first.
	// Set it before first use. Defaults to 1,000,000.
	MaxKnown int
	// Clock is the store's own, for the replay of a log. It must not go back. Set it
	// before first use. Defaults to the system's monotonic clock.
	Clock func() time.Time

	mu     sync.Mutex
	epoch  time.Time
	people map[Name]*Record // and addresses
	places map[Name]*Record // of clear names: few, so that they stay in the processor's cache
	queue  ring[kept]       // all records, to be looked at in turn
	known  known
	room   [maxCounts]*Record
}

const maxCounts = 12

// Kept is a record under its name.
type kept struct {
	name   Name
	record *Record
}

var _ Store = (*MemoryStore)(nil)

// lock locks the store and returns the time, which is monotonic.
func (m *MemoryStore) lock() int64 {
	m.mu.Lock()
	if m.people == nil {
		m.epoch = time.Now()
		m.people, m.places = map[Name]*Record{}, map[Name]*Record{}
	}
	if m.Clock != nil {
		return m.Clock().UnixMicro()
	}
	return m.epoch.UnixMicro() + time.Since(m.epoch).Microseconds()
}

// Admit decides; see [Store]. It fails if ctx is done or the store is full.
func (m *MemoryStore) Admit(ctx context.Context, s Send) (Decision, error) {
	if err := ctx.Err(); err != nil {
		return Decision{}, err
	}
	if len(s.Counts) == 0 || len(s.Counts) > maxCounts {
		return Decision{}, errors.New("a Send has 1 to 12 counts")
	}
	now := m.lock()
	defer m.mu.Unlock()
	records := m.room[:len(s.Counts)]
	missing := 0
	for i := range s.Counts {
		if records[i] = m.at(s.Counts[i].Name, now); records[i] == nil {
			missing++
		}
	}
	if m.size()+missing > m.maxRecords() {
		if m.sweep(now, fullSweep); m.size()+missing > m.maxRecords() {
			return Decision{}, errFull
		}
	}
	d := Decide(now, s, m.known.has(s.Counts[0].Name, now), records)
	if missing > 0 && d.Admitted {
		for i := range s.Counts {
			m.keep(s.Counts[i].Name, records[i])
		}
	}
	m.sweep(now, 3*missing) // faster than records are made, or they would pile up
	return d, nil
}

// at returns the record of n, or nil. One that has ended begins anew.
func (m *MemoryStore) at(n Name, now int64) *Record {
	r := m.of(n)[n]
	if r != nil && r.End() <= now {
		*r = Record{}
	}
	return r
}

func (m *MemoryStore) of(n Name) map[Name]*Record {
	if n.IsClear() {
		return m.places
	}
	return m.people
}

func (m *MemoryStore) size() int { return len(m.people) + len(m.places) }

func (m *MemoryStore) maxRecords() int {
	if m.MaxRecords > 0 {
		return m.MaxRecords
	}
	return defaultRecords
}

// keep adds a record that is new.
func (m *MemoryStore) keep(n Name, r *Record) {
	records := m.of(n)
	if r == nil || records[n] != nil {
		return
	}
	records[n] = r
	m.queue.push(kept{n, r})
}

// sweep looks at the next few records and deletes those that have ended.
func (m *MemoryStore) sweep(now int64, most int) {
	for range min(most, m.queue.n) {
		k := m.queue.pop()
		if k.record.End() <= now {
			delete(m.of(k.name), k.name)
			continue
		}
		m.queue.push(k)
	}
}

// Revoke takes a Send back; see [Store].
func (m *MemoryStore) Revoke(ctx context.Context, s Send) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.lock()
	defer m.mu.Unlock()
	records := make([]*Record, len(s.Counts))
	for i, c := range s.Counts {
		records[i] = m.at(c.Name, now)
	}
	Undo(now, s, records)
	return nil
}

// Approve makes a recipient known; see [Store].
func (m *MemoryStore) Approve(ctx context.Context, a Approval) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.lock()
	defer m.mu.Unlock()
	m.known.add(a.Recipient, now, m.maxKnown())
	records := make([]*Record, len(a.Counts))
	for i, n := range a.Counts {
		records[i] = m.at(n, now)
	}
	Credit(now, m.at(a.Recipient, now), records)
	return nil
}

func (m *MemoryStore) maxKnown() int {
	if m.MaxKnown > 0 {
		return m.MaxKnown
	}
	return KnownRoom
}

// Report lists tallies; see [Store].
func (m *MemoryStore) Report(ctx context.Context) ([]Tally, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := m.lock()
	defer m.mu.Unlock()
	var all []Tally
	for n, r := range m.places {
		if r.End() > now {
			all = append(all, r.Tally(now, n))
		}
	}
	return all, nil
}

// Reset removes a record; see [Store].
func (m *MemoryStore) Reset(ctx context.Context, n Name) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.lock()
	defer m.mu.Unlock()
	if r := m.of(n)[n]; r != nil {
		*r = Record{} // it is in the queue, and goes when its turn comes
	}
	delete(m.known.at, n)
	return nil
}
