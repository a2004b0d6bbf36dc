package otp

import (
	"crypto/subtle"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// A shard keeps its share of the entries, each in a slot of its slab. Times are
// nanoseconds of the store's clock.
type shard struct {
	mu       sync.Mutex
	slots    index
	slab     slab
	sent     list              // entries by their last send, oldest first
	failed   list              // those without a send that counts, kept for their failures
	more     map[uint32][]send // all sends of entries that have too many
	room     sendRoom          // the sends of the entry at hand, if it has not
	answers  answers
	revoked  recent[struct{}]
	ended    recent[string] // what became of sends with an idempotency key
	replaced replaced
	keep     int64 // how long a send counts for anybody
	remember int64 // how long failures do
}

// An entry is all that is known of one Key. Its size times the number of people
// is what a MemoryStore costs.
type entry struct {
	key        Key
	mac        MAC // of the live code; zero if there is none
	expires    int64
	attempted  int64  // the last attempt that was charged
	prev, next uint32 // in its list; next also chains the free slots
	answer     uint32 // the number of the last one
	asked      uint32 // the marks of all that may be remembered: most attempts need not look for any
	held       uint16 // sends held, here or in more
	live       uint16 // one above the position of the send that made mac; zero if none
	failures   uint8
	attempts   uint8
	aside      bool // in the list of failed, not of sent
	sends      [inlineSends]send
}

// short makes eight bytes of sixteen, which are random.
func short(b []byte) uint64 {
	return binary.LittleEndian.Uint64(b[:8]) ^ binary.LittleEndian.Uint64(b[8:16])*0x9E3779B97F4A7C15
}

// keepFor notes the longest times any caller asked for: an entry is kept until
// it means nothing to anybody.
func (s *shard) keepFor(l Limits, ttl time.Duration) {
	s.keep = max(s.keep, int64(l.Window), int64(ttl), int64(replayTime))
	s.remember = max(s.remember, int64(l.Remember))
}

func (s *shard) issue(i uint32, id ID, mac MAC, ttl time.Duration, l Limits, now int64) Admission {
	e := s.slab.at(i)
	sends := s.sends(i, e)
	if at := position(sends, id); at >= 0 || s.revoked.has(id, now) {
		a := s.again(id, now)
		a.Wait = l.admission(sends, now).Wait
		a.Repeated = at < 0 || int(e.live) != at+1 || e.mac != mac
		a.Stale = at >= 0 && a.Repeated && now-sends[at].at > int64(replayTime)
		return a
	}
	if e.blocked(l, now) {
		return Admission{Refused: SendBlocked, Wait: l.Remember - time.Duration(now-e.attempted)}
	}
	if a := l.admission(sends, now); a.Refused != Admitted {
		return a
	}

	sends = append(s.stale(e, sends, now), send{now, short(id[:])})
	if mac != (MAC{}) {
		s.replace(i, e, sends, now)
		e.mac, e.expires, e.attempts = mac, after(now, int64(ttl)), 0
		e.live = uint16(len(sends)) //nolint:gosec // stale keeps it to maxHeld
	}
	s.save(i, e, sends)
	s.remove(e)
	s.push(i, e, false)
	return Admission{Wait: l.admission(sends, now).Wait}
}

// position is where a send stands, or negative.
func position(sends []send, id ID) int {
	return slices.IndexFunc(sends, func(x send) bool { return x.id == short(id[:]) })
}

// again is what a send is answered that is made again.
func (s *shard) again(id ID, now int64) Admission {
	outcome, _ := s.ended.get(id, now)
	return Admission{Repeated: true, Outcome: outcome}
}

func (s *shard) attempt(k Key, id ID, macs []MAC, l Limits, now int64) (Verdict, int) {
	i := s.slots.get(&s.slab, k)
	if i == none || len(macs) == 0 {
		return Gone, 0
	}
	e := s.slab.at(i)
	x := answer{id: short(id[:]), mac: short(macs[0][:]), before: e.answer}
	if known, ok := s.answers.find(e, x, now); ok {
		return known.verdict, int(known.left)
	}
	switch {
	case e.blocked(l, now):
		return Blocked, 0
	case e.mac == (MAC{}) || now >= e.expires:
		return Gone, 0
	case int(e.attempts) >= l.Attempts:
		return Locked, 0
	}
	v, left := e.attempt(macs, l, now)
	if v == Match {
		s.replaced.drop(i)
	}
	x.verdict, x.left = v, uint8(left) //nolint:gosec // below Limits.Attempts, which are ten at most
	e.answer, e.asked = s.answers.add(x), e.asked|x.mark()
	return v, left
}

// blocked forgets failures that are too old, and says if the rest are too many.
func (e *entry) blocked(l Limits, now int64) bool {
	if now-e.attempted >= int64(l.Remember) {
		e.failures = 0
	}
	return int(e.failures) >= l.Failures
}

// attempt charges first: whatever happens then, the attempt is spent.
func (e *entry) attempt(macs []MAC, l Limits, now int64) (v Verdict, left int) {
	if now-e.attempted > forgotten {
		e.asked = 0
	}
	e.attempts++
	e.failures++
	e.attempted = now
	equal := 0
	for i := range macs {
		equal |= subtle.ConstantTimeCompare(e.mac[:], macs[i][:])
	}
	left = min(l.Attempts-int(e.attempts), l.Failures-int(e.failures))
	switch {
	case equal == 1:
		e.mac, e.failures = MAC{}, 0
		return Match, left
	case left == 0:
		return Locked, 0
	}
	return Wrong, left
}

// revoke takes a send back, and reports whether that was all there was of the
// entry.
func (s *shard) revoke(i uint32, id ID, now int64) (dropped bool) {
	e := s.slab.at(i)
	sends := s.sends(i, e)
	at := position(sends, id)
	if at < 0 {
		return false
	}
	s.revoked.add(id, struct{}{}, now)
	live := int(e.live) - 1
	sends = slices.Delete(sends, at, at+1)
	switch {
	case live == at:
		s.restore(i, e, sends, now)
	case live > at:
		e.live--
		s.replaced.remove(i, short(id[:]), now)
	}
	s.save(i, e, sends)
	if e.held > 0 || e.remembered(s.remember, now) {
		return false
	}
	s.drop(i)
	return true
}

const (
	// inlineSends is how many sends an entry holds without a list of its own: the
	// default of Limits.Sends.
	inlineSends = 5

	// maxHeld is how many it holds at all: each Issue looks through their ids.
	maxHeld = 4096
)

// A send is one Issue that was admitted.
type send struct {
	at int64
	id uint64
}

// A sendRoom holds the sends of an ordinary entry, and one more.
type sendRoom [inlineSends + 1]send

// sends are those of an entry, oldest first. They may be changed in place, and then
// must be saved.
func (s *shard) sends(i uint32, e *entry) []send {
	if e.held > inlineSends {
		return s.more[i]
	}
	return append(s.room[:0], e.sends[:e.held]...)
}

// save keeps the newest sends in the entry, and all of them apart if they are many:
// so that one more is appended, and none is copied.
func (s *shard) save(i uint32, e *entry, sends []send) {
	apart := e.held > inlineSends
	e.held = uint16(len(sends)) //nolint:gosec // stale keeps it to maxHeld
	newest := sends[max(0, len(sends)-inlineSends):]
	clear(e.sends[copy(e.sends[:], newest):])
	switch {
	case len(sends) > inlineSends && !apart:
		if s.more == nil {
			s.more = map[uint32][]send{}
		}
		s.more[i] = slices.Clone(sends) // they stand in the room
	case len(sends) > inlineSends:
		s.more[i] = sends
	case apart:
		delete(s.more, i)
	}
}

// stale drops the sends that count for nobody any more.
func (s *shard) stale(e *entry, sends []send, now int64) []send {
	for len(sends) > 0 && (now-sends[0].at >= s.keep || len(sends) == maxHeld) {
		sends = sends[1:]
		e.live -= min(e.live, 1)
	}
	return sends
}
