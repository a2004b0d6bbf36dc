package gatewayapitest

import (
	"sync"
	"time"
)

const (
	price   = 12 // hundredths of DKK a part
	skew    = 5 * time.Minute
	firstID = 421332671
)

// state is all that the emulator remembers between requests, but for messages.
type state struct {
	mu     sync.Mutex
	credit int // hundredths of DKK
	ids    int64
	nonces map[string]time.Time // until when they are remembered
}

// pay takes the price of so many parts from the credit, if it is enough.
func (s *state) pay(parts int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if parts*price > s.credit {
		return false
	}
	s.credit -= parts * price
	return true
}

func (s *state) balance() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.credit) / 100
}

// nextID returns a number that no message has.
func (s *state) nextID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	return firstID + s.ids - 1
}

// fresh remembers a nonce for as long as its time may be accepted, and says
// whether it is new.
func (s *state) fresh(nonce string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces == nil {
		s.nonces = map[string]time.Time{}
	}
	for n, until := range s.nonces {
		if now.After(until) {
			delete(s.nonces, n)
		}
	}
	if _, used := s.nonces[nonce]; used {
		return false
	}
	s.nonces[nonce] = now.Add(2 * skew)
	return true
}
