package twiliotest

import (
	"slices"
	"sync"
	"time"
)

// The limits of one verification.
const (
	life       = 10 * time.Minute
	maxSends   = 5
	maxGuesses = 5
)

// A recipient is a phone number or address within a Service.
type recipient struct{ service, to string }

// A verification is one code and what became of it.
type verification struct {
	recipient
	sid, channel, status string
	code, amount, payee  string
	created, updated     time.Time
	attempts             []attempt
	guesses              int
	fetches              tally
}

// An attempt is one send.
type attempt struct {
	sid, channel string
	at           time.Time
}

func (v *verification) live(now time.Time) bool {
	return v.status == "pending" && now.Before(v.created.Add(life))
}

func (v *verification) guessable() bool {
	return v.guesses < maxGuesses
}

// close ends a verification: Twilio deletes it once it is over.
func (v *verification) close(status string, now time.Time) {
	v.status, v.updated = status, now
}

// snapshot is v as it is now, to be read when the lock is released.
func (v *verification) snapshot() verification {
	c := *v
	c.attempts = slices.Clone(v.attempts)
	return c
}

// state is all that the emulator remembers between requests.
type state struct {
	mu     sync.Mutex
	byTo   map[recipient][]*verification // the newest last; more than one only with PSD2
	bySID  map[string]*verification
	oldest []*verification // in the order of their making
	limits map[limit]tally
}

// start makes a verification and forgets those whose time is over.
func (s *state) start(v *verification) {
	if s.bySID == nil {
		s.bySID, s.byTo = map[string]*verification{}, map[recipient][]*verification{}
	}
	for len(s.oldest) > 0 && !v.created.Before(s.oldest[0].created.Add(life)) {
		s.forget(s.oldest[0])
		s.oldest = s.oldest[1:]
	}
	s.bySID[v.sid] = v
	s.byTo[v.recipient] = append(s.byTo[v.recipient], v)
	s.oldest = append(s.oldest, v)
}

func (s *state) forget(v *verification) {
	delete(s.bySID, v.sid)
	rest := slices.DeleteFunc(s.byTo[v.recipient], func(o *verification) bool { return o == v })
	if len(rest) == 0 {
		delete(s.byTo, v.recipient)
		return
	}
	s.byTo[v.recipient] = rest
}

// to returns the live verifications of a recipient, the newest last.
func (s *state) to(to recipient, now time.Time) []*verification {
	var live []*verification
	for _, v := range s.byTo[to] {
		if v.live(now) {
			live = append(live, v)
		}
	}
	return live
}

// sid returns a live verification of a Service, or nil.
func (s *state) sid(service, sid string, now time.Time) *verification {
	if v := s.bySID[sid]; v != nil && v.service == service && v.live(now) {
		return v
	}
	return nil
}

func (s *state) code(to recipient, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := newest(s.to(to, now)); v != nil && v.guessable() {
		return v.code
	}
	return ""
}

func newest(live []*verification) *verification {
	if len(live) == 0 {
		return nil
	}
	return live[len(live)-1]
}
