package sqlstore

import (
	"slices"
	"time"

	"github.com/go2fa/verify/failover"
)

const (
	maxAsked  = 2  // backends asked at one Check
	maxChecks = 64 // of one recipient within replay, those given back included
	maxClosed = 64 // ended tries of one recipient that are remembered
	maxClaims = 64 // and Sends with an idempotency key
)

// An entry is the record of one (recipient, scope) in a ledger. It does what
// failover.MemoryLedger does, word by word.
type entry struct {
	layout
	// The backend that is sending now.
	Holder string `json:"holder,omitempty"` // its Send
	Trying string `json:"trying,omitempty"` // its name
	Lease  int64  `json:"lease,omitempty"`  // until when
	Began  int    `json:"began,omitempty"`  // serial of its Begin
	During int    `json:"during,omitempty"` // attempts that it was asked since
	Before []live `json:"before,omitempty"` // the backends as they were

	// The Send of the last Begin.
	Sender  string `json:"sender,omitempty"`
	Tries   int    `json:"tries,omitempty"`
	Overdue bool   `json:"overdue,omitempty"` // an approval came while it was under way

	Serial   int       `json:"serial,omitempty"`   // counts Begins
	Backends []live    `json:"backends,omitempty"` // newest first
	Failures int       `json:"failures,omitempty"` // since the last approval
	Failed   int64     `json:"failed,omitempty"`
	Remember int64     `json:"remember,omitempty"`
	Checks   []check   `json:"checks,omitempty"`
	Closed   []closing `json:"closed,omitempty"`
	Claims   []claimed `json:"claims,omitempty"`
}

// A claimed call is a Send with an idempotency key.
type claimed struct {
	Call    string `json:"call"`
	ID      string `json:"id"`
	At      int64  `json:"at"`
	Outcome string `json:"outcome,omitempty"`
}

// A live backend may hold a code. It is kept a little longer, in case its End is
// late: its attempts must not be forgotten.
type live struct {
	Name     string `json:"name"`
	Until    int64  `json:"until"`
	Attempts int    `json:"attempts"` // on its code
	Since    int    `json:"from"`     // serial of the Begin that they are counted from
}

// A closing is a try that has ended. A second End of it changes nothing.
type closing struct {
	ID      string `json:"id"`
	Backend string `json:"backend"`
	At      int64  `json:"at"`
}

// A check is one attempt that was charged. An approval makes losers of those charged
// before it.
type check struct {
	ID       string   `json:"id"`
	By       string   `json:"by,omitempty"` // the call that charged it; old records have none
	At       int64    `json:"at"`
	Serial   int      `json:"serial"`
	Backends []string `json:"backends"`
	Left     int      `json:"left"`
	Settled  bool     `json:"settled,omitempty"`
	Won      bool     `json:"won,omitempty"`
	Lost     bool     `json:"lost,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
}

// again is what an attempt is answered that is made again. The call that charged it is
// told as it was, or a lost reply would be taken for another call.
func (c *check) again(by string) failover.Attempt {
	a := failover.Attempt{Backends: c.Backends, Left: c.Left, Progress: failover.Pending, Outcome: c.Outcome}
	switch {
	case c.Won:
		a.Progress = failover.WasApproved
	case c.Settled:
		a.Progress = failover.WasDenied
	case c.By == by:
		a.Progress = failover.First
	}
	return a
}

// prune forgets what time has ended.
func (e *entry) prune(now int64) bool {
	e.Backends = slices.DeleteFunc(e.Backends, func(l live) bool { return now-l.Until >= replay })
	e.Checks = slices.DeleteFunc(e.Checks, func(c check) bool { return now-c.At > replay })
	e.Closed = slices.DeleteFunc(e.Closed, func(c closing) bool { return now-c.At > replay })
	e.Claims = slices.DeleteFunc(e.Claims, func(c claimed) bool { return now-c.At > replay })
	if e.Failures > 0 && now-e.Failed > e.Remember {
		e.Failures = 0
	}
	return false
}

func (e *entry) until() int64 {
	end := e.Lease
	for _, l := range e.Backends {
		end = max(end, l.Until+replay)
	}
	for _, c := range e.Checks {
		end = max(end, c.At+replay+1)
	}
	for _, c := range e.Closed {
		end = max(end, c.At+replay+1)
	}
	for _, c := range e.Claims {
		end = max(end, c.At+replay+1)
	}
	if e.Failures > 0 {
		end = max(end, e.Failed+e.Remember+1)
	}
	return end
}

func (e *entry) begin(id, backend string, lease, now int64) (time.Duration, outcome) {
	if e.over(id, backend) {
		return 0, kept
	}
	if e.Holder != id && now < e.Lease {
		return duration(e.Lease - now), unsure
	}
	if e.Sender != id {
		e.Sender, e.Tries, e.Overdue = id, 0, false
	}
	if e.Overdue {
		return duration(lease), changed
	}
	if e.Holder != id || e.Trying != backend {
		e.Serial++
		e.Tries++
		e.Trying, e.Began, e.During, e.Before = backend, e.Serial, 0, slices.Clone(e.Backends)
	}
	e.Holder, e.Lease = id, now+lease
	e.first(backend, now+lease)
	return 0, changed
}

func (e *entry) end(id, backend string, s failover.State, ttl, now int64) outcome {
	if e.over(id, backend) {
		return kept
	}
	e.Closed = append(e.Closed[max(0, len(e.Closed)-maxClosed+1):], closing{id, backend, now})
	holds := e.Holder == id && e.Trying == backend
	switch {
	case s != failover.NotSent && e.Sender == id && e.Overdue && e.Tries > 1:
		// The code of an earlier backend was approved: this one is too late.
	case s != failover.NotSent:
		l := e.first(backend, now+ttl)
		if holds && s == failover.Sent {
			l.Attempts, l.Since = e.During, e.Began
		}
	case holds:
		e.restore()
	}
	if holds {
		e.Holder, e.Trying, e.Lease, e.Before = "", "", 0, nil
	}
	return changed
}

func (e *entry) attempt(id, by string, limits failover.Limits, now int64) (failover.Attempt, outcome) {
	if c := e.check(id); c != nil {
		return c.again(by), kept
	}
	newest := e.newest(now)
	switch {
	case len(newest) == 0:
		return failover.Attempt{}, unsure
	case e.Failures >= limits.Failures:
		return failover.Attempt{Locked: true, Blocked: true}, kept
	case len(e.Checks) >= maxChecks:
		return failover.Attempt{Locked: true}, kept
	}
	c := check{ID: id, By: by, At: now, Serial: e.Serial}
	for _, l := range newest {
		if l.Attempts < limits.Attempts {
			e.charge(l)
			c.Backends = append(c.Backends, l.Name)
			c.Left = max(c.Left, limits.Attempts-l.Attempts)
		}
	}
	if len(c.Backends) == 0 {
		return failover.Attempt{Locked: true}, e.spent(limits.Attempts)
	}
	e.Failures++
	e.Failed, e.Remember = now, micros(limits.Remember)
	c.Left = min(c.Left, limits.Failures-e.Failures)
	e.Checks = append(e.Checks, c)
	return failover.Attempt{Backends: c.Backends, Left: c.Left}, changed
}

// spent says whether no backend had an attempt left, those included whose time ended
// a moment ago: an attempt in time may be about to commit.
func (e *entry) spent(attempts int) outcome {
	if slices.ContainsFunc(e.Backends, func(l live) bool { return l.Attempts < attempts }) {
		return unsure
	}
	return kept
}

func (e *entry) settle(c *check, v failover.Verdict) (won bool, o outcome) {
	if c.Settled {
		return c.Won, kept
	}
	c.Settled = true
	switch {
	case v == failover.NotAsked && !c.Lost:
		e.giveBack(c)
	case v == failover.Approved && !c.Lost:
		e.approved()
		c.Won = true
	}
	return c.Won, changed
}

func (e *entry) claim(call, id string, now int64) (failover.Claim, outcome) {
	for _, c := range e.Claims {
		if c.Call == call {
			return failover.Claim{Repeated: c.ID != id, Outcome: c.Outcome}, kept
		}
	}
	e.Claims = append(e.Claims[max(0, len(e.Claims)-maxClaims+1):], claimed{Call: call, ID: id, At: now})
	return failover.Claim{}, changed
}

// conclude keeps what became of a claimed call or of a Check, or gives a call back.
func (e *entry) conclude(id, text string) outcome {
	o := unsure
	if c := e.check(id); c != nil {
		c.Outcome, o = text, changed
	}
	for i := range e.Claims {
		if e.Claims[i].Call == id {
			e.Claims[i].Outcome, o = text, changed
		}
	}
	if text == "" {
		e.Claims = slices.DeleteFunc(e.Claims, func(c claimed) bool { return c.Call == id })
	}
	return o
}

// over reports whether this try has ended.
func (e *entry) over(id, backend string) bool {
	return slices.ContainsFunc(e.Closed, func(c closing) bool { return c.ID == id && c.Backend == backend })
}

func (e *entry) find(name string) *live {
	i := slices.IndexFunc(e.Backends, func(l live) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &e.Backends[i]
}

// first puts a backend before the others, live for as long as it was at least.
func (e *entry) first(name string, until int64) *live {
	l := live{Name: name, Until: until, Since: e.Serial}
	if old := e.find(name); old != nil {
		l.Attempts, l.Since, l.Until = old.Attempts, old.Since, max(l.Until, old.Until)
	}
	others := slices.DeleteFunc(e.Backends, func(l live) bool { return l.Name == name })
	e.Backends = append([]live{l}, others...)
	return &e.Backends[0]
}

// restore puts the backends back as they were before the try, with the attempts that
// were made during it.
func (e *entry) restore() {
	for i, l := range e.Before {
		if now := e.find(l.Name); now != nil {
			e.Before[i].Attempts = now.Attempts
		}
	}
	e.Backends = e.Before
}

// newest returns the backends that a Check may ask.
func (e *entry) newest(now int64) (newest []*live) {
	for i := range e.Backends {
		if l := &e.Backends[i]; now < l.Until && len(newest) < maxAsked {
			newest = append(newest, l)
		}
	}
	return newest
}

func (e *entry) charge(l *live) {
	l.Attempts++
	if l.Name == e.Trying {
		e.During++
	}
}

// giveBack takes a charge back, but not from a code that was sent after it.
func (e *entry) giveBack(c *check) {
	e.Failures = max(e.Failures-1, 0)
	for _, name := range c.Backends {
		if l := e.find(name); l != nil && c.Serial >= l.Since {
			l.Attempts = max(l.Attempts-1, 0)
		}
		if name == e.Trying && c.Serial >= e.Began {
			e.During = max(e.During-1, 0)
		}
	}
}

// approved drops all backends, and all attempts that are still under way.
func (e *entry) approved() {
	e.Backends, e.Before, e.Failures = nil, nil, 0
	e.Overdue = true
	for i := range e.Checks {
		e.Checks[i].Lost = true
	}
}

func (e *entry) check(id string) *check {
	i := slices.IndexFunc(e.Checks, func(c check) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &e.Checks[i]
}
