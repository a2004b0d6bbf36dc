package guard

import "time"

// How the share of approvals closes a record.
const (
	ripe     = 5 // minutes until a send is judged: until then its code may still be typed
	enough   = 20
	remember = 200 // sends; with more, both numbers are halved, so that the latest count
	probes   = 5   // strangers that are let through after a closure
	shortest = 15 * time.Minute
	longest  = 24 * time.Hour
	minute   = int64(time.Minute / time.Microsecond)
)

// A floor judges the sends of strangers by how many codes are approved. Sends and
// approvals stand under the minute of the send.
type floor struct {
	minute      int64 // the newest
	sends, yes  [ripe + 1]uint32
	ripeSends   int64
	ripeYes     int64
	since       int64 // sends of earlier minutes count no more
	closed      bool  // until it is judged open; behind until a few are let through
	until       int64 // the end of the last closure; zero if there was none
	closures    int64 // in a row
	probed      int64 // sends since the closure ended
	lastProbeAt int64
}

// roll moves sends that are more than five minutes old to the ripe ones.
func (f *floor) roll(now int64) {
	m := now / minute
	if m-f.minute > 2*ripe {
		f.ripen(f.minute + 1 + ripe)
		f.minute = m
		return
	}
	f.ripen(m)
}

func (f *floor) ripen(m int64) {
	for f.minute < m {
		f.minute++
		i := f.minute % (ripe + 1)
		f.ripeSends += int64(f.sends[i])
		f.ripeYes += int64(f.yes[i])
		f.sends[i], f.yes[i] = 0, 0
	}
	for f.ripeSends > remember && !f.closed {
		f.ripeSends, f.ripeYes = f.ripeSends/2, f.ripeYes/2
	}
}

// refuses says whether a stranger is refused, why and for how long, and whether the
// record was closed by this call.
func (f *floor) refuses(now, floor int64) (r Reason, wait time.Duration, closes bool) {
	f.roll(now)
	switch {
	case now < f.until:
		return BelowFloor, micros(f.until - now), false
	case f.closed && f.allYes()*1000 >= floor*probes:
		f.open()
	case f.closed && f.probed < probes:
		return None, 0, false
	case f.closed && f.ripeSends < f.probed:
		return WaitingProbe, micros(max((f.lastProbeAt/minute+1+ripe)*minute-now, 1)), false
	case f.closed, f.ripeSends >= enough && f.ripeYes*1000 < floor*f.ripeSends:
		f.close(now)
		return BelowFloor, micros(f.until - now), true
	}
	return None, 0, false
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func (f *floor) allYes() int64 {
	n := f.ripeYes
	for _, yes := range f.yes {
		n += int64(yes)
	}
	return n
}

// close closes for 15 minutes, and for twice as long as the last time if that ended
// less than a day ago.
func (f *floor) close(now int64) {
	if f.until != 0 && now-f.until >= longest.Microseconds() {
		f.closures = 0
	}
	span := min(shortest<<min(f.closures, 10), longest)
	f.closures++
	*f = floor{minute: f.minute, since: now/minute + 1, closed: true, until: now + span.Microseconds(), closures: f.closures}
}

func (f *floor) open() { f.closed, f.probed, f.lastProbeAt = false, 0, 0 }

func (f *floor) add(now int64) {
	f.roll(now)
	f.sends[f.minute%(ripe+1)]++
	if f.closed {
		f.probed++
		f.lastProbeAt = now
	}
}

// take takes a send back.
func (f *floor) take(at int64) {
	m := at / minute
	switch {
	case m < f.since || m > f.minute:
		return
	case f.minute-m > ripe:
		f.ripeSends = max(f.ripeSends-1, 0)
	case f.sends[m%(ripe+1)] > 0:
		f.sends[m%(ripe+1)]--
	}
	if f.closed {
		f.probed = max(f.probed-1, 0)
	}
}

// approve counts one approval of a send.
func (f *floor) approve(now, at int64) {
	f.roll(now)
	m := at / minute
	switch {
	case m < f.since || m > f.minute:
	case f.minute-m > ripe:
		f.ripeYes = min(f.ripeYes+1, f.ripeSends)
	default:
		i := m % (ripe + 1)
		f.yes[i] = min(f.yes[i]+1, f.sends[i])
	}
}

// end is when nothing of it matters any more.
func (f *floor) end() int64 {
	if f.until == 0 {
		return 0
	}
	return f.until + longest.Microseconds()
}
