package main

import "time"

// counts are the limits that are kept in memory: see limits.
type counts struct {
	names, addresses, known, signups, recoveries *limiter
	byAddress, byNumber, byPrefix, inAll         *limiter
}

func newCounts(l limits) *counts {
	const quarter = 15 * time.Minute
	return &counts{
		names:      newLimiter(l.PasswordsByName, quarter),
		addresses:  newLimiter(l.PasswordsByAddress, quarter),
		known:      newLimiter(l.PasswordsByName, quarter),
		signups:    newLimiter(l.SignupsByAddress, time.Hour),
		recoveries: newLimiter(l.RecoveriesByName, time.Hour),
		byAddress:  newLimiter(l.SendsByAddress, time.Hour),
		byNumber:   newLimiter(l.SendsByNumber, time.Hour),
		byPrefix:   newLimiter(l.SendsByPrefix, time.Hour),
		inAll:      newLimiter(l.SendsInAll, time.Hour),
	}
}

// password counts an attempt at a password, or returns how long to wait. A right one
// is given back.
func (c *counts) password(name, address string, known *device) (wait time.Duration, giveBack func()) {
	by, key := c.names, name
	if known != nil {
		by, key = c.known, known.key
	}
	if wait := c.addresses.take(address); wait > 0 {
		return wait, nil
	}
	if wait := by.take(key); wait > 0 {
		return wait, nil
	}
	return 0, func() {
		c.addresses.give(address)
		by.give(key)
	}
}

// send counts a message, or returns how long to wait.
func (c *counts) send(address, number, prefix string) time.Duration {
	for _, by := range []struct {
		limiter *limiter
		key     string
	}{{c.byAddress, address}, {c.byNumber, number}, {c.byPrefix, prefix}, {c.inAll, ""}} {
		if wait := by.limiter.take(by.key); wait > 0 {
			return wait
		}
	}
	return 0
}
