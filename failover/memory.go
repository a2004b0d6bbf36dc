package failover

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	maxEntries = 1 << 20
	maxSweep   = 64              // entries looked at when the ledger is full
	maxAsked   = 2               // backends asked at one Check
	maxChecks  = 64              // of one recipient within replayTime, those given back included
	maxClosed  = 64              // ended tries of one recipient that are remembered
	maxClaims  = 64              // and Sends with an idempotency key
	replayTime = 2 * time.Minute // how long an ID is known
)

var errFull = errors.New("failover: the memory ledger is full")

// A MemoryLedger is a Ledger for one process. Its zero value is empty and ready.
// It keeps at most about a million entries, drops those that mean nothing any
// more, and refuses new sends rather than forget an attempt. It is safe for
// concurrent use.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[Key]*entry
}

var (
	_ Ledger = (*MemoryLedger)(nil)
	_ Looker = (*MemoryLedger)(nil)
)

// An entry is what is known of one (recipient, scope).
type entry struct {
	// The backend that is sending now.
	holder ID        // its Send
	trying string    // its name
	lease  time.Time // until when
	began  int       // serial of its Begin
	during int       // attempts that it was asked since
	before []live    // the backends as they were

	// The Send of the last Begin.
	sender  ID
	tries   int
	overdue bool // an approval came while it was under way

	serial   int    // counts Begins
	backends []live // newest first
	failures int    // since the last approval
	failed   time.Time
	remember time.Duration
	checks   []check
	closed   []closing
	claims   []claimed
}

// A claimed call is a Send with an idempotency key.
type claimed struct {
	call, id ID
	at       time.Time
	outcome  string
}

// A live backend may hold a code. It is kept for replayTime longer, in case its
// End is late: its attempts must not be forgotten.
type live struct {
	name     string
	until    time.Time
	attempts int // on its code
	since    int // serial of the Begin that they are counted from
}

// A closing is a try that has ended. A second End of it changes nothing.
type closing struct {
	id      ID
	backend string
	at      time.Time
}

// A check is one attempt that was charged. An approval makes losers of those
// charged before it.
type check struct {
	id, by  ID
	at      time.Time
	serial  int
	answer  Attempt
	settled bool
	won     bool
	lost    bool
	outcome string
}

// again is what an attempt is answered that is made again. The call that charged it is
// told as it was, or a lost reply would be taken for another call.
func (c *check) again(by ID) Attempt {
	a := c.answer
	a.Progress, a.Outcome = Pending, c.outcome
	switch {
	case c.won:
		a.Progress = WasApproved
	case c.settled:
		a.Progress = WasDenied
	case c.by == by:
		a.Progress = First
	}
	return a
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
	if e.holder != id || e.trying != backend {
		e.serial++
		e.tries++
		e.trying, e.began, e.during, e.before = backend, e.serial, 0, slices.Clone(e.backends)
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
	e.closed = append(e.closed[max(0, len(e.closed)-maxClosed+1):], closing{id, backend, now})
	holds := e.holder == id && e.trying == backend
	switch {
	case s != NotSent && e.sender == id && e.overdue && e.tries > 1:
		// The code of an earlier backend was approved: this one is too late.
	case s != NotSent:
		l := e.first(backend, now.Add(ttl))
		if holds && s == Sent {
			l.attempts, l.since = e.during, e.began
		}
	case holds:
		e.restore()
	}
	if holds {
		e.holder, e.trying, e.lease, e.before = ID{}, "", time.Time{}, nil
	}
	return nil
}

// Attempt implements Ledger.
func (m *MemoryLedger) Attempt(_ context.Context, k Key, id, by ID, limits Limits) (Attempt, error) {
	limits = limits.WithDefaults()
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	e, ok := m.entries[k]
	if !ok {
		return Attempt{}, nil
	}
	e.prune(now)
	if c := e.check(id); c != nil {
		return c.again(by), nil
	}
	newest := e.newest(now)
	switch {
	case len(newest) == 0:
		return Attempt{}, nil
	case e.failures >= limits.Failures:
		return Attempt{Locked: true, Blocked: true}, nil
	case len(e.checks) >= maxChecks:
		return Attempt{Locked: true}, nil
	}
	var a Attempt
	for _, l := range newest {
		if l.attempts < limits.Attempts {
			e.charge(l)
			a.Backends = append(a.Backends, l.name)
			a.Left = max(a.Left, limits.Attempts-l.attempts)
		}
	}
	if len(a.Backends) == 0 {
		return Attempt{Locked: true}, nil
	}
	e.failures++
	e.failed, e.remember = now, limits.Remember
	a.Left = min(a.Left, limits.Failures-e.failures)
	e.checks = append(e.checks, check{id: id, by: by, at: now, serial: e.serial, answer: a})
	return a, nil
}

// Settle implements Ledger.
func (m *MemoryLedger) Settle(_ context.Context, k Key, id ID, v Verdict) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[k]
	if !ok {
		return false, ErrForgotten
	}
	e.prune(time.Now())
	c := e.check(id)
	if c == nil {
		return false, ErrForgotten
	}
	if c.settled {
		return c.won, nil
	}
	c.settled = true
	switch {
	case v == NotAsked && !c.lost:
		e.giveBack(c)
	case v == Approved && !c.lost:
		e.approved()
		c.won = true
	}
	return c.won, nil
}

// Claim implements Ledger.
func (m *MemoryLedger) Claim(_ context.Context, k Key, call, id ID) (Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	e, err := m.at(k, now)
	if err != nil {
		return Claim{}, err
	}
	e.prune(now)
	for _, c := range e.claims {
		if c.call == call {
			return Claim{c.id != id, c.outcome}, nil
		}
	}
	e.claims = append(e.claims[max(0, len(e.claims)-maxClaims+1):], claimed{call: call, id: id, at: now})
	return Claim{}, nil
}

// Conclude implements Ledger.
func (m *MemoryLedger) Conclude(_ context.Context, k Key, id ID, outcome string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[k]
	if !ok {
		return nil
	}
	e.prune(time.Now())
	if c := e.check(id); c != nil {
		c.outcome = outcome
	}
	for i := range e.claims {
		if e.claims[i].call == id {
			e.claims[i].outcome = outcome
		}
	}
	if outcome == "" {
		e.claims = slices.DeleteFunc(e.claims, func(c claimed) bool { return c.call == id })
	}
	return nil
}

// Reset implements Ledger.
func (m *MemoryLedger) Reset(_ context.Context, k Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, k)
	return nil
}

// Look implements Looker.
func (m *MemoryLedger) Look(_ context.Context, k Key) (Seen, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[k]
	if !ok {
		return Seen{}, nil
	}
	now := time.Now()
	e.prune(now)
	return Seen{Failures: e.failures, Live: len(e.newest(now)) > 0, Busy: max(e.lease.Sub(now), 0)}, nil
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

// sweep looks at a few entries and drops those that mean nothing any more.
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
	e.backends = slices.DeleteFunc(e.backends, func(l live) bool { return now.Sub(l.until) >= replayTime })
	e.checks = slices.DeleteFunc(e.checks, func(c check) bool { return now.Sub(c.at) > replayTime })
	e.closed = slices.DeleteFunc(e.closed, func(c closing) bool { return now.Sub(c.at) > replayTime })
	e.claims = slices.DeleteFunc(e.claims, func(c claimed) bool { return now.Sub(c.at) > replayTime })
	if e.failures > 0 && now.Sub(e.failed) > e.remember {
		e.failures = 0
	}
}

func (e *entry) empty(now time.Time) bool {
	return len(e.backends)+len(e.checks)+len(e.closed)+len(e.claims)+e.failures == 0 && !now.Before(e.lease)
}

// over reports whether this try has ended.
func (e *entry) over(id ID, backend string) bool {
	return slices.ContainsFunc(e.closed, func(c closing) bool { return c.id == id && c.backend == backend })
}

func (e *entry) find(name string) *live {
	i := slices.IndexFunc(e.backends, func(l live) bool { return l.name == name })
	if i < 0 {
		return nil
	}
	return &e.backends[i]
}

// first puts a backend before the others, live for as long as it was at least.
func (e *entry) first(name string, until time.Time) *live {
	l := live{name: name, until: until, since: e.serial}
	if old := e.find(name); old != nil {
		l.attempts, l.since = old.attempts, old.since
		if old.until.After(until) {
			l.until = old.until
		}
	}
	others := slices.DeleteFunc(e.backends, func(l live) bool { return l.name == name })
	e.backends = append([]live{l}, others...)
	return &e.backends[0]
}

// restore puts the backends back as they were before the try, with the attempts
// that were made during it.
func (e *entry) restore() {
	for i, l := range e.before {
		if now := e.find(l.name); now != nil {
			e.before[i].attempts = now.attempts
		}
	}
	e.backends = e.before
}

// newest returns the backends that a Check may ask.
func (e *entry) newest(now time.Time) (newest []*live) {
	for i := range e.backends {
		if l := &e.backends[i]; now.Before(l.until) && len(newest) < maxAsked {
			newest = append(newest, l)
		}
	}
	return newest
}

func (e *entry) charge(l *live) {
	l.attempts++
	if l.name == e.trying {
		e.during++
	}
}

// giveBack takes a charge back, but not from a code that was sent after it.
func (e *entry) giveBack(c *check) {
	e.failures = max(e.failures-1, 0)
	for _, name := range c.answer.Backends {
		if l := e.find(name); l != nil && c.serial >= l.since {
			l.attempts = max(l.attempts-1, 0)
		}
		if name == e.trying && c.serial >= e.began {
			e.during = max(e.during-1, 0)
		}
	}
}

// approved drops all backends, and all attempts that are still under way.
func (e *entry) approved() {
	e.backends, e.before, e.failures = nil, nil, 0
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
