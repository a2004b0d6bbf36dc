package main

import "time"

// counts are the limits that are kept in memory: see limits.
type counts struct {
	names, addresses, known, signups     *limiter
	byAddress, byNumber, byPrefix, inAll *limiter // of sends to numbers that are not proven
	byProven, inAllProven                *limiter // of sends to numbers that are
}

func newCounts(l limits) *counts {
	const quarter = 15 * time.Minute
	return &counts{
		names:       newLimiter(l.PasswordsByName, quarter),
		addresses:   newLimiter(l.PasswordsByAddress, quarter),
		known:       newLimiter(l.PasswordsByName, quarter),
		signups:     newLimiter(l.SignupsByAddress, time.Hour),
		byAddress:   newLimiter(l.SendsByAddress, time.Hour),
		byNumber:    newLimiter(l.SendsByNumber, time.Hour),
		byPrefix:    newLimiter(l.SendsByPrefix, time.Hour),
		inAll:       newLimiter(l.SendsInAll, time.Hour),
		byProven:    newLimiter(l.SendsByNumber, time.Hour),
		inAllProven: newLimiter(l.SendsToProven, time.Hour),
	}
}

// password counts an attempt at a password, or returns how long to wait. A right
// one is given back. Known is a remembered device or a login of the account, or
// empty: then the name and the address count.
func (c *counts) password(name, address, known string) (wait time.Duration, giveBack func()) {
	all := []count{{c.addresses, address}, {c.names, name}}
	if known != "" {
		all = []count{{c.known, known}}
	}
	if wait := takeAll(all...); wait > 0 {
		return wait, nil
	}
	return 0, func() { giveAll(all...) }
}

// sends are what a message counts for.
func (s *site) sends(c challenge, to, address string) []count {
	number := s.mac("number", to)
	if c.proven() {
		return []count{{s.counts.byProven, number}, {s.counts.inAllProven, ""}}
	}
	return []count{
		{s.counts.byAddress, address}, {s.counts.byNumber, number},
		{s.counts.byPrefix, s.mac("prefix", to[:len(to)-3])}, {s.counts.inAll, ""},
	}
}
