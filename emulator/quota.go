package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// A Quota counts uses of keys in the last Life: a vendor's limits on sends. Its zero
// value with a Life is ready. Hold your lock around Take, as for a [List].
type Quota[K comparable] struct {
	Life time.Duration

	uses List[K, time.Time]
}

// Take counts a use of every key and returns zero, unless one of them was used as
// often as its limit allows. Then it counts nothing and returns how long that one
// stays so.
func (q *Quota[K]) Take(now time.Time, limits map[K]int) (wait time.Duration) {
	q.uses.Life = q.Life
	for key, most := range limits {
		uses := q.uses.Get(now, key)
		switch {
		case len(uses) < most:
		case len(uses) == 0: // most is zero
			wait = q.Life
		default:
			wait = max(wait, uses[len(uses)-max(most, 1)].Add(q.Life).Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	for key := range limits {
		q.uses.Add(now, key, now)
	}
	return 0
}

// RetryAfter returns the header that tells a wait in seconds, rounded up.
func RetryAfter(wait time.Duration) http.Header {
	return http.Header{"Retry-After": {strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)}}
}
