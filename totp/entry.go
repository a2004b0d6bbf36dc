package totp

import (
	"bytes"
	"time"
)

// An entry is one factor with its counts, in four lines of a processor's cache: what a
// Check reads lies side by side, and nothing of it is behind a pointer. It moves when
// its index grows, so nobody keeps a pointer to it.
type entry struct {
	key      Key
	charged  int64 // when the last failure was
	since    int64 // when the first half window began, which is with its first failure
	failures int32 // charged, in this row
	settled  int32 // how many of them an approval has forgiven; they still count for the wait that may be on
	half     int16 // which one halves[0] is
	halves   [3]uint8
	recent   uint8 // how many of first are calls
	size     uint8 // of what is sealed, if it is not among the rest
	step     uint64

	enrolment ID
	keyID     KeyID
	rest      *rest // nil for most
	first     [2]call
	sealed    [88]byte // of a secret of 47 bytes
}

// Rest is what an entry has no room for.
type rest struct {
	calls  []call // all of them, if there are more than fit
	sealed []byte
	room   [4]call // where calls begins
}

// A call is one that took effect, kept so that it may be made again.
type call struct {
	id       ID
	at       int64
	factor   *Factor // of an attempt, if another one has taken its place since
	failures uint16
	left     uint8
	kind     callKind
}

type callKind uint8

const (
	callCreate callKind = iota
	callAttempt
	callAccept
	callSwap
	callRefund
)

func (e *entry) create(id ID, k Key, f Factor, now int64) {
	e.key = k
	e.set(f)
	e.remember(call{id: id, kind: callCreate, at: now})
}

// view is the factor while the entry stays where it is.
func (e *entry) view() Factor {
	sealed := e.sealed[:e.size]
	if e.size == 0 && e.rest != nil {
		sealed = e.rest.sealed
	}
	return Factor{Enrolment: e.enrolment, KeyID: e.keyID, Step: e.step, Sealed: sealed}
}

// factor is a copy, since the entry moves. What is sealed goes into room where it fits.
func (e *entry) factor(room []byte) Factor {
	f := e.view()
	f.Sealed = append(room[:0], f.Sealed...)
	return f
}

func (e *entry) set(f Factor) {
	e.enrolment, e.keyID, e.step = f.Enrolment, f.KeyID, f.Step
	if len(f.Sealed) > len(e.sealed) {
		e.size, e.spill().sealed = 0, bytes.Clone(f.Sealed)
		clear(e.sealed[:])
		return
	}
	e.size = uint8(copy(e.sealed[:], f.Sealed)) //nolint:gosec // it fits
	clear(e.sealed[e.size:])
	if e.rest != nil {
		e.rest.sealed = nil
	}
}

func (e *entry) spill() *rest {
	if e.rest == nil {
		e.rest = new(rest)
	}
	return e.rest
}

// replace puts f in the place of the factor. An attempt that is made again answers with
// the one that it found.
func (e *entry) replace(f Factor) {
	var was *Factor
	calls := e.calls()
	for i := range calls {
		if calls[i].kind == callAttempt && calls[i].factor == nil {
			if was == nil {
				was = keep(e.view())
			}
			calls[i].factor = was
		}
	}
	e.set(f)
}

// keep copies f into one piece of memory.
func keep(f Factor) *Factor {
	var k struct {
		Factor
		room [len(entry{}.sealed)]byte
	}
	k.Factor = f
	k.Sealed = append(k.room[:0:len(k.room)], f.Sealed...)
	return &k.Factor
}

// calls are those of the last two minutes, the oldest first.
func (e *entry) calls() []call {
	if e.recent == 0 && e.rest != nil {
		return e.rest.calls
	}
	return e.first[:e.recent]
}

func (e *entry) find(id ID, kind callKind) *call {
	calls := e.calls()
	for i := range calls {
		if calls[i].id == id && calls[i].kind == kind {
			return &calls[i]
		}
	}
	return nil
}

func (e *entry) remember(c call) {
	if calls := e.calls(); len(calls) == int(e.recent) && len(calls) < len(e.first) {
		e.first[e.recent] = c
		e.recent++
		return
	}
	r := e.spill()
	if e.recent > 0 {
		r.calls = append(r.room[:0], e.first[:e.recent]...)
	}
	r.calls = append(r.calls, c)
	e.first, e.recent = [2]call{}, 0
}

// forget drops calls that nobody may make again.
func (e *entry) forget(now int64) {
	calls, n := e.calls(), 0
	for n < len(calls) && now-calls[n].at >= int64(replayTime) {
		n++
	}
	if n == 0 {
		return
	}
	kept := copy(calls, calls[n:])
	clear(calls[kept:])
	if e.recent > 0 {
		e.recent = uint8(kept) //nolint:gosec // two at most
		return
	}
	e.rest.calls = calls[:kept]
	if kept == 0 && e.rest.sealed == nil {
		e.rest = nil
	}
}

// attempt charges one failure, unless a limit is reached.
func (e *entry) attempt(id ID, l Limits, now int64, room []byte) Attempt {
	if e.settled > 0 && now-e.charged >= int64(l.Wait) {
		e.failures, e.settled = e.failures-e.settled, 0
	}
	e.roll(now)
	if e.row() >= l.Failures || int(e.halves[0])+int(e.halves[1])+int(e.halves[2]) >= l.Total {
		return Attempt{Found: true, Blocked: true}
	}
	if wait := e.wait(l) - time.Duration(now-e.charged); wait > 0 {
		return Attempt{Found: true, Wait: wait}
	}
	if len(e.calls()) >= maxCalls {
		return Attempt{Found: true, Wait: replayTime - time.Duration(now-e.calls()[0].at)}
	}

	e.failures++
	e.halves[0]++
	e.charged = now
	c := call{
		id: id, kind: callAttempt, at: now,
		failures: uint16(e.row()), left: uint8(max(l.Attempts-int(e.failures), 0)), //nolint:gosec // at most a hundred and ten
	}
	e.remember(c)
	return e.answer(&c, l, room)
}

// answer is what an attempt is told, again and again.
func (e *entry) answer(c *call, l Limits, room []byte) Attempt {
	a := Attempt{Found: true, Failures: int(c.failures), Left: int(c.left), Next: l.After(int(c.failures))}
	if a.Next == 0 && a.Left == 0 {
		a.Next = l.Wait
	}
	if c.factor != nil {
		a.Factor = *c.factor
		return a
	}
	a.Factor = e.factor(room)
	return a
}

// row is how many failures no approval has forgiven.
func (e *entry) row() int { return int(e.failures - e.settled) }

// wait is the one that began with the last failure. Failures that an approval has
// forgiven count for the first wait only: else a burst of attempts would begin anew
// with each right code.
func (e *entry) wait(l Limits) time.Duration {
	if wait := l.After(e.row()); wait > 0 {
		return wait
	}
	if int(e.failures) >= l.Attempts {
		return l.Wait
	}
	return 0
}

// roll moves the half windows on. Without a failure in them they begin anew.
func (e *entry) roll(now int64) {
	for half := (now - e.since) / int64(halfWindow); int64(e.half) < half && e.halves != [3]uint8{}; e.half++ {
		e.halves = [3]uint8{0, e.halves[0], e.halves[1]}
	}
	if e.halves == [3]uint8{} {
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
	return e.enrolment == enrolment && step > e.step
}

// approve forgives all failures since the last approval.
func (e *entry) approve(id ID, kind callKind, now int64) {
	e.settled = e.failures
	e.uncount()
	e.remember(call{id: id, kind: kind, at: now})
}
