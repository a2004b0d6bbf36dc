package otp

import (
	"math"
	"slices"
)

// replaced remembers the codes that were replaced, by the slot of their entry.
type replaced struct {
	young, old map[uint32][]code
	generation
}

// A code is what an entry holds of its live one, kept aside after it was replaced.
type code struct {
	mac      MAC
	expires  int64
	at       int64  // when it was replaced
	send     uint64 // the one that made it
	attempts uint8
}

func (r *replaced) turn(now int64) {
	for range r.ended(now) {
		r.old, r.young = r.young, nil
	}
}

// of returns the codes that the live one of an entry replaced, oldest first.
func (r *replaced) of(i uint32, now int64) []code {
	r.turn(now)
	if codes, ok := r.young[i]; ok {
		return codes
	}
	return r.old[i]
}

func (r *replaced) keep(i uint32, codes []code) {
	r.drop(i)
	if len(codes) == 0 {
		return
	}
	if r.young == nil {
		r.young = map[uint32][]code{}
	}
	r.young[i] = codes
}

func (r *replaced) drop(i uint32) {
	delete(r.young, i)
	delete(r.old, i)
}

// remove takes out the code of a send that was replaced itself. The code before
// it is now replaced by the one after it.
func (r *replaced) remove(i uint32, send uint64, now int64) {
	codes := slices.Clone(r.of(i, now))
	at := slices.IndexFunc(codes, func(c code) bool { return c.send == send })
	if at < 0 {
		return
	}
	revoked, before := codes[at], codes[:at]
	if at > 0 {
		last := &before[at-1]
		if now-last.at > int64(RestoreTime) || now >= revoked.expires {
			before = nil
		} else {
			last.at, last.attempts = revoked.at, sum(last.attempts, revoked.attempts)
		}
	}
	r.keep(i, append(before, codes[at+1:]...))
}

// sum adds two counts of attempts.
func sum(a, b uint8) uint8 {
	return a + min(b, math.MaxUint8-a)
}

// replace keeps the live code of an entry aside, before another one takes its
// place. A code that is dead has replaced nothing that could come back.
func (s *shard) replace(i uint32, e *entry, sends []send, now int64) {
	if e.mac == (MAC{}) || now >= e.expires {
		s.replaced.drop(i)
		return
	}
	c := code{mac: e.mac, expires: e.expires, at: now, attempts: e.attempts}
	if e.live > 0 {
		c.send = sends[e.live-1].id
	}
	codes := s.replaced.of(i, now)
	codes = codes[max(0, len(codes)-MaxReplaced+1):]
	s.replaced.keep(i, append(slices.Clip(codes), c))
}

// restore takes the live code of an entry away and brings back the one that it
// replaced, if that may come back.
func (s *shard) restore(i uint32, e *entry, sends []send, now int64) {
	codes := s.replaced.of(i, now)
	attempts, expired := e.attempts, now >= e.expires
	s.kill(i, e)
	if len(codes) == 0 || expired {
		return
	}
	last := codes[len(codes)-1]
	if now-last.at > int64(RestoreTime) || now >= last.expires {
		return
	}
	e.mac, e.expires, e.attempts = last.mac, last.expires, sum(last.attempts, attempts)
	e.live = uint16(1 + slices.IndexFunc(sends, func(x send) bool { return x.id == last.send })) //nolint:gosec // below maxHeld
	s.replaced.keep(i, codes[:len(codes)-1])
}

// kill makes the live code worthless, and those that it replaced.
func (s *shard) kill(i uint32, e *entry) {
	e.mac, e.live = MAC{}, 0
	s.replaced.drop(i)
}
