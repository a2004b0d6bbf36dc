package otp

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheLadderOfCooldowns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		l := Limits{Sends: 9, Window: time.Hour}
		for n, wait := range []time.Duration{30, 40, 60, 90, 120, 120, 120} {
			wait *= time.Second
			_, a := r.send(1, 1, l)
			require.Equal(t, Admission{Refused: Admitted, Wait: wait}, a, "send %d", n+1)

			_, a = r.send(1, 1, l)
			require.Equal(t, Admission{Refused: TooSoon, Wait: wait}, a)
			time.Sleep(wait - 1)
			_, a = r.send(1, 1, l)
			require.Equal(t, Admission{Refused: TooSoon, Wait: 1}, a, "a nanosecond early")
			time.Sleep(time.Nanosecond)
		}
	})
}

func TestFiveSendsInTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, start := newRig(t, 0), time.Now()
		for _, wait := range []time.Duration{30, 40, 60, 90} {
			r.mustSend(1, 1, Limits{})
			time.Sleep(wait * time.Second)
		}
		_, a := r.send(1, 1, Limits{})
		require.Equal(t, Admission{Refused: Admitted, Wait: 0}, Admission{Refused: a.Refused, Wait: 0})
		require.Equal(t, 10*time.Minute-time.Since(start), a.Wait, "until the first send leaves the window")
		time.Sleep(3 * time.Minute)
		_, a = r.send(1, 1, Limits{})
		require.Equal(t, Admission{Refused: TooMany, Wait: 10*time.Minute - time.Since(start)}, a)
		time.Sleep(a.Wait - 1)
		_, a = r.send(1, 1, Limits{})
		require.Equal(t, Admission{Refused: TooMany, Wait: 1}, a)
		time.Sleep(time.Nanosecond)
		_, a = r.send(1, 1, Limits{})
		require.Equal(t, Admitted, a.Refused)
		require.Equal(t, 120*time.Second, a.Wait, "the fifth of the window again: 30 s until a place, 120 s of cooldown")
		_, a = r.send(2, 1, Limits{})
		require.Equal(t, Admitted, a.Refused, "another key has a budget of its own")
	})
}

func TestTooManyWaitsForTheCooldownToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		l := Limits{Sends: 1, Window: time.Minute, Cooldown: []time.Duration{time.Hour}}
		r.mustSend(1, 1, l)
		_, a := r.send(1, 1, l)
		assert.Equal(t, Admission{Refused: TooMany, Wait: time.Hour}, a)
	})
}

func TestALongQueueOfSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		l := Limits{Sends: 40, Window: time.Hour, Cooldown: []time.Duration{0}}
		var ids []ID
		for range 40 {
			ids = append(ids, r.mustSend(1, 1, l))
			time.Sleep(time.Minute)
		}
		_, a := r.send(1, 1, l)
		require.Equal(t, Admission{Refused: TooMany, Wait: 20 * time.Minute}, a)

		require.NoError(t, r.Revoke(t.Context(), someKey(1), ids[3]))
		require.NoError(t, r.Revoke(t.Context(), someKey(1), ids[38]))
		require.Equal(t, Match, r.attempt(1, 1, l), "the code of the last send is alive")
		r.mustSend(1, 2, l)
		last := r.mustSend(1, 3, l)
		_, a = r.send(1, 1, l)
		require.Equal(t, TooMany, a.Refused)
		again, err := r.Issue(t.Context(), someKey(1), ids[0], someMAC(9), time.Minute, l)
		require.NoError(t, err)
		require.Equal(t, Admitted, again.Refused, "the first send, once more")
		require.NoError(t, r.Revoke(t.Context(), someKey(1), last))
		require.Equal(t, Wrong, r.attempt(1, 3, l))
		require.Equal(t, Match, r.attempt(1, 2, l), "the code that the last one replaced")

		time.Sleep(time.Hour)
		r.mustSend(1, 4, l)
		sh := r.shard(someKey(1))
		assert.Empty(t, sh.more, "a list was left behind")
		assert.EqualValues(t, 1, sh.slab.at(sh.slots.get(&sh.slab, someKey(1))).held)
	})
}

func TestSendsThatAreHeldAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		held := func(k uint64) int {
			sh := r.shard(someKey(k))
			return int(sh.slab.at(sh.slots.get(&sh.slab, someKey(k))).held)
		}
		l := Limits{Sends: 1 << 30, Cooldown: []time.Duration{0}}
		for range maxHeld {
			r.mustSend(1, 1, l)
		}
		_, a := r.send(1, 1, l)
		require.Equal(t, TooMany, a.Refused, "what cannot be counted is not admitted")

		l.Window = 1
		for range maxHeld + 10 {
			time.Sleep(time.Nanosecond)
			r.mustSend(2, 1, l)
		}
		last := r.mustSend(3, 1, l)
		assert.Equal(t, maxHeld, held(2))
		assert.Equal(t, 1, held(3))
		require.NoError(t, r.Revoke(t.Context(), someKey(3), last))
		require.Equal(t, Match, r.attempt(2, 1, l))
	})
}

func TestCodesExpire(t *testing.T) {
	t.Parallel()
	for name, ttl := range map[string]time.Duration{"ten minutes": 10 * time.Minute, "a second": time.Second, "a nanosecond": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 0)
				put := func(k uint64) {
					_, err := r.Issue(t.Context(), someKey(k), r.next(), someMAC(1), ttl, Limits{})
					require.NoError(t, err)
				}
				put(1)
				put(2)
				time.Sleep(ttl - 1)
				require.Equal(t, Match, r.attempt(1, 1, Limits{}))
				require.Equal(t, Wrong, r.attempt(2, 9, Limits{}))
				time.Sleep(time.Nanosecond)
				require.Equal(t, Gone, r.attempt(2, 1, Limits{}))
				require.Equal(t, Gone, r.attempt(2, 9, Limits{}))
			})
		})
	}
}

func TestFailuresAreRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		l := Limits{Failures: 3, Cooldown: []time.Duration{0}}
		day := 24 * time.Hour
		r.mustSend(1, 1, l)
		require.Equal(t, Wrong, r.attempt(1, 9, l))
		time.Sleep(time.Minute)
		require.Equal(t, Wrong, r.attempt(1, 9, l))
		time.Sleep(30*day - 1)
		_, a := r.send(1, 1, l)
		require.Equal(t, Admitted, a.Refused)
		require.Equal(t, Locked, r.attempt(1, 9, l), "the third failure, a month after the first and a nanosecond in time")
		require.Equal(t, Blocked, r.attempt(1, 1, l))
		_, a = r.send(1, 1, l)
		require.Equal(t, Admission{Refused: SendBlocked, Wait: 30 * day}, a)

		time.Sleep(30*day - 1)
		_, a = r.send(1, 1, l)
		require.Equal(t, Admission{Refused: SendBlocked, Wait: 1}, a)
		time.Sleep(time.Nanosecond)
		r.mustSend(1, 1, l)
		require.Equal(t, Match, r.attempt(1, 1, l))
	})
}

// TestAWindowOfAllTimeForgetsNothing: the longest Window there is counts each send
// for ever.
func TestAWindowOfAllTimeForgetsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		l := Limits{Sends: 1, Window: math.MaxInt64, Remember: math.MaxInt64}
		r.mustSend(1, 1, l)
		for k := range uint64(5000) {
			r.mustSend(2+k, 1, l)
		}
		_, a := r.send(1, 1, l)
		assert.Equal(t, TooMany, a.Refused)
		assert.Equal(t, Match, r.attempt(1, 1, l))
		time.Sleep(24 * time.Hour)
		_, a = r.send(1, 1, l)
		assert.Equal(t, TooMany, a.Refused)
	})
}
