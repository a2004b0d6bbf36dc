package twiliotest

import "time"

// fetchLimits are how often one verification may be fetched. Twilio's 250 a day
// are out of reach of one that lives ten minutes.
var fetchLimits = []struct {
	max int
	in  time.Duration
}{
	{60, time.Minute},
	{180, time.Hour},
}

// A limit counts what was sent with one value of a programmable rate limit.
type limit struct{ service, name, value string }

// A tally holds the instants of events, the oldest first.
type tally []time.Time

// in returns those within the last d.
func (t tally) in(d time.Duration, now time.Time) tally {
	for len(t) > 0 && !t[0].After(now.Add(-d)) {
		t = t[1:]
	}
	return t
}

// fetchable charges a fetch, or refuses it.
func (v *verification) fetchable(now time.Time) *failure {
	for _, l := range fetchLimits {
		if len(v.fetches.in(l.in, now)) >= l.max {
			return tooMany(20429)
		}
	}
	v.fetches = append(v.fetches, now)
	return nil
}

// charge counts a send with these limits, or refuses it and counts nothing.
func (s *state) charge(limits map[limit]int, now time.Time) *failure {
	for l, most := range limits {
		if t := s.limits[l].in(life, now); len(t) >= most {
			f := tooMany(20429)
			f.retryAfter = life
			if most > 0 {
				f.retryAfter = t[0].Add(life).Sub(now)
			}
			return f
		}
	}

	if s.limits == nil {
		s.limits = map[limit]tally{}
	}
	for l := range limits {
		s.limits[l] = append(s.limits[l].in(life, now), now)
	}
	return nil
}
