package emulator

import (
	"sync"
	"time"
)

// A Clock tells an emulator the time. The zero value runs with real time; tests
// move it by Advance instead of waiting. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	still  bool
	at     time.Time     // the time itself, when still
	offset time.Duration // ahead of real time, when not
}

// StandAt stops the clock at t, so that from now on only Advance moves it and a
// test can state instants exactly.
func (c *Clock) StandAt(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.still, c.at = true, t.UTC()
}

// Now returns the emulator's time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.still {
		return c.at
	}
	return time.Now().Add(c.offset).UTC()
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.offset += d
}
