package bandwidthtest

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The limits of codes.
const (
	longest    = 15 * time.Minute // the most that a check may allow
	pause      = 2 * time.Minute
	maxGuesses = 5 // wrong ones of a number within the pause
)

// A recipient is a phone number within a scope.
type recipient struct{ to, scope string }

// newRecipient gives the empty scope the name that it has at Bandwidth.
func newRecipient(to, scope string) recipient {
	return recipient{to, cmp.Or(scope, "2FA")}
}

// An issued code is one that was sent.
type issued struct {
	recipient
	code  string
	at    time.Time
	spent bool
}

func (i *issued) live(now time.Time, age time.Duration) bool {
	return !i.spent && now.Before(i.at.Add(age))
}

// state is all that the emulator remembers between requests.
type state struct {
	mu        sync.Mutex
	codes     map[recipient][]*issued // the newest last
	oldest    []*issued               // in the order of their making
	wrong     map[string][]time.Time  // wrong guesses by number, the oldest first
	tokens    map[string]time.Time    // when each ends
	handedOut int
}

// start adds a code and forgets those that no check can allow any more.
func (s *state) start(i *issued) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes == nil {
		s.codes = map[recipient][]*issued{}
	}
	for len(s.oldest) > 0 && !i.at.Before(s.oldest[0].at.Add(longest)) {
		s.forget(s.oldest[0])
		s.oldest = s.oldest[1:]
	}
	s.codes[i.recipient] = append(s.codes[i.recipient], i)
	s.oldest = append(s.oldest, i)
}

func (s *state) forget(i *issued) {
	rest := slices.DeleteFunc(s.codes[i.recipient], func(o *issued) bool { return o == i })
	if len(rest) == 0 {
		delete(s.codes, i.recipient)
		return
	}
	s.codes[i.recipient] = rest
}

// redeem spends a code that is at most so many minutes old, or counts a wrong
// guess. A number that was guessed too often is refused, whatever the code.
func (s *state) redeem(to recipient, code string, now time.Time, minutes float64) (bool, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused(to.to, now) {
		return false, documented[http.StatusTooManyRequests]
	}
	age := time.Duration(minutes * float64(time.Minute))
	for _, i := range s.codes[to] {
		if i.code == code && i.live(now, age) {
			i.spent = true
			return true, nil
		}
	}
	if s.wrong == nil {
		s.wrong = map[string][]time.Time{}
	}
	s.wrong[to.to] = append(s.wrong[to.to], now)
	return false, nil
}

// paused reports whether a number was guessed too often, and forgets guesses
// that are over.
func (s *state) paused(number string, now time.Time) bool {
	recent := slices.DeleteFunc(s.wrong[number], func(at time.Time) bool { return !at.After(now.Add(-pause)) })
	if len(recent) == 0 {
		delete(s.wrong, number)
		return false
	}
	s.wrong[number] = recent
	return len(recent) >= maxGuesses
}

func (s *state) code(to recipient, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused(to.to, now) {
		return ""
	}
	for _, i := range slices.Backward(s.codes[to]) {
		if i.live(now, longest) {
			return i.code
		}
	}
	return ""
}
