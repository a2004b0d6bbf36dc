package recovery

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"
)

type (
	// A Key names one account: a hash under the index key.
	Key [16]byte
	// A MAC stands for one code of one account.
	MAC [32]byte
	// An ID names one call: random, or an HMAC over its idempotency key, account and
	// code.
	ID [16]byte
)

// A Store keeps the codes of accounts as MACs. Each method is one atomic step, on
// the store's own clock, and safe for concurrent use.
//
// A call that took effect and is made again with the same ID within two minutes, as
// one of the last 64, changes nothing and answers the same. A call that was refused
// had no effect and is decided afresh. An error says only that the store does not know: the caller fails
// closed. It must not hold a credential or a URL. Of a wait, a hundred years are as good as
// for ever, and a longer one must not overflow.
type Store interface {
	// Replace makes macs the only codes of k, and sets its count of failures to zero.
	Replace(ctx context.Context, k Key, id ID, macs []MAC) error

	// Attempt charges one failure, compares, and removes the code that one of macs
	// stands for; then no failure is counted. Within a wait it charges and compares
	// nothing. Without codes it writes nothing.
	Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Attempt, error)

	// Left returns how many codes k has.
	Left(ctx context.Context, k Key) (int, error)

	// Delete removes all that is kept under k.
	Delete(ctx context.Context, k Key) error
}

// An Attempt is a Store's answer to one attempt.
type Attempt struct {
	Verdict Verdict
	Left    int           // further attempts before a wait, of Wrong
	Wait    time.Duration // of Waiting; and of the Wrong that begins it
}

// A Verdict says what became of an attempt. The zero value approves nothing.
type Verdict uint8

// The verdicts. Only Match approves.
const (
	None    Verdict = iota // the account has no codes
	Wrong                  // compared, and none of them
	Waiting                // nothing was compared
	Match                  // compared, equal, and spent
)

const (
	shardCount     = 64
	defaultEntries = 1 << 20
	replayTime     = 2 * time.Minute
	maxCalls       = 64 // of one account that are remembered
)

// A MemoryStore is a [Store] in memory, for tests and demos: after a restart every
// account is without its codes. The zero value is ready for use. It must not be
// copied.
type MemoryStore struct {
	// MaxEntries is how many accounts are kept; Replace fails beyond. Set it before
	// first use. Defaults to 1,048,576.
	MaxEntries int

	start  sync.Once
	epoch  time.Time
	shards [shardCount]shard
}

var _ Store = (*MemoryStore)(nil)

type shard struct {
	mu      sync.Mutex
	entries map[Key]*entry
}

type entry struct {
	codes    []MAC
	failures int
	charged  int64 // when the last failure was
	calls    []call
}

// A call is one that took effect, kept so that it may be made again.
type call struct {
	id      ID
	at      int64
	replace bool
	attempt Attempt
}

// at locks the shard of k and returns its entry, or nil, and the time, which is
// monotonic and above zero.
func (s *MemoryStore) at(k Key) (*shard, *entry, int64) {
	s.start.Do(func() { s.epoch = time.Now() })
	sh := &s.shards[k[0]%shardCount]
	sh.mu.Lock()
	now, e := int64(time.Since(s.epoch))+1, sh.entries[k]
	if e != nil {
		e.calls = slices.DeleteFunc(e.calls, func(c call) bool { return now-c.at >= int64(replayTime) })
	}
	return sh, e, now
}

// Replace keeps codes; see [Store]. It fails if ctx is done or the store is full.
func (s *MemoryStore) Replace(ctx context.Context, k Key, id ID, macs []MAC) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	switch {
	case e != nil && e.find(id, true) != nil:
		return nil
	case e == nil && len(sh.entries) >= s.room():
		return errors.New("the store is full: give it room for more entries")
	case e == nil:
		e = new(entry)
		if sh.entries == nil {
			sh.entries = map[Key]*entry{}
		}
		sh.entries[k] = e
	}
	e.codes, e.failures, e.charged = slices.Clone(macs), 0, 0
	e.remember(call{id: id, at: now, replace: true})
	return nil
}

// remember keeps the last calls, and no more of somebody who replaces without end.
func (e *entry) remember(c call) {
	e.calls = append(e.calls[max(0, len(e.calls)-maxCalls+1):], c)
}

func (s *MemoryStore) room() int {
	if s.MaxEntries <= 0 {
		return defaultEntries / shardCount
	}
	return max(s.MaxEntries/shardCount, 1)
}

// Attempt charges and compares; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Attempt, error) {
	if err := ctx.Err(); err != nil {
		return Attempt{}, err
	}
	sh, e, now := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return Attempt{}, nil
	}
	if c := e.find(id, false); c != nil {
		return c.attempt, nil
	}
	return e.attempt(id, macs, l.WithDefaults(), now), nil
}

// attempt charges first: whatever happens then, the attempt is spent.
func (e *entry) attempt(id ID, macs []MAC, l Limits, now int64) Attempt {
	if len(e.codes) == 0 {
		return Attempt{}
	}
	if wait := l.After(e.failures) - time.Duration(now-e.charged); wait > 0 {
		return Attempt{Verdict: Waiting, Wait: wait}
	}
	e.failures++
	e.charged = now
	a := Attempt{Verdict: Wrong, Left: max(l.Attempts-e.failures, 0), Wait: l.After(e.failures)}
	if i := e.holds(macs); i >= 0 {
		e.codes = slices.Delete(e.codes, i, i+1)
		e.failures, e.charged = 0, 0
		a = Attempt{Verdict: Match}
	}
	e.remember(call{id: id, at: now, attempt: a})
	return a
}

// holds returns which code one of macs stands for, or -1. It compares them all, so
// that the time it takes tells nothing.
func (e *entry) holds(macs []MAC) int {
	found := -1
	for i := range e.codes {
		for j := range macs {
			if subtle.ConstantTimeCompare(e.codes[i][:], macs[j][:]) == 1 {
				found = i
			}
		}
	}
	return found
}

func (e *entry) find(id ID, replace bool) *call {
	for i := range e.calls {
		if e.calls[i].id == id && e.calls[i].replace == replace {
			return &e.calls[i]
		}
	}
	return nil
}

// Left counts codes; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Left(ctx context.Context, k Key) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	sh, e, _ := s.at(k)
	defer sh.mu.Unlock()
	if e == nil {
		return 0, nil
	}
	return len(e.codes), nil
}

// Delete removes an account; see [Store]. It fails only if ctx is done.
func (s *MemoryStore) Delete(ctx context.Context, k Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh, _, _ := s.at(k)
	defer sh.mu.Unlock()
	delete(sh.entries, k)
	return nil
}
