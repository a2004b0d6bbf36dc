package otp

import "math"

// maxSteps bounds how many entries one call puts aside while it looks for one to
// drop.
const maxSteps = 64

// droppable finds the entry that has been free to drop for the longest time, and
// since when, or none. Those that are kept for their failures alone are put aside
// on the way.
func (s *shard) droppable(now int64) (i uint32, since int64) {
	for range maxSteps {
		i := s.sent.head
		if i == none {
			break
		}
		e := s.slab.at(i)
		idle := after(e.lastSend(), s.keep)
		remembered := e.remembered(s.remember, now)
		switch {
		case idle > now || remembered && e.failures == 0:
			return s.forgettable(now)
		case !remembered:
			return i, idle
		}
		s.remove(i, e)
		s.push(i, e, true)
	}
	return s.forgettable(now)
}

// forgettable finds the first of those that were put aside, if nobody needs its
// attempts any more.
func (s *shard) forgettable(now int64) (i uint32, since int64) {
	i = s.failed.head
	if i == none || s.slab.at(i).remembered(s.remember, now) {
		return none, 0
	}
	return i, after(s.slab.at(i).attempted, s.remember)
}

// after is a time later than t, or the last one that there is.
func after(t, d int64) int64 {
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}

func (e *entry) lastSend() int64 {
	if e.held == 0 {
		return 0
	}
	return e.sends[min(e.held, inlineSends)-1].at
}

// tidy drops an entry or two, if they are free to drop, so that the store does
// not grow while people come and go. It returns how many.
func (s *shard) tidy(now int64) (dropped int64) {
	for range 2 {
		i, _ := s.droppable(now)
		if i == none {
			break
		}
		s.drop(i)
		dropped++
	}
	return dropped
}

// remembered reports whether the attempts on an entry are still of use: failures
// to a limit, and any to a call that is made again.
func (e *entry) remembered(remember, now int64) bool {
	age := now - e.attempted
	return e.attempted > 0 && (age <= int64(replayTime) || e.failures > 0 && age < remember)
}
