package totp

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	shardCount     = 64
	defaultEntries = 1 << 20
	replayTime     = 2 * time.Minute
	maxCalls       = 64                  // of one account within replayTime
	halfWindow     = 15 * 24 * time.Hour // three of them hold any 30 days
)

// A MemoryStore is a [Store] in memory, for tests and demos: after a restart every
// account is without its factor. The zero value is ready for use. It must not be
// copied.
type MemoryStore struct {
	// MaxEntries is how many factors are kept; Create fails beyond. Set it before
	// first use. Defaults to 1,048,576.
	MaxEntries int

	start  sync.Once
	epoch  time.Time
	shards [shardCount]shard
}

var (
	_ Store      = (*MemoryStore)(nil)
	_ KeyCounter = (*MemoryStore)(nil)
)

type shard struct {
	mu      sync.Mutex
	entries index
}

// now is monotonic and above zero.
func (s *MemoryStore) now() int64 {
	s.start.Do(func() { s.epoch = time.Now() })
	return int64(time.Since(s.epoch)) + 1
}

// at locks the shard of k and returns its entry, or nil. Keys are hashes: any of
// their bytes will do.
func (s *MemoryStore) at(k Key) (*shard, *entry, int64) {
	sh := &s.shards[k[0]%shardCount]
	sh.mu.Lock()
	now := s.now() // first: a processor that reads its clock waits for memory
	e := sh.entries.get(k)
	if e != nil {
		e.forget(now)
	}
	return sh, e, now
}

// Create keeps a factor; see [Store]. It fails if ctx is done or the store is full.
func (s *MemoryStore) Create(ctx context.Context, k Key, id ID, f Factor) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e != nil {
		return e.find(id, callCreate) != nil, nil
	}
	if sh.entries.used >= max(orDefault(s.MaxEntries, defaultEntries)/shardCount, 1) {
		return false, errors.New("the store is full: give it room for more entries")
	}
	sh.entries.put(k).create(id, k, f, now)
	return true, nil
}

// Attempt charges an attempt; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Attempt(ctx context.Context, k Key, id ID, l Limits) (Attempt, error) {
	return s.attempt(ctx, k, id, l, nil)
}

// attempt is Attempt, with room for what is sealed.
func (s *MemoryStore) attempt(ctx context.Context, k Key, id ID, l Limits, room []byte) (Attempt, error) {
	if err := ctx.Err(); err != nil {
		return Attempt{}, err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return Attempt{}, nil
	}
	l = l.WithDefaults()
	if c := e.find(id, callAttempt); c != nil {
		a := e.answer(c, l, room)
		a.Age, a.Accepted = time.Duration(now-c.at), e.find(id, callAccept) != nil
		return a, nil
	}
	return e.attempt(id, l, now, room), nil
}

// Accept makes a step count; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Accept(ctx context.Context, k Key, id ID, enrolment ID, step uint64, resealed *Resealed) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return false, nil
	}
	if e.find(id, callAccept) != nil {
		return true, nil
	}
	if !e.mayAccept(enrolment, step) {
		return false, nil
	}
	f := e.view()
	f.Step = step
	if resealed != nil {
		f.KeyID, f.Sealed = resealed.KeyID, resealed.Sealed
	}
	e.replace(f)
	e.approve(id, callAccept, now)
	return true, nil
}

// Swap replaces a factor; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Swap(ctx context.Context, k Key, id ID, enrolment ID, step uint64, f Factor) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return false, nil
	}
	if e.find(id, callSwap) != nil {
		return true, nil
	}
	if !e.mayAccept(enrolment, step) {
		return false, nil
	}
	e.replace(f)
	e.approve(id, callSwap, now)
	return true, nil
}

// Refund takes back a charge; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Refund(ctx context.Context, k Key, id ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e == nil || e.find(id, callAttempt) == nil || e.find(id, callRefund) != nil {
		return nil
	}
	e.failures = max(e.failures-1, e.settled)
	e.uncount()
	e.remember(call{id: id, kind: callRefund, at: now})
	return nil
}

// Get returns a factor; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Get(ctx context.Context, k Key) (Factor, bool, error) {
	if err := ctx.Err(); err != nil {
		return Factor{}, false, err
	}
	sh, e, _ := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return Factor{}, false, nil
	}
	return e.factor(nil), true, nil
}

// Reseal replaces what is sealed; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Reseal(ctx context.Context, k Key, enrolment ID, r Resealed) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	sh, e, _ := s.at(k)
	defer sh.mu.Unlock()
	if e == nil || e.enrolment != enrolment {
		return false, nil
	}
	f := e.view()
	f.KeyID, f.Sealed = r.KeyID, r.Sealed
	e.replace(f)
	return true, nil
}

// Reset forgets failures; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Reset(ctx context.Context, k Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh, e, _ := s.at(k)
	defer sh.mu.Unlock()
	if e != nil {
		e.failures, e.settled, e.charged, e.halves = 0, 0, 0, [3]uint8{}
	}
	return nil
}

// Delete removes a factor; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Delete(ctx context.Context, k Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh, _, _ := s.at(k)
	defer sh.mu.Unlock()
	sh.entries.drop(k)
	return nil
}

// CountKeys counts the factors under each key; see [KeyCounter].
func (s *MemoryStore) CountKeys(ctx context.Context) (map[KeyID]int, error) {
	counts := map[KeyID]int{}
	for i := range s.shards {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.shards[i].mu.Lock()
		for e := range s.shards[i].entries.all() {
			counts[e.keyID]++
		}
		s.shards[i].mu.Unlock()
	}
	return counts, nil
}
