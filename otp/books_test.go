package otp

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheBooksOfAMemoryStore does everything at random, and then looks whether
// lists, index, slab and counts agree with each other.
func TestTheBooksOfAMemoryStore(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, 50)
			entropy := rand.New(rand.NewPCG(seed, 2))
			l := Limits{Sends: 8, Failures: 6, Remember: 24 * time.Hour, Cooldown: []time.Duration{0, time.Second}}
			var ids []ID
			var keys []uint64
			for range 5000 {
				k := entropy.Uint64N(80)
				switch entropy.IntN(12) {
				case 0, 1, 2, 3:
					id, _ := r.send(k, 1, l)
					ids, keys = append(ids, id), append(keys, k)
				case 4, 5, 6:
					r.attempt(k, 1+entropy.Uint64N(2), l)
				case 7:
					if len(ids) > 0 {
						i := max(0, len(ids)-1-entropy.IntN(8))
						require.NoError(t, r.Revoke(t.Context(), someKey(keys[i]), ids[i]))
					}
				case 8:
					if entropy.IntN(10) == 0 {
						require.NoError(t, r.Reset(t.Context(), someKey(k)))
					}
				case 9, 10:
					time.Sleep(time.Duration(entropy.IntN(20)) * time.Second)
				case 11:
					if entropy.IntN(100) == 0 {
						time.Sleep(time.Duration(entropy.IntN(48)) * time.Hour)
					}
				}
			}
			requireBooks(t, r.MemoryStore)
		})
	}
}

func requireBooks(t *testing.T, s *MemoryStore) {
	t.Helper()
	total := 0
	for i := range s.shards {
		sh := &s.shards[i]
		free := 0
		for slot := sh.slab.free; slot != none; slot = sh.slab.at(slot).next {
			free++
		}
		linked := requireList(t, sh, sh.sent, false) + requireList(t, sh, sh.failed, true)
		require.Equal(t, int(sh.slab.used), free+linked, "slots are lost")
		require.Equal(t, linked, sh.slots.used)
		for slot, sends := range sh.more {
			e := sh.slab.at(slot)
			require.Greater(t, len(sends), inlineSends)
			require.Len(t, sends, int(e.held))
			require.Equal(t, sends[len(sends)-inlineSends:], e.sends[:], "the newest stand in the entry too")
		}
		total += linked
	}
	require.EqualValues(t, total, s.entries.Load())
}

func requireList(t *testing.T, sh *shard, l list, aside bool) (n int) {
	t.Helper()
	before := uint32(none)
	for i := l.head; i != none; i = sh.slab.at(i).next {
		e := sh.slab.at(i)
		require.Equal(t, before, e.prev)
		require.Equal(t, aside, e.aside)
		require.Equal(t, i, sh.slots.get(&sh.slab, e.key))
		require.LessOrEqual(t, int(e.live), int(e.held))
		before = i
		n++
	}
	require.Equal(t, before, l.tail)
	return n
}
