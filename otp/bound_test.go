package otp

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFullStoreRefusesRatherThanForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const room = 100
		r := newRig(t, room)
		for k := range uint64(room) {
			r.mustSend(k, k, Limits{})
			time.Sleep(time.Second)
		}
		_, a := r.send(1000, 1, Limits{})
		require.Equal(t, Admission{Refused: Full}, a)
		require.EqualValues(t, room, r.entries.Load())
		require.Equal(t, Gone, r.attempt(1000, 1, Limits{}), "a refused Issue left a code behind")
		_, a = r.send(7, 77, Limits{})
		require.Equal(t, Admitted, a.Refused, "who is in it is served")
		for k := range uint64(room) {
			want := k
			if k == 7 {
				want = 77
			}
			require.Equal(t, Match, r.attempt(k, want, Limits{}), "key %d was forgotten", k)
		}
	})
}

func TestAFullStoreDropsTheOldestThatIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3)
		has := func(k uint64) bool {
			sh := r.shard(someKey(k))
			return sh.slots.get(&sh.slab, someKey(k)) != none
		}
		r.mustSend(1, 1, Limits{})
		time.Sleep(time.Minute)
		r.mustSend(2, 1, Limits{})
		time.Sleep(time.Minute)
		r.mustSend(3, 1, Limits{})
		require.Equal(t, Match, r.attempt(3, 1, Limits{}), "a code that was used is no reason to forget its send")

		time.Sleep(8*time.Minute - 1)
		_, a := r.send(4, 1, Limits{})
		require.Equal(t, Full, a.Refused, "the first send still counts for a nanosecond")
		time.Sleep(time.Nanosecond)
		r.mustSend(4, 1, Limits{})
		require.False(t, has(1))
		_, a = r.send(5, 1, Limits{})
		require.Equal(t, Full, a.Refused, "there was one to drop, and no more")

		time.Sleep(2 * time.Minute)
		r.mustSend(5, 1, Limits{})
		require.False(t, has(2), "the oldest goes first")
		require.True(t, has(3))
		require.EqualValues(t, 3, r.entries.Load())
	})
}

func TestFailuresAreKeptWhenSendsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		l := Limits{Failures: 2}
		day := 24 * time.Hour
		r.mustSend(1, 1, l)
		require.Equal(t, Wrong, r.attempt(1, 9, l))
		r.mustSend(2, 1, l)
		time.Sleep(20 * time.Minute)
		r.mustSend(3, 1, l)
		_, a := r.send(4, 1, l)
		require.Equal(t, Full, a.Refused)
		time.Sleep(day)
		r.mustSend(4, 1, l)

		r.mustSend(1, 1, l)
		require.Equal(t, Locked, r.attempt(1, 9, l), "the failure of the day before was forgotten")
		time.Sleep(30*day - 1)
		_, a = r.send(5, 1, l)
		require.Equal(t, Admitted, a.Refused)
		_, a = r.send(6, 1, l)
		require.Equal(t, Full, a.Refused, "failures are kept a month")
		time.Sleep(time.Nanosecond)
		_, a = r.send(6, 1, l)
		require.Equal(t, Admitted, a.Refused)
	})
}

func TestAnApprovalIsRememberedThoughItsSendIsNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.mustSend(1, 1, Limits{})
		time.Sleep(10*time.Minute - 1)
		id := r.next()
		attempt := func() Verdict {
			v, _, err := r.Attempt(t.Context(), someKey(1), id, []MAC{someMAC(1)}, Limits{})
			require.NoError(t, err)
			return v
		}
		require.Equal(t, Match, attempt())
		time.Sleep(2 * time.Minute)
		_, a := r.send(2, 1, Limits{})
		require.Equal(t, Full, a.Refused)
		require.Equal(t, Match, attempt(), "the reply was lost, two minutes ago")
		time.Sleep(time.Nanosecond)
		r.mustSend(2, 1, Limits{})
		require.Equal(t, Gone, attempt())
	})
}

func TestAnApprovalIsRememberedThoughItsSendIsRevoked(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	put := r.mustSend(1, 1, Limits{})
	id := r.next()
	for range 2 {
		v, _, err := r.Attempt(t.Context(), someKey(1), id, []MAC{someMAC(1)}, Limits{})
		require.NoError(t, err)
		require.Equal(t, Match, v)
		require.NoError(t, r.Revoke(t.Context(), someKey(1), put))
	}
}

// TestAStoreDoesNotGrowWhilePeopleComeAndGo: room is given back long before the
// store is full.
func TestAStoreDoesNotGrowWhilePeopleComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		for k := range uint64(20_000) {
			r.mustSend(k, 1, Limits{})
			if k%3 == 0 {
				require.Equal(t, Match, r.attempt(k, 1, Limits{}))
			}
			time.Sleep(time.Second)
		}
		assert.Less(t, r.entries.Load(), int64(1000), "600 people in ten minutes")
		slots := uint32(0)
		for i := range r.shards {
			slots += r.shards[i].slab.used
			assert.LessOrEqual(t, r.shards[i].answers.held(), 20)
		}
		assert.Less(t, slots, uint32(1200), "slots are used again")
	})
}

// TestManyWithFailuresDoNotHideOneThatIsFree: a call puts a bounded number of
// entries aside, and the next one goes on from there.
func TestManyWithFailuresDoNotHideOneThatIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const failing = 3 * maxSteps
		r := newRig(t, failing+1)
		inShard := keysOfShard(r.MemoryStore, 0, failing+2)
		for _, k := range inShard[:failing] {
			r.mustSend(k, 1, Limits{})
			require.Equal(t, Wrong, r.attempt(k, 2, Limits{}))
		}
		r.mustSend(inShard[failing], 1, Limits{})
		time.Sleep(10 * time.Minute)
		refusals := 0
		for {
			_, a := r.send(inShard[failing+1], 1, Limits{})
			if a.Refused == Admitted {
				break
			}
			require.Equal(t, Full, a.Refused)
			refusals++
			require.Less(t, refusals, 5)
		}
		require.EqualValues(t, failing+1, r.entries.Load())
		time.Sleep(10 * time.Minute)
		_, a := r.send(inShard[failing], 1, Limits{})
		require.Equal(t, Admitted, a.Refused, "those that were put aside are in the way again")
		for _, k := range inShard[:failing] {
			require.EqualValues(t, 1, r.shard(someKey(k)).slab.at(r.shard(someKey(k)).slots.get(&r.shard(someKey(k)).slab, someKey(k))).failures)
		}
	})
}

// TestTheOldestOfAllShardsGoesFirst: one is kept for its send, the other for its
// failure, and the one that has been free for longer goes.
func TestTheOldestOfAllShardsGoesFirst(t *testing.T) {
	t.Parallel()
	month := 30 * 24 * time.Hour
	for name, tt := range map[string]struct {
		sendAt  time.Duration // after the failure
		dropped int
	}{
		"the send":                    {month - time.Hour, 1},
		"the failure":                 {month - 5*time.Minute, 0},
		"the send, of long ago":       {time.Hour, 1},
		"the failure, a moment older": {month - 10*time.Minute + time.Second, 0},
		"the send, a moment older":    {month - 10*time.Minute - time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 2)
				keys := []uint64{keysOfShard(r.MemoryStore, 0, 1)[0], keysOfShard(r.MemoryStore, 1, 1)[0], keysOfShard(r.MemoryStore, 2, 1)[0]}
				r.mustSend(keys[0], 1, Limits{})
				require.Equal(t, Wrong, r.attempt(keys[0], 2, Limits{}))
				time.Sleep(20 * time.Minute)
				require.False(t, r.makeRoom(), "the failure is put aside")
				time.Sleep(tt.sendAt - 20*time.Minute)
				r.mustSend(keys[1], 1, Limits{})
				time.Sleep(time.Hour + month - tt.sendAt)
				r.mustSend(keys[2], 1, Limits{})
				for i, k := range keys[:2] {
					sh := r.shard(someKey(k))
					require.Equal(t, i == tt.dropped, sh.slots.get(&sh.slab, someKey(k)) == none, "key %d", i)
				}
			})
		})
	}
}

func keysOfShard(s *MemoryStore, shard, n int) (keys []uint64) {
	for k := uint64(0); len(keys) < n; k++ {
		if s.shard(someKey(k)) == &s.shards[shard] {
			keys = append(keys, k)
		}
	}
	return keys
}
