package failover

import (
	"math"
	"slices"
	"time"
)

const (
	maxAsked  = 2  // backends asked at one Check
	maxChecks = 64 // of one recipient within replay, those given back included
	maxClosed = 64 // ended tries of one recipient that are remembered
	maxClaims = 64 // and Sends with an idempotency key

	replay = int64(2 * time.Minute / time.Microsecond) // how long an ID is known

	recordVersion = 1
)

// A state is what a [Record] holds, as it is written.
type state struct {
	V int `json:"v"`

	// The backend that is sending now.
	Holder ID     `json:"holder,omitzero"`  // its Send
	Trying string `json:"trying,omitempty"` // its name
	Lease  int64  `json:"lease,omitempty"`  // until when
	Began  int    `json:"began,omitempty"`  // serial of its Begin
	During int    `json:"during,omitempty"` // attempts that it was asked since
	Before []live `json:"before,omitempty"` // the backends as they were

	// The Send of the last Begin.
	Sender  ID   `json:"sender,omitzero"`
	Tries   int  `json:"tries,omitempty"`
	Overdue bool `json:"overdue,omitempty"` // an approval came while it was under way

	Serial   int       `json:"serial,omitempty"`   // counts Begins
	Backends []live    `json:"backends,omitempty"` // newest first
	Failures int       `json:"failures,omitempty"` // since the last approval
	Failed   int64     `json:"failed,omitempty"`
	Remember int64     `json:"remember,omitempty"`
	Checks   []charged `json:"checks,omitempty"`
	Closed   []closing `json:"closed,omitempty"`
	Claims   []claimed `json:"claims,omitempty"`
}

// A claimed call is a Send with an idempotency key.
type claimed struct {
	Call    ID     `json:"call"`
	ID      ID     `json:"id"`
	At      int64  `json:"at"`
	Outcome string `json:"outcome,omitempty"`
}

// A live backend may hold a code. It is kept for replay longer, in case its End is late:
// its attempts must not be forgotten.
type live struct {
	Name     string `json:"name"`
	Until    int64  `json:"until"`
	Attempts int    `json:"attempts"` // on its code
	Since    int    `json:"from"`     // serial of the Begin that they are counted from
}

// A closing is a try that has ended. A second End of it changes nothing.
type closing struct {
	ID      ID     `json:"id"`
	Backend string `json:"backend"`
	At      int64  `json:"at"`
}

// A charged Check is one attempt. An approval makes losers of those charged before it.
type charged struct {
	ID       ID       `json:"id"`
	By       *ID      `json:"by,omitempty"` // the call that charged it; old records have none
	At       int64    `json:"at"`
	Serial   int      `json:"serial"`
	Backends []string `json:"backends"`
	Left     int      `json:"left"`
	Settled  bool     `json:"settled,omitempty"`
	Won      bool     `json:"won,omitempty"`
	Lost     bool     `json:"lost,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
}

// at is what the record holds at a time: what time has ended is forgotten.
func (r *Record) at(now int64) *state {
	s := &r.s
	s.Backends = slices.DeleteFunc(s.Backends, func(l live) bool { return now-l.Until >= replay })
	s.Checks = slices.DeleteFunc(s.Checks, func(c charged) bool { return now-c.At > replay })
	s.Closed = slices.DeleteFunc(s.Closed, func(c closing) bool { return now-c.At > replay })
	s.Claims = slices.DeleteFunc(s.Claims, func(c claimed) bool { return now-c.At > replay })
	if s.Failures > 0 && now-s.Failed > s.Remember {
		s.Failures = 0
	}
	return s
}

// again is what an attempt is answered that is made again. The call that charged it is
// told as it was, or a lost reply would be taken for another call.
func (c *charged) again(by ID) Attempt {
	a := Attempt{Backends: slices.Clone(c.Backends), Left: c.Left, Progress: Pending, Outcome: c.Outcome}
	switch {
	case c.Won:
		a.Progress = WasApproved
	case c.Settled:
		a.Progress = WasDenied
	case c.By != nil && *c.By == by: // what was written before calls had ids is nobody's first
		a.Progress = First
	}
	return a
}

// spent says whether no backend had an attempt left, those included whose time ended
// a moment ago: an attempt in time may be about to commit.
func (s *state) spent(attempts int) Change {
	if slices.ContainsFunc(s.Backends, func(l live) bool { return l.Attempts < attempts }) {
		return Unsure
	}
	return Kept
}

// over reports whether this try has ended.
func (s *state) over(id ID, backend string) bool {
	return slices.ContainsFunc(s.Closed, func(c closing) bool { return c.ID == id && c.Backend == backend })
}

func (s *state) find(name string) *live {
	i := slices.IndexFunc(s.Backends, func(l live) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Backends[i]
}

// first puts a backend before the others, live for as long as it was at least.
func (s *state) first(name string, until int64) *live {
	l := live{Name: name, Until: until, Since: s.Serial}
	if old := s.find(name); old != nil {
		l.Attempts, l.Since, l.Until = old.Attempts, old.Since, max(l.Until, old.Until)
	}
	others := slices.DeleteFunc(s.Backends, func(l live) bool { return l.Name == name })
	s.Backends = append([]live{l}, others...)
	return &s.Backends[0]
}

// restore puts the backends back as they were before the try, with the attempts that
// were made during it.
func (s *state) restore() {
	for i, l := range s.Before {
		if now := s.find(l.Name); now != nil {
			s.Before[i].Attempts = now.Attempts
		}
	}
	s.Backends = s.Before
}

// newest returns the backends that a Check may ask.
func (s *state) newest(now int64) (newest []*live) {
	for i := range s.Backends {
		if l := &s.Backends[i]; now < l.Until && len(newest) < maxAsked {
			newest = append(newest, l)
		}
	}
	return newest
}

func (s *state) charge(l *live) {
	l.Attempts++
	if l.Name == s.Trying {
		s.During++
	}
}

// giveBack takes a charge back, but not from a code that was sent after it.
func (s *state) giveBack(c *charged) {
	s.Failures = max(s.Failures-1, 0)
	for _, name := range c.Backends {
		if l := s.find(name); l != nil && c.Serial >= l.Since {
			l.Attempts = max(l.Attempts-1, 0)
		}
		if name == s.Trying && c.Serial >= s.Began {
			s.During = max(s.During-1, 0)
		}
	}
}

// approved drops all backends, and all attempts that are still under way.
func (s *state) approved() {
	s.Backends, s.Before, s.Failures = nil, nil, 0
	s.Overdue = true
	for i := range s.Checks {
		s.Checks[i].Lost = true
	}
}

func (s *state) check(id ID) *charged {
	i := slices.IndexFunc(s.Checks, func(c charged) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Checks[i]
}

// micros rounds up, so that a limit lasts as long as it was asked to.
func micros(d time.Duration) int64 {
	return d.Microseconds() + min(int64(d%time.Microsecond), 1)
}

// duration is the longest one for more.
func duration(micros int64) time.Duration {
	return time.Duration(min(micros, int64(math.MaxInt64/time.Microsecond))) * time.Microsecond
}
