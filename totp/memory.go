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
	entries map[Key]*entry
}

// An entry is one factor with its counts.
type entry struct {
	factor   *Factor // replaced, never changed: an attempt that is made again answers the same
	failures int     // charged, in this row
	settled  int     // how many of them an approval has forgiven; they still count for the wait that may be on
	charged  int64   // when the last one was
	halves   [3]int
	since    int64 // when the first half window began, which is with its first failure
	half     int64 // which one halves[0] is
	calls    []call
	inline   [2]call // where calls begins: a million accounts are a million misses of the cache fewer
}

// A call is one that took effect, kept so that it may be made again.
type call struct {
	id       ID
	at       int64
	next     time.Duration
	factor   *Factor
	failures uint16
	left     uint8
	kind     callKind
}

// attempt is what an attempt that is made again answers.
func (c *call) attempt() Attempt {
	return Attempt{Found: true, Factor: *c.factor, Failures: int(c.failures), Left: int(c.left), Next: c.next}
}

// keep copies a factor, its sealed secret beside it.
func keep(f Factor) *Factor {
	const usual = 128
	kept := new(struct {
		Factor
		sealed [usual]byte
	})
	kept.Factor = f
	kept.Sealed = append(kept.sealed[:0:usual], f.Sealed...)
	return &kept.Factor
}

type callKind uint8

const (
	callCreate callKind = iota
	callAttempt
	callAccept
	callSwap
	callRefund
)

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
	e, now := sh.entries[k], s.now()
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
	if len(sh.entries) >= max(orDefault(s.MaxEntries, defaultEntries)/shardCount, 1) {
		return false, errors.New("the store is full: give it room for more entries")
	}
	if sh.entries == nil {
		sh.entries = map[Key]*entry{}
	}
	e = &entry{factor: keep(f)}
	e.calls = e.inline[:0]
	e.remember(call{id: id, kind: callCreate, at: now})
	sh.entries[k] = e
	return true, nil
}

// Attempt charges an attempt; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Attempt(ctx context.Context, k Key, id ID, l Limits) (Attempt, error) {
	if err := ctx.Err(); err != nil {
		return Attempt{}, err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return Attempt{}, nil
	}
	if c := e.find(id, callAttempt); c != nil {
		return c.attempt(), nil
	}
	return e.attempt(id, l.WithDefaults(), now), nil
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
	f := *e.factor
	f.Step = step
	if resealed != nil {
		f.KeyID, f.Sealed = resealed.KeyID, resealed.Sealed
	}
	e.factor = keep(f)
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
	e.factor = keep(f)
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
	return *e.factor, true, nil
}

// Reseal replaces what is sealed; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Reseal(ctx context.Context, k Key, enrolment ID, r Resealed) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	sh, e, _ := s.at(k)
	defer sh.mu.Unlock()
	if e == nil || e.factor.Enrolment != enrolment {
		return false, nil
	}
	f := *e.factor
	f.KeyID, f.Sealed = r.KeyID, r.Sealed
	e.factor = keep(f)
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
		e.failures, e.settled, e.charged, e.halves = 0, 0, 0, [3]int{}
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
	delete(sh.entries, k)
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
		for _, e := range s.shards[i].entries {
			counts[e.factor.KeyID]++
		}
		s.shards[i].mu.Unlock()
	}
	return counts, nil
}

// attempt charges one failure, unless a limit is reached.
func (e *entry) attempt(id ID, l Limits, now int64) Attempt {
	if e.settled > 0 && now-e.charged >= int64(l.Wait) {
		e.failures, e.settled = e.failures-e.settled, 0
	}
	e.roll(now)
	if e.failures-e.settled >= l.Failures || e.halves[0]+e.halves[1]+e.halves[2] >= l.Total {
		return Attempt{Found: true, Blocked: true}
	}
	if wait := e.wait(l) - time.Duration(now-e.charged); wait > 0 {
		return Attempt{Found: true, Wait: wait}
	}
	if len(e.calls) >= maxCalls {
		return Attempt{Found: true, Wait: replayTime - time.Duration(now-e.calls[0].at)}
	}

	e.failures++
	e.halves[0]++
	e.charged = now
	c := call{
		id: id, kind: callAttempt, at: now, factor: e.factor, next: e.wait(l),
		failures: uint16(e.failures - e.settled), left: uint8(max(l.Attempts-e.failures, 0)), //nolint:gosec // at most a hundred and ten
	}
	e.remember(c)
	return c.attempt()
}

// wait is the one that began with the last failure. Failures that an approval has
// forgiven count for the first wait only: else a burst of attempts would begin anew
// with each right code.
func (e *entry) wait(l Limits) time.Duration {
	if wait := l.After(e.failures - e.settled); wait > 0 {
		return wait
	}
	if e.failures >= l.Attempts {
		return l.Wait
	}
	return 0
}

// roll moves the half windows on. Without a failure in them they begin anew.
func (e *entry) roll(now int64) {
	for half := (now - e.since) / int64(halfWindow); e.half < half && e.halves != [3]int{}; e.half++ {
		e.halves = [3]int{0, e.halves[0], e.halves[1]}
	}
	if e.halves == [3]int{} {
		e.since, e.half = now, 0
	}
}

// uncount takes back one failure of the half windows.
func (e *entry) uncount() {
	for i := range e.halves {
		if e.halves[i] > 0 {
			e.halves[i]--
			return
		}
	}
}

func (e *entry) mayAccept(enrolment ID, step uint64) bool {
	return e.factor.Enrolment == enrolment && step > e.factor.Step
}

// approve forgives all failures since the last approval.
func (e *entry) approve(id ID, kind callKind, now int64) {
	e.settled = e.failures
	e.uncount()
	e.remember(call{id: id, kind: kind, at: now})
}

func (e *entry) find(id ID, kind callKind) *call {
	for i := range e.calls {
		if e.calls[i].id == id && e.calls[i].kind == kind {
			return &e.calls[i]
		}
	}
	return nil
}

func (e *entry) remember(c call) { e.calls = append(e.calls, c) }

// forget drops calls that nobody may make again.
func (e *entry) forget(now int64) {
	n := 0
	for n < len(e.calls) && now-e.calls[n].at >= int64(replayTime) {
		n++
	}
	if n > 0 {
		kept := copy(e.calls, e.calls[n:])
		clear(e.calls[kept:])
		e.calls = e.calls[:kept]
	}
}
