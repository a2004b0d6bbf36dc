package otp

import (
	"math"
	"slices"
	"time"
)

// replayTime is how long a call that is made again answers the same.
const replayTime = 2 * time.Minute

// forgotten is when what was remembered is surely remembered no more.
const forgotten = 2 * int64(replayTime)

// A generation ends after replayTime. What is kept for two of them is kept for
// replayTime at least, and is dropped all at once, without a sweep.
type generation struct{ began int64 }

// ended returns how many generations have ended, two at most.
func (g *generation) ended(now int64) int {
	n := min((now-g.began)/int64(replayTime), 2)
	if n > 0 {
		g.began = now
	}
	return int(n)
}

// recent remembers something of sends: that they were taken back, or what became of
// them.
type recent[V any] struct {
	young, old map[ID]V
	generation
}

func (r *recent[V]) turn(now int64) {
	for range r.ended(now) {
		r.old, r.young = r.young, nil
	}
}

func (r *recent[V]) add(id ID, v V, now int64) {
	r.turn(now)
	if r.young == nil {
		r.young = map[ID]V{}
	}
	r.young[id] = v
}

func (r *recent[V]) get(id ID, now int64) (v V, found bool) {
	r.turn(now)
	if v, found = r.young[id]; !found {
		v, found = r.old[id]
	}
	return v, found
}

func (r *recent[V]) has(id ID, now int64) bool {
	_, found := r.get(id, now)
	return found
}

// answers remembers what Attempt said to attempts that were charged. Those on one
// entry are a chain, newest first: an entry holds the number of the last one.
type answers struct {
	young, old answerLog
	last       uint32 // the number of the newest
	generation
}

// An answer holds for the same attempt only: a generator that repeats itself must
// not hand one person's approval to another.
type answer struct {
	id, mac uint64
	before  uint32 // the number of the entry's answer before it
	verdict Verdict
	left    uint8
}

// mark is two bits of 32, chosen by the id.
func (x answer) mark() uint32 { return 1<<(x.id>>59) | 1<<(x.id>>54&31) }

func (a *answers) turn(now int64) {
	for range a.ended(now) {
		a.old, a.young = a.young, answerLog{}
	}
}

// add returns the number of the answer, which is never zero. Numbers count on and
// wrap around: one that is forgotten may come to name another answer.
func (a *answers) add(x answer) uint32 {
	a.young.push(x)
	a.last++
	if a.last == 0 {
		return a.add(x)
	}
	return a.last
}

// find looks for the answer to the same attempt along the chain of an entry.
func (a *answers) find(e *entry, same answer, now int64) (answer, bool) {
	a.turn(now)
	if mark := same.mark(); e.asked&mark != mark {
		return answer{}, false
	}
	for place := a.place(e.answer); place >= 0; {
		x := a.at(place)
		if x.id == same.id && x.mac == same.mac {
			return x, true
		}
		before := a.place(x.before)
		if before >= place {
			break // a number that wrapped around
		}
		place = before
	}
	return answer{}, false
}

// place is where an answer stands in old and young, or negative if there is none
// of this number, or no more.
func (a *answers) place(number uint32) int {
	if number == 0 {
		return -1
	}
	return a.held() - 1 - int(a.last-number)
}

func (a *answers) held() int { return a.old.size() + a.young.size() }

func (a *answers) at(place int) answer {
	if old := a.old.size(); place >= old {
		return a.young.at(place - old)
	}
	return a.old.at(place)
}

// An answerLog grows by pages, and moves none that is full.
type answerLog struct{ pages [][]answer }

const pageSize = 1024 // of 24 bytes

func (p *answerLog) size() int {
	if len(p.pages) == 0 {
		return 0
	}
	last := len(p.pages) - 1
	return last*pageSize + len(p.pages[last])
}

func (p *answerLog) at(i int) answer { return p.pages[i/pageSize][i%pageSize] }

func (p *answerLog) push(x answer) {
	last := len(p.pages) - 1
	if last < 0 {
		p.pages, last = [][]answer{nil}, 0 // which grows as it must
	}
	if len(p.pages[last]) == pageSize {
		p.pages, last = append(p.pages, make([]answer, 0, pageSize)), last+1
	}
	p.pages[last] = append(p.pages[last], x)
}

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
