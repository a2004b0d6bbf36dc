package emulator

import (
	"sync"
	"time"
)

// A clock runs with real time until it is stopped; then only advance moves it.
type clock struct {
	mu      sync.Mutex
	stopped bool
	at      time.Time     // the time itself, when stopped
	offset  time.Duration // ahead of real time, when not
}

func (c *clock) stop(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped, c.at = true, at.UTC()
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return c.at
	}
	return time.Now().Add(c.offset).UTC()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.offset += d
}
