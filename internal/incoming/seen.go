// Package incoming has what packages delivery and hooks share of requests that come
// in: their bodies, who signed them, and what was seen, so that it is done once.
package incoming

import (
	"sync"
	"time"
)

// A State is what is known of a key. The zero State is none.
type State uint8

// The states.
const (
	New  State = iota + 1 // claimed by this call: act, then call Done or Release
	Busy                  // claimed by another call
	Done                  // it had its effect
)

// A Memory remembers keys in this process. It forgets none before its time: a full
// one refuses new keys. Its zero value is ready. It is safe for concurrent use.
type Memory struct {
	mu     sync.Mutex
	states map[[16]byte]claim
	queues map[time.Duration][]dated // each by time: those that are known for so long
	queued int
}

// A claim ends at a time; one that is done is forgotten then.
type claim struct {
	until time.Time
	done  bool
}

type dated struct {
	key   [16]byte
	until time.Time
}

// Begin claims a key for the length of a lease, unless it is claimed or done. A key
// stays known for keep, or for the lease if that is longer; at most so many keys are
// known, and one more is refused: then the State is none.
func (m *Memory) Begin(key [16]byte, lease, keep time.Duration, most int) State {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now)
	c, known := m.states[key]
	switch {
	case known && now.Before(c.until) && c.done:
		return Done
	case known && now.Before(c.until):
		return Busy
	case !known && len(m.states) >= most || m.queued >= 4*most:
		return 0
	}
	m.set(now, key, claim{until: now.Add(lease)}, max(lease, keep))
	return New
}

// Done remembers for keep that a key had its effect.
func (m *Memory) Done(key [16]byte, keep time.Duration) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(now, key, claim{until: now.Add(keep), done: true}, keep)
}

// Release gives up a claim. It does nothing to a key that is done.
func (m *Memory) Release(key [16]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.states[key].done {
		delete(m.states, key)
	}
}

func (m *Memory) set(now time.Time, key [16]byte, c claim, known time.Duration) {
	if m.states == nil {
		m.states, m.queues = map[[16]byte]claim{}, map[time.Duration][]dated{}
	}
	m.states[key] = c
	m.queues[known] = append(m.queues[known], dated{key, now.Add(known)})
	m.queued++
}

// forget drops what is over. A key that was set again is in a queue again, and is
// dropped with its last entry.
func (m *Memory) forget(now time.Time) {
	for known, queue := range m.queues {
		gone := 0
		for ; gone < len(queue) && !now.Before(queue[gone].until); gone++ {
			if key := queue[gone].key; !now.Before(m.states[key].until) {
				delete(m.states, key)
			}
		}
		m.queued -= gone
		if m.queues[known] = queue[gone:]; gone == len(queue) {
			delete(m.queues, known)
		}
	}
}
