package failover

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// A Record is what a [Ledger] knows of one Key. It is for authors of ledgers over a store
// that can lock a record, or write one only if nobody has changed it since it was read:
// each call reads the record, has the method of the same name change it, and writes it
// back if that says [Changed]. Reset removes it. The zero value is a record of nothing.
//
// What a method answers counts only when the record is written: until then the ledger
// answers with an error, and a Record whose write failed is thrown away. Reads must be of
// what was written last, and what tells that a record is unchanged must never come back,
// not even after it was removed.
//
// Times are microseconds since 1970 by one clock, the store's own. Where each process has
// to use its own, they must agree within seconds: by a clock that is ahead, leases, codes
// and known ids end too early. Keep a record until Until at least.
//
// It is kept as JSON with a version of its own: 15 KB at most, or 160 KB where calls have
// idempotency keys. It is not safe for concurrent use, and is not copied.
type Record struct{ s state }

// A Change says what a call did to a [Record].
type Change uint8

const (
	// Kept says that nothing changed, and that this holds whatever a step has done that is
	// not committed yet. A plain read is enough for it.
	Kept Change = iota
	// Unsure says that nothing changed, but that a call whose reply was lost may be about to
	// commit something else. Who looked without a lock, where others take one, looks again
	// with it. Where no record is locked it is as Kept.
	Unsure
	// Changed says that the Record must be written back before the answer is told.
	Changed
)

// MarshalJSON writes the record.
func (r Record) MarshalJSON() ([]byte, error) {
	r.s.V = recordVersion
	return json.Marshal(r.s)
}

// UnmarshalJSON reads a record, and refuses one that it cannot read or that is of another
// version: it may hold a lock, and must not count as none.
func (r *Record) UnmarshalJSON(data []byte) error {
	var s state
	if err := json.Unmarshal(data, &s); err != nil || s.V != recordVersion {
		return errors.New("failover: the record cannot be read, or is of another version")
	}
	r.s = s
	return nil
}

// Until returns when the record means nothing any more and may be deleted.
func (r *Record) Until() int64 {
	end := r.s.Lease
	for _, l := range r.s.Backends {
		end = max(end, l.Until+replay)
	}
	for _, c := range r.s.Checks {
		end = max(end, c.At+replay+1)
	}
	for _, c := range r.s.Closed {
		end = max(end, c.At+replay+1)
	}
	for _, c := range r.s.Claims {
		end = max(end, c.At+replay+1)
	}
	if r.s.Failures > 0 {
		end = max(end, r.s.Failed+r.s.Remember+1)
	}
	return end
}

// Begin is the step of [Ledger].Begin.
func (r *Record) Begin(now int64, id ID, backend string, lease time.Duration) (busy time.Duration, c Change) {
	s := r.at(now)
	if s.over(id, backend) {
		return 0, Kept
	}
	if s.Holder != id && now < s.Lease {
		return duration(s.Lease - now), Unsure
	}
	if s.Sender != id {
		s.Sender, s.Tries, s.Overdue = id, 0, false
	}
	if s.Overdue {
		return lease, Changed
	}
	if s.Holder != id || s.Trying != backend {
		s.Serial++
		s.Tries++
		s.Trying, s.Began, s.During, s.Before = backend, s.Serial, 0, slices.Clone(s.Backends)
	}
	s.Holder, s.Lease = id, now+micros(lease)
	s.first(backend, s.Lease)
	return 0, Changed
}

// End is the step of [Ledger].End.
func (r *Record) End(now int64, id ID, backend string, became State, ttl time.Duration) Change {
	s := r.at(now)
	if s.over(id, backend) {
		return Kept
	}
	s.Closed = append(s.Closed[max(0, len(s.Closed)-maxClosed+1):], closing{id, backend, now})
	holds := s.Holder == id && s.Trying == backend
	switch {
	case became != NotSent && s.Sender == id && s.Overdue && s.Tries > 1:
		// The code of an earlier backend was approved: this one is too late.
	case became != NotSent:
		l := s.first(backend, now+micros(ttl))
		if holds && became == Sent {
			l.Attempts, l.Since = s.During, s.Began
		}
	case holds:
		s.restore()
	}
	if holds {
		s.Holder, s.Trying, s.Lease, s.Before = ID{}, "", 0, nil
	}
	return Changed
}

// Attempt is the step of [Ledger].Attempt.
func (r *Record) Attempt(now int64, id, by ID, l Limits) (Attempt, Change) {
	s, l := r.at(now), l.WithDefaults()
	if c := s.check(id); c != nil {
		return c.again(by), Kept
	}
	newest := s.newest(now)
	switch {
	case len(newest) == 0:
		return Attempt{}, Unsure
	case s.Failures >= l.Failures:
		return Attempt{Locked: true, Blocked: true}, Kept
	case len(s.Checks) >= maxChecks:
		return Attempt{Locked: true}, Kept
	}
	c := charged{ID: id, By: &by, At: now, Serial: s.Serial}
	for _, b := range newest {
		if b.Attempts < l.Attempts {
			s.charge(b)
			c.Backends = append(c.Backends, b.Name)
			c.Left = max(c.Left, l.Attempts-b.Attempts)
		}
	}
	if len(c.Backends) == 0 {
		return Attempt{Locked: true}, s.spent(l.Attempts)
	}
	s.Failures++
	s.Failed, s.Remember = now, micros(l.Remember)
	c.Left = min(c.Left, l.Failures-s.Failures)
	s.Checks = append(s.Checks, c)
	return Attempt{Backends: slices.Clone(c.Backends), Left: c.Left}, Changed
}

// Settle is the step of [Ledger].Settle. Its error is [ErrForgotten], or nil.
func (r *Record) Settle(now int64, id ID, v Verdict) (won bool, _ Change, _ error) {
	s := r.at(now)
	c := s.check(id)
	if c == nil {
		return false, Unsure, ErrForgotten
	}
	if c.Settled {
		return c.Won, Kept, nil
	}
	c.Settled = true
	switch {
	case v == NotAsked && !c.Lost:
		s.giveBack(c)
	case v == Approved && !c.Lost:
		s.approved()
		c.Won = true
	}
	return c.Won, Changed, nil
}

// Claim is the step of [Ledger].Claim.
func (r *Record) Claim(now int64, call, id ID) (Claim, Change) {
	s := r.at(now)
	for _, c := range s.Claims {
		if c.Call == call {
			return Claim{Repeated: c.ID != id, Outcome: c.Outcome}, Kept
		}
	}
	s.Claims = append(s.Claims[max(0, len(s.Claims)-maxClaims+1):], claimed{Call: call, ID: id, At: now})
	return Claim{}, Changed
}

// Conclude is the step of [Ledger].Conclude.
func (r *Record) Conclude(now int64, id ID, outcome string) Change {
	s, change := r.at(now), Unsure
	if c := s.check(id); c != nil {
		c.Outcome, change = outcome, Changed
	}
	for i := range s.Claims {
		if s.Claims[i].Call == id {
			s.Claims[i].Outcome, change = outcome, Changed
		}
	}
	if outcome == "" {
		s.Claims = slices.DeleteFunc(s.Claims, func(c claimed) bool { return c.Call == id })
	}
	return change
}

// Look is the step of [Looker].Look. It changes nothing.
func (r *Record) Look(now int64) Seen {
	seen := Seen{Failures: r.s.Failures, Live: len(r.s.newest(now)) > 0, Busy: max(duration(r.s.Lease-now), 0)}
	if now-r.s.Failed > r.s.Remember {
		seen.Failures = 0
	}
	return seen
}
