package bench

import (
	"crypto/subtle"
	"sync"
	"time"

	"github.com/go2fa/verify/otp"
)

// A mapStore is the least that a store could be. It keeps no promise but to count
// attempts: no send is limited, nothing is dropped, and no answer is repeated.
type mapStore struct {
	mu  sync.Mutex
	all map[otp.Key]mapEntry
}

type mapEntry struct {
	mac      otp.MAC
	until    time.Time
	attempts int
}

func newMap(c *crowd) *mapStore {
	m := &mapStore{all: make(map[otp.Key]mapEntry, million)}
	for n, k := range c.keys {
		m.put(k, mac(uint64(n)))
	}
	return m
}

func (m *mapStore) put(k otp.Key, code otp.MAC) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[k] = mapEntry{mac: code, until: time.Now().Add(10 * time.Minute)}
}

func (m *mapStore) attempt(k otp.Key, code otp.MAC) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.all[k]
	if !ok || time.Now().After(e.until) {
		return
	}
	e.attempts++
	m.all[k] = e
	if subtle.ConstantTimeCompare(e.mac[:], code[:]) == 1 {
		delete(m.all, k)
	}
}
