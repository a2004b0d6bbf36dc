package verifytest

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/go2fa/verify/otp"
)

// A naive is a store without a care for speed or size, with a clock of its own
// and at most one defect.
type naive struct {
	defect string

	mu      sync.Mutex
	now     time.Duration
	records map[otp.Key]*naiveRecord
	lost    map[otp.ID]bool // sends that were taken back
	ended   map[otp.ID]string
}

type naiveRecord struct {
	naiveCode
	replaced []naiveCode // oldest first
	failures int
	failedAt time.Duration
	sends    []naiveSend
	answers  map[otp.ID]answer
}

type naiveCode struct {
	live     otp.MAC
	expires  time.Duration
	putBy    otp.ID
	attempts int
	at       time.Duration // when it was replaced
}

type naiveSend struct {
	id otp.ID
	at time.Duration
}

func newNaive(defect string) *naive {
	return &naive{defect: defect, now: time.Hour, records: map[otp.Key]*naiveRecord{}, lost: map[otp.ID]bool{}}
}

func (s *naive) has(defect string) bool { return s.defect == defect }

func (s *naive) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += d
}

// reopen is what is left after a restart.
func (s *naive) reopen() *naive {
	if s.has("forgets attempts at a restart") {
		for _, rec := range s.records {
			rec.attempts, rec.failures = 0, 0
		}
	}
	if s.has("forgets all at a restart") {
		return newNaive(s.defect)
	}
	return s
}

func (s *naive) record(k otp.Key) *naiveRecord {
	if s.has("knows one key") {
		k = otp.Key{}
	}
	if s.records[k] == nil {
		s.records[k] = &naiveRecord{answers: map[otp.ID]answer{}}
	}
	return s.records[k]
}

func (s *naive) limits(l otp.Limits) otp.Limits {
	if s.has("lifts limits") {
		raised := l
		l = l.WithDefaults()
		l.Attempts, l.Failures = max(raised.Attempts, l.Attempts), max(raised.Failures, l.Failures)
		return l
	}
	l = l.WithDefaults()
	if s.has("overflows") {
		l.Window, l.Remember = overflowing(l.Window), overflowing(l.Remember)
	}
	return l
}

// again answers a send that is known.
func (s *naive) again(rec *naiveRecord, sent naiveSend, mac otp.MAC) otp.Admission {
	if s.has("never says Repeated") || rec.putBy == sent.id && rec.live == mac && !s.has("takes a lost reply for another call") {
		return otp.Admission{}
	}
	stale := s.now-sent.at > 2*time.Minute && !s.has("knows a send for ever")
	outcome := s.ended[sent.id]
	if s.has("forgets the outcome with the send") && s.lost[sent.id] {
		outcome = ""
	}
	return otp.Admission{Repeated: true, Outcome: outcome, Stale: stale}
}

func (s *naive) Conclude(_ context.Context, _ otp.Key, id otp.ID, outcome string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = map[otp.ID]string{}
	}
	if s.ended[id] == "" || !s.has("keeps the first outcome") {
		s.ended[id] = outcome
	}
	return nil
}

func (s *naive) Issue(_ context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l = s.limits(l)
	rec := s.record(k)
	if !s.has("makes a send again") {
		for _, sent := range rec.sends {
			if sent.id == id {
				return s.again(rec, sent, mac), nil
			}
		}
		if s.lost[id] && !s.has("revives what was taken back") {
			return s.again(rec, naiveSend{id, s.now}, mac), nil
		}
	}
	if rec.failures >= l.Failures && s.now-rec.failedAt < l.Remember && !s.has("sends to the blocked") {
		return otp.Admission{Refused: otp.SendBlocked, Wait: l.Remember - (s.now - rec.failedAt)}, nil
	}
	counted := 0
	for _, sent := range rec.sends {
		if s.now-sent.at < l.Window {
			counted++
		}
	}
	if counted >= l.Sends && !s.has("counts no sends") {
		if s.has("checks sends, then counts") {
			s.gap()
		} else {
			return otp.Admission{Refused: otp.TooMany, Wait: max(1, rec.sends[len(rec.sends)-l.Sends].at+l.Window-s.now)}, nil
		}
	}
	if counted > 0 && !s.has("knows no cooldown") {
		rung := l.Cooldown[min(counted, len(l.Cooldown))-1]
		if s.has("knows one rung") {
			rung = l.Cooldown[0]
		}
		if wait := rec.sends[len(rec.sends)-1].at + rung - s.now; wait > 0 {
			if s.has("does not say how long to wait") {
				wait = 0
			}
			return otp.Admission{Refused: otp.TooSoon, Wait: wait}, nil
		}
	}
	rec.sends = append(rec.sends, naiveSend{id, s.now})
	if mac != (otp.MAC{}) || s.has("takes a zero MAC for a code") {
		rec.replace(s.now)
		if !s.has("keeps the attempts of the old code") {
			rec.attempts = 0
		}
		if s.has("refills failures") {
			rec.failures = 0
		}
		if rec.live == (otp.MAC{}) || !s.has("keeps the old code") {
			rec.live, rec.expires, rec.putBy = mac, max(s.now+ttl, ttl), id
		}
		if s.has("brings back one code only") {
			rec.replaced = rec.replaced[max(0, len(rec.replaced)-1):]
		}
	}
	a := otp.Admission{}
	if rung := l.Cooldown[min(counted+1, len(l.Cooldown))-1]; rung > 0 {
		a.Wait = rung
	}
	return a, nil
}

// gap lets others in, in the middle of a step.
func (s *naive) gap() {
	s.mu.Unlock()
	for range 3 {
		runtime.Gosched()
	}
	s.mu.Lock()
}

func (s *naive) Attempt(_ context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l = s.limits(l)
	rec := s.record(k)
	if a, ok := rec.answers[id]; ok && !s.has("charges an attempt again") {
		if s.has("loses an approval made again") && a.verdict == otp.Match {
			return otp.Gone, 0, nil
		}
		return a.verdict, a.left, nil
	}
	if s.now-rec.failedAt >= l.Remember && !s.has("never forgets failures") {
		rec.failures = 0
	}
	switch {
	case rec.failures >= l.Failures && !s.has("never blocks"):
		return otp.Blocked, 0, nil
	case rec.live == (otp.MAC{}) && !s.has("matches a zero MAC"), s.now >= rec.expires && !s.has("never expires"):
		return otp.Gone, 0, nil
	case rec.attempts >= l.Attempts && !s.has("never locks"):
		return otp.Locked, 0, nil
	}
	attempts := rec.attempts
	if s.has("reads, then writes") {
		s.gap()
		rec.attempts = attempts
	}
	rec.attempts++
	rec.failures++
	rec.failedAt = s.now
	live := rec.live
	if s.has("charges, then compares and forgets apart") {
		s.gap()
	}
	a := s.compare(rec, live, macs, l)
	rec.answers[id] = a
	return a.verdict, a.left, nil
}

func (s *naive) compare(rec *naiveRecord, live otp.MAC, macs []otp.MAC, l otp.Limits) answer {
	if s.has("compares one MAC") {
		macs = macs[:1]
	}
	for _, mac := range macs {
		equal := mac == live
		if s.has("compares half a MAC") {
			equal = [16]byte(mac[:16]) == [16]byte(live[:16])
		}
		if !equal {
			continue
		}
		if !s.has("approves twice") {
			rec.live = otp.MAC{}
		}
		if !s.has("brings back after an approval") {
			rec.replaced = nil
		}
		if !s.has("keeps failures after an approval") {
			rec.failures = 0
		}
		return answer{otp.Match, 0}
	}
	left := min(l.Attempts-rec.attempts, l.Failures-rec.failures)
	switch {
	case s.has("leaves one attempt too many"):
		left++
	case s.has("counts attempts of the code only"):
		left = l.Attempts - rec.attempts
	}
	if left <= 0 {
		return answer{otp.Locked, 0}
	}
	return answer{otp.Wrong, left}
}

func (s *naive) Revoke(_ context.Context, k otp.Key, id otp.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.record(k)
	if s.has("takes nothing back") {
		return nil
	}
	if id == (otp.ID{}) {
		rec.live = otp.MAC{}
		if !s.has("brings back after all were revoked") {
			rec.replaced = nil
		}
		if s.has("counts no send after all were revoked") {
			rec.sends = nil
		}
		return nil
	}
	for i, sent := range rec.sends {
		if sent.id == id || s.has("takes back any send") {
			rec.sends = append(rec.sends[:i:i], rec.sends[i+1:]...)
			s.lost[id] = true
			if rec.putBy == id && !s.has("keeps a code that was taken back") || s.has("kills any code") {
				s.restore(rec)
			} else if !s.has("brings back what was revoked") {
				rec.drop(id, s.has("hands no place on"))
			}
			if s.has("gives attempts back with a send") {
				rec.attempts = 0
			}
			break
		}
	}
	return nil
}

// replace keeps the live code aside, if it is alive.
func (rec *naiveRecord) replace(now time.Duration) {
	if rec.live == (otp.MAC{}) || now >= rec.expires {
		rec.replaced = nil
		return
	}
	rec.at = now
	rec.replaced = append(rec.replaced, rec.naiveCode)
}

// restore brings back the code that the live one replaced.
func (s *naive) restore(rec *naiveRecord) {
	revoked := rec.naiveCode
	rec.naiveCode = naiveCode{}
	n := len(rec.replaced)
	if n == 0 || s.now >= revoked.expires || s.has("leaves the code before dead") {
		rec.replaced = nil
		return
	}
	last := rec.replaced[n-1]
	rec.replaced = rec.replaced[:n-1]
	if s.now-last.at > otp.RestoreTime && !s.has("brings back for ever") {
		rec.replaced = nil
		return
	}
	rec.naiveCode = last
	switch {
	case s.has("gives attempts to what comes back"):
		rec.attempts = 0
	case !s.has("forgets the attempts in between"):
		rec.attempts += revoked.attempts
	}
	if s.has("brings back with a new life") {
		rec.expires = revoked.expires
	}
}

// drop takes out a code that was replaced.
func (rec *naiveRecord) drop(id otp.ID, defective bool) {
	for i, c := range rec.replaced {
		if c.putBy != id {
			continue
		}
		if i > 0 {
			rec.replaced[i-1].attempts += c.attempts
			if !defective {
				rec.replaced[i-1].at = c.at
			}
		}
		rec.replaced = append(rec.replaced[:i:i], rec.replaced[i+1:]...)
		return
	}
}

func (s *naive) Reset(_ context.Context, k otp.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.has("forgets nothing"):
	case s.has("forgets the code only"):
		s.record(k).live = otp.MAC{}
	default:
		delete(s.records, k)
	}
	return nil
}
