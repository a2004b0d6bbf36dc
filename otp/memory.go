package otp

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultEntries = 1 << 20
	shardCount     = 64
)

// A MemoryStore is a [Store] in memory, for tests and for single processes: a
// second process, or the same one after a restart, knows nothing of its codes
// and limits. The zero value is ready for use. It starts no goroutine, and must
// not be copied.
//
// It is bounded. It drops only an entry whose code is dead, whose sends are older
// than the longest Window it has seen, and whose failures are none or older than
// the longest Remember. If it is full of others, Issue is refused with [Full]. Of
// one key it counts 4,096 sends at most, even if Limits.Sends is higher.
type MemoryStore struct {
	// MaxEntries is how many (recipient, scope) are kept, of at most 200 bytes
	// each. A code that was replaced takes another 120 bytes for the few minutes in
	// which it may come back. Set MaxEntries before first use. Defaults to 1,048,576.
	MaxEntries int

	start   sync.Once
	epoch   time.Time // of this store: a clock of the package would be older than a test's bubble
	entries atomic.Int64
	shards  [shardCount]shard
}

var _ Store = (*MemoryStore)(nil)

// now is monotonic and above zero.
func (s *MemoryStore) now() int64 {
	s.start.Do(func() { s.epoch = time.Now() })
	return int64(time.Since(s.epoch)) + 1
}

// shard finds where k is kept. Keys are hashes: any of their bytes will do.
func (s *MemoryStore) shard(k Key) *shard { return &s.shards[k[0]%shardCount] }

// Issue admits one send and remembers its code; see [Store]. It fails only if ctx
// is done.
func (s *MemoryStore) Issue(ctx context.Context, k Key, id ID, mac MAC, ttl time.Duration, l Limits) (Admission, error) {
	if err := ctx.Err(); err != nil {
		return Admission{}, err
	}
	l = l.WithDefaults()
	l.Sends = min(l.Sends, maxHeld)
	for range shardCount {
		admission, fits := s.issue(k, id, mac, ttl, l)
		if fits {
			return admission, nil
		}
		if !s.makeRoom() {
			break
		}
	}
	return Admission{Refused: Full}, nil
}

// issue reports false if there is no room for k.
func (s *MemoryStore) issue(k Key, id ID, mac MAC, ttl time.Duration, l Limits) (a Admission, fits bool) {
	sh := s.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := s.now()
	sh.keepFor(l, ttl)

	i := sh.slots.get(&sh.slab, k)
	if i == none {
		if sh.revoked.has(id, now) {
			return sh.again(id, now), true
		}
		s.entries.Add(-sh.tidy(now))
		if !s.claim() {
			return Admission{}, false
		}
		i = sh.add(k)
	}
	return sh.issue(i, id, mac, ttl, l, now), true
}

// Conclude keeps what became of a send; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Conclude(ctx context.Context, k Key, id ID, outcome string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	i := sh.slots.get(&sh.slab, k)
	if i != none && position(sh.sends(i, sh.slab.at(i)), id) >= 0 {
		sh.ended.add(id, outcome, s.now())
	}
	return nil
}

// claim takes room for one more entry, if there is any.
func (s *MemoryStore) claim() bool {
	room := int64(orDefault(s.MaxEntries, defaultEntries))
	if s.entries.Add(1) <= room {
		return true
	}
	s.entries.Add(-1)
	return false
}

// makeRoom drops the entry, of all shards, that has been free to drop for the
// longest time. It looks at a few of each, so that nobody waits for a sweep.
func (s *MemoryStore) makeRoom() bool {
	var oldest *shard
	var since int64
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		if i, free := sh.droppable(s.now()); i != none && (oldest == nil || free < since) {
			oldest, since = sh, free
		}
		sh.mu.Unlock()
	}
	if oldest == nil {
		return false
	}
	oldest.mu.Lock()
	defer oldest.mu.Unlock()
	if i, _ := oldest.droppable(s.now()); i != none {
		oldest.drop(i)
		s.entries.Add(-1)
	}
	return true
}

// Attempt charges, compares and settles one attempt; see [Store]. It fails only if
// ctx is done.
func (s *MemoryStore) Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Verdict, int, error) {
	if err := ctx.Err(); err != nil {
		return Gone, 0, err
	}
	sh := s.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	v, left := sh.attempt(k, id, macs, l.WithDefaults(), s.now())
	return v, left, nil
}

// Revoke takes an Issue back; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Revoke(ctx context.Context, k Key, id ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	i := sh.slots.get(&sh.slab, k)
	switch {
	case i == none:
	case id == ID{}:
		sh.kill(i, sh.slab.at(i))
	case sh.revoke(i, id, s.now()):
		s.entries.Add(-1)
	}
	return nil
}

// Reset removes an entry; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Reset(ctx context.Context, k Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if i := sh.slots.get(&sh.slab, k); i != none {
		sh.drop(i)
		s.entries.Add(-1)
	}
	return nil
}

// maxSteps bounds how many entries one call puts aside while it looks for one to
// drop.
const maxSteps = 64

// droppable finds the entry that has been free to drop for the longest time, and
// since when, or none. Those that are kept for their failures alone are put aside
// on the way.
func (s *shard) droppable(now int64) (i uint32, since int64) {
	for range maxSteps {
		i := s.sent.head
		if i == none {
			break
		}
		e := s.slab.at(i)
		idle := after(e.lastSend(), s.keep)
		remembered := e.remembered(s.remember, now)
		switch {
		case idle > now || remembered && e.failures == 0:
			return s.forgettable(now)
		case !remembered:
			return i, idle
		}
		s.remove(e)
		s.push(i, e, true)
	}
	return s.forgettable(now)
}

// forgettable finds the first of those that were put aside, if nobody needs its
// attempts any more.
func (s *shard) forgettable(now int64) (i uint32, since int64) {
	i = s.failed.head
	if i == none || s.slab.at(i).remembered(s.remember, now) {
		return none, 0
	}
	return i, after(s.slab.at(i).attempted, s.remember)
}

// after is a time later than t, or the last one that there is.
func after(t, d int64) int64 {
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}

func (e *entry) lastSend() int64 {
	if e.held == 0 {
		return 0
	}
	return e.sends[min(e.held, inlineSends)-1].at
}

// tidy drops an entry or two, if they are free to drop, so that the store does
// not grow while people come and go. It returns how many.
func (s *shard) tidy(now int64) (dropped int64) {
	for range 2 {
		i, _ := s.droppable(now)
		if i == none {
			break
		}
		s.drop(i)
		dropped++
	}
	return dropped
}

// remembered reports whether the attempts on an entry are still of use: failures
// to a limit, and any to a call that is made again.
func (e *entry) remembered(remember, now int64) bool {
	age := now - e.attempted
	return e.attempted > 0 && (age <= int64(replayTime) || e.failures > 0 && age < remember)
}
