package observe

import (
	"cmp"
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/go2fa/verify/delivery"
)

// A Progress is what a report does to a Send. The zero Progress is none.
type Progress uint8

// What becomes of a Send by a report.
const (
	Missing  Progress = iota + 1 // no such Send is remembered
	Repeated                     // it was so far before, or further
	Moved                        // it is further than it was
)

// Sends remembers Sends until their reports have come, by keys that tell nothing: one
// for several processes, where a report may come in at another process than the one
// that sent, such as redisstore has. Each method is one atomic step. It is safe for
// concurrent use.
type Sends interface {
	// Put remembers a Send for ttl. One that is remembered already stays as it is.
	Put(ctx context.Context, key [16]byte, s Sent, ttl time.Duration) error
	// Advance moves a Send on to a stage, from 1 to 3 and never back, and returns what
	// is remembered of it.
	Advance(ctx context.Context, key [16]byte, stage int) (Sent, Progress, error)
}

// The stages of a message: those that are final are one.
func stageOf(s delivery.Status) int {
	switch s {
	case delivery.Accepted:
		return 1
	case delivery.Sent:
		return 2
	}
	return 3
}

const defaultMost = 100_000

// A MemorySends remembers Sends in this process. A full one forgets the oldest, whose
// reports are then Unmatched. Its zero value is ready.
type MemorySends struct {
	// Most is how many Sends are remembered. Defaults to 100,000, about 25 MB: for 72
	// hours they are enough at one Send in three seconds, and at ten in a second for
	// the first three hours, within which nearly all reports come. Set it before first
	// use.
	Most int

	mu     sync.Mutex
	oldest list.List // of *remembered
	byKey  map[[16]byte]*list.Element
}

type remembered struct {
	key   [16]byte
	sent  Sent
	until time.Time
	stage int
}

// Put is [Sends].Put.
func (m *MemorySends) Put(_ context.Context, key [16]byte, s Sent, ttl time.Duration) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.find(key, now) != nil {
		return nil
	}
	if m.byKey == nil {
		m.byKey = map[[16]byte]*list.Element{}
	}
	if first := m.oldest.Front(); first != nil && m.oldest.Len() >= cmp.Or(m.Most, defaultMost) {
		m.forget(first)
	}
	m.byKey[key] = m.oldest.PushBack(&remembered{key: key, sent: s, until: now.Add(ttl)})
	return nil
}

// Advance is [Sends].Advance.
func (m *MemorySends) Advance(_ context.Context, key [16]byte, stage int) (Sent, Progress, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.find(key, time.Now())
	switch {
	case r == nil:
		return Sent{}, Missing, nil
	case stage <= r.stage:
		return r.sent, Repeated, nil
	}
	r.stage = stage
	return r.sent, Moved, nil
}

// find forgets what is over, and returns what is remembered of a Send.
func (m *MemorySends) find(key [16]byte, now time.Time) *remembered {
	for first := m.oldest.Front(); first != nil && !now.Before(first.Value.(*remembered).until); first = m.oldest.Front() {
		m.forget(first)
	}
	element := m.byKey[key]
	if element == nil {
		return nil
	}
	if r := element.Value.(*remembered); now.Before(r.until) {
		return r
	}
	m.forget(element)
	return nil
}

func (m *MemorySends) forget(element *list.Element) {
	m.oldest.Remove(element)
	delete(m.byKey, element.Value.(*remembered).key)
}
