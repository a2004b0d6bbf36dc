package main

import (
	"sync"
	"time"
)

// maxKeys bounds what a limiter remembers. When it is full it says no.
const maxKeys = 100_000

// A limiter admits so many in any interval of its length, by key. It remembers
// when each was admitted, so that the wait it tells is the true one: afterwards
// one is admitted, if nobody else was first. It is safe for concurrent use.
type limiter struct {
	most int
	per  time.Duration

	mu       sync.Mutex
	admitted map[string][]time.Time // the oldest first, at most as many as are admitted
	sweep    time.Time              // when to look for keys to forget
	full     bool                   // no key can be forgotten before sweep
}

func newLimiter(most int, per time.Duration) *limiter {
	return &limiter{most: most, per: per, admitted: map[string][]time.Time{}}
}

// take counts one for key and returns zero, or counts nothing and returns how
// long to wait.
func (l *limiter) take(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if wait := l.waitAt(key, now); wait > 0 {
		return wait
	}
	l.admitted[key] = append(l.admitted[key], now)
	return 0
}

// wait returns how long to wait, and counts nothing.
func (l *limiter) wait(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waitAt(key, time.Now())
}

func (l *limiter) waitAt(key string, now time.Time) time.Duration {
	if !now.Before(l.sweep) || len(l.admitted) >= maxKeys && !l.full {
		l.drop(now)
	}
	times, known := l.admitted[key]
	for len(times) > 0 && now.Sub(times[0]) >= l.per {
		times = times[1:]
	}
	switch {
	case !known && len(l.admitted) >= maxKeys:
		return l.sweep.Sub(now)
	case known:
		l.admitted[key] = times
	}
	if len(times) >= l.most {
		return times[len(times)-l.most].Add(l.per).Sub(now)
	}
	return 0
}

// drop forgets the keys whose last one is over. As long as there is room it is
// done once in an interval, and else as soon as the first key can go.
func (l *limiter) drop(now time.Time) {
	l.sweep = now.Add(l.per)
	first := l.sweep
	for key, times := range l.admitted {
		if len(times) == 0 || now.Sub(times[len(times)-1]) >= l.per {
			delete(l.admitted, key)
			continue
		}
		if over := times[len(times)-1].Add(l.per); over.Before(first) {
			first = over
		}
	}
	if l.full = len(l.admitted) >= maxKeys; l.full {
		l.sweep = first
	}
}

// give takes the newest one back.
func (l *limiter) give(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if times := l.admitted[key]; len(times) > 0 {
		l.admitted[key] = times[:len(times)-1]
	}
}

// A count is one key of one limiter.
type count struct {
	*limiter
	key string
}

// takeAll counts one for each and returns zero, or counts nothing and returns how
// long to wait: as long as the slowest asks for.
func takeAll(all ...count) time.Duration {
	if wait := longest(all...); wait > 0 {
		return wait
	}
	for i, c := range all {
		if wait := c.take(c.key); wait > 0 { // another request was faster
			giveAll(all[:i]...)
			return wait
		}
	}
	return 0
}

// longest returns how long all of them ask to wait.
func longest(all ...count) (wait time.Duration) {
	for _, c := range all {
		wait = max(wait, c.wait(c.key))
	}
	return wait
}

func giveAll(all ...count) {
	for _, c := range all {
		c.give(c.key)
	}
}
