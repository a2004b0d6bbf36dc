package main

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestALimiterTellsTheTruth asks at random times: no interval has more than it
// may, and who waits as long as was told, and no shorter, is admitted.
func TestALimiterTellsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 10
		l := newLimiter(most, time.Hour)
		var admitted []time.Time
		refused := 0
		for range 2000 {
			time.Sleep(rand.N(8 * time.Minute))
			wait := l.take("a")
			if wait > 0 {
				refused++
				require.LessOrEqual(t, wait, time.Hour)
				require.Equal(t, wait, l.wait("a"))
				time.Sleep(wait - 1)
				require.Equal(t, time.Duration(1), l.take("a"), "a moment before")
				time.Sleep(time.Nanosecond)
				require.Zero(t, l.take("a"), "as long as was told")
			}
			admitted = append(admitted, time.Now())
			if n := len(admitted); n > most {
				require.GreaterOrEqual(t, admitted[n-1].Sub(admitted[n-1-most]), time.Hour, "eleven in an hour")
			}
		}
		assert.Positive(t, refused)
	})
}

func TestALimiterCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(3, time.Minute)
		for range 3 {
			assert.Zero(t, l.take("a"))
		}
		assert.Equal(t, time.Minute, l.take("a"))
		assert.Zero(t, l.take("b"), "another key")
		l.give("a")
		l.give("a")
		l.give("never taken")
		assert.Zero(t, l.take("a"))
		assert.Zero(t, l.take("a"))
		assert.Positive(t, l.take("a"), "two were given back")
		time.Sleep(time.Hour)
		assert.Zero(t, l.take("c"))
		assert.Len(t, l.admitted, 1, "it forgets by itself")
	})
}

// TestOneNoCountsNothing has several limiters asked at once: what is refused was
// not counted anywhere, and the wait is that of the slowest.
func TestOneNoCountsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		minute, hour := newLimiter(2, time.Minute), newLimiter(1, time.Hour)
		all := []count{{minute, "a"}, {hour, "a"}}
		require.Zero(t, takeAll(all...))
		for range 9 {
			require.Equal(t, time.Hour, takeAll(all...))
		}
		assert.Zero(t, minute.take("a"), "nine refusals took nothing")
		assert.Equal(t, time.Hour, takeAll(all...), "both are full: the minute is not what to wait")
	})
}

// TestWhoIsOvertakenGivesBack asks the last one twice, as two requests at once do.
func TestWhoIsOvertakenGivesBack(t *testing.T) {
	last := newLimiter(1, time.Hour)
	assert.Positive(t, takeAll(count{last, "a"}, count{last, "a"}))
	assert.Zero(t, last.take("a"), "the first half was given back")
}

func TestALimiterThatIsFullSaysNo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, time.Hour)
		l.take("first")
		time.Sleep(time.Minute)
		for i := range maxKeys {
			l.take(strconv.Itoa(i))
		}
		assert.Len(t, l.admitted, maxKeys)
		assert.Equal(t, 59*time.Minute, l.take("one more"), "until the first is over")
		time.Sleep(59 * time.Minute)
		assert.Zero(t, l.take("one more"))
		assert.Equal(t, time.Minute, l.take("and another"))
	})
}

func TestALimiterUnderAStorm(t *testing.T) {
	l := newLimiter(10, time.Hour)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if l.take("a") == 0 {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(10), taken.Load())
}
