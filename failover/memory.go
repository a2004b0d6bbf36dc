package failover

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	maxEntries  = 1 << 20
	maxSweep    = 64              // entries looked at when the ledger is full
	maxBackends = 2               // live at once
	maxChecks   = 64              // of one recipient within replayTime, those that were given back too
	replayTime  = 2 * time.Minute // how long an ID is known
)

var errFull = errors.New("failover: the memory ledger is full")

// A MemoryLedger is a Ledger for one process. Its zero value is empty and ready.
// It keeps at most about a million entries, drops those that say nothing any
// more, and refuses new sends rather than forget an attempt. It is safe for
// concurrent use.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[Key]*entry
}

// An entry is what is known of one (recipient, scope).
type entry struct {
	holder   ID            // the try under way
	lease    time.Time     // until when
	sender   ID            // the Send of the last try
	tries    int           // of that Send
	overdue  bool          // an approval came while that Send went on
	before   []liveBackend // as they were before its try
	backends []liveBackend // newest first
	attempts int           // since the last send
	during   int           // of those, since the try under way opened
	failures int           // since the last approval
	failed   time.Time     // when the last one was
	remember time.Duration
	checks   []check
	closed   []closing
}

// A closing is a try that is over: whoever tells of it again is not heard.
type closing struct {
	id      ID
	backend string
	at      time.Time
}

type liveBackend struct {
	name  string
	until time.Time
}

// A check is one attempt that was charged and may not be settled yet. An approval
// makes those charged before it losers.
type check struct {
	id      ID
	at      time.Time
	charge  Attempt
	settled bool
	won     bool
	lost    bool
}

// Begin implements Ledger.
func (m *MemoryLedger) Begin(_ context.Context, k Key, id ID, backend string, lease time.Duration) (time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	e, err := m.at(k, now)
	if err != nil {
		return 0, err
	}
	e.prune(now)
	if e.over(id, backend) {
		return 0, nil
	}
	if e.holder != id && now.Before(e.lease) {
		return e.lease.Sub(now), nil
	}
	if e.sender != id {
		e.sender, e.tries, e.overdue = id, 0, false
	}
	if e.overdue {
		return lease, nil
	}
	if e.holder != id || !e.has(backend) {
		e.before, e.during = slices.Clone(e.backends), 0
		e.tries++
	}
	e.holder, e.lease = id, now.Add(lease)
	e.first(backend, now.Add(lease))
	return 0, nil
}

// End implements Ledger.
func (m *MemoryLedger) End(_ context.Context, k Key, id ID, backend string, s State, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	e, err := m.at(k, now)
	if err != nil {
		return err
	}
	e.prune(now)
	if e.over(id, backend) {
		return nil
	}
	e.closed = append(e.closed, closing{id, backend, now})
	holds := e.holder == id
	switch {
	case s != NotSent && e.sender == id && e.overdue && e.tries > 1:
		// The code of an earlier backend was approved: this one is too late.
	case s != NotSent:
		e.first(backend, now.Add(ttl))
		if holds {
			e.attempts = e.during
		}
	case holds:
		e.backends = e.before
	}
	if holds {
		e.holder, e.lease, e.before = ID{}, time.Time{}, nil
	}
	return nil
}

// Attempt implements Ledger.
func (m *MemoryLedger) Attempt(_ context.Context, k Key, id ID, l Limits) (Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	e, ok := m.entries[k]
	if !ok {
		return Attempt{}, nil
	}
	e.prune(now)
	if c := e.check(id); c != nil {
		return c.charge, nil
	}
	switch {
	case len(e.backends) == 0:
		return Attempt{}, nil
	case e.failures >= l.Failures:
		return Attempt{Locked: true, Blocked: true}, nil
	case e.attempts >= l.Attempts || len(e.checks) >= maxChecks:
		return Attempt{Locked: true}, nil
	}
	e.attempts++
	e.during++
	e.failures++
	e.failed, e.remember = now, l.Remember
	c := Attempt{Left: min(l.Attempts-e.attempts, l.Failures-e.failures)}
	for _, backend := range e.backends {
		c.Backends = append(c.Backends, backend.name)
	}
	e.checks = append(e.checks, check{id: id, at: now, charge: c})
	return c, nil
}

// Settle implements Ledger.
func (m *MemoryLedger) Settle(_ context.Context, k Key, id ID, v Verdict) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[k]
	if !ok {
		return false, nil
	}
	c := e.check(id)
	if c == nil || c.settled {
		return c != nil && c.won, nil
	}
	c.settled = true
	switch {
	case v == NotAsked && !c.lost:
		e.attempts, e.failures, e.during = max(e.attempts-1, 0), max(e.failures-1, 0), max(e.during-1, 0)
	case v == Approved && !c.lost:
		e.approved()
		c.won = true
	}
	return c.won, nil
}

// Reset implements Resetter.
func (m *MemoryLedger) Reset(_ context.Context, k Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, k)
	return nil
}

// at finds or makes the entry of k.
func (m *MemoryLedger) at(k Key, now time.Time) (*entry, error) {
	if e, ok := m.entries[k]; ok {
		return e, nil
	}
	if m.entries == nil {
		m.entries = map[Key]*entry{}
	}
	if len(m.entries) >= maxEntries && !m.sweep(now) {
		return nil, errFull
	}
	e := new(entry)
	m.entries[k] = e
	return e, nil
}

// sweep looks at a few entries and drops those that say nothing any more.
func (m *MemoryLedger) sweep(now time.Time) bool {
	seen := 0
	for k, e := range m.entries {
		if e.prune(now); e.empty(now) {
			delete(m.entries, k)
		}
		if seen++; seen == maxSweep {
			break
		}
	}
	return len(m.entries) < maxEntries
}

// prune forgets what time has ended.
func (e *entry) prune(now time.Time) {
	e.backends = slices.DeleteFunc(e.backends, func(l liveBackend) bool { return !now.Before(l.until) })
	e.checks = slices.DeleteFunc(e.checks, func(c check) bool { return now.Sub(c.at) > replayTime })
	e.closed = slices.DeleteFunc(e.closed, func(c closing) bool { return now.Sub(c.at) > replayTime })
	if e.failures > 0 && now.Sub(e.failed) > e.remember {
		e.failures = 0
	}
}

func (e *entry) empty(now time.Time) bool {
	return len(e.backends)+len(e.checks)+len(e.closed)+e.failures == 0 && !now.Before(e.lease)
}

// over reports whether this try was closed.
func (e *entry) over(id ID, backend string) bool {
	return slices.ContainsFunc(e.closed, func(c closing) bool { return c.id == id && c.backend == backend })
}

func (e *entry) has(name string) bool {
	return slices.ContainsFunc(e.backends, func(l liveBackend) bool { return l.name == name })
}

// first puts a backend before the others, two at most.
func (e *entry) first(name string, until time.Time) {
	rest := slices.DeleteFunc(slices.Clone(e.backends), func(l liveBackend) bool { return l.name == name })
	e.backends = append([]liveBackend{{name, until}}, rest[:min(len(rest), maxBackends-1)]...)
}

// approved kills all backends, and all attempts that are still on their way.
func (e *entry) approved() {
	e.backends, e.before, e.attempts, e.failures, e.during = nil, nil, 0, 0, 0
	e.overdue = true
	for i := range e.checks {
		e.checks[i].lost = true
	}
}

func (e *entry) check(id ID) *check {
	i := slices.IndexFunc(e.checks, func(c check) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return &e.checks[i]
}
