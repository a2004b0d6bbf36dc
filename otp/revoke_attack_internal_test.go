package otp

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Sends that are taken back bring codes back, and never more attempts on one than
// Limits has, one that was approved, or one that is over: whatever is sent, taken
// back and attempted in between, in any order.
func TestRevokeGivesNobodyMoreAttempts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			dice, k := rand.New(rand.NewPCG(seed, 3)), Key{1}
			limits := Limits{Attempts: 1 + dice.IntN(5), Sends: 1000, Cooldown: []time.Duration{0}, Window: time.Second}
			var s MemoryStore
			compared, expires, approved := map[MAC]int{}, map[MAC]time.Time{}, map[MAC]bool{}
			var ids []ID
			for n := range 300 {
				now := func() (e entry) {
					if i := s.shard(k).slots.get(&s.shard(k).slab, k); i != none {
						e = *s.shard(k).slab.at(i)
					}
					return e
				}
				before, live := now(), now().mac
				id := ID{byte(n), byte(n >> 8), 7, byte(seed)}
				switch dice.IntN(8) {
				case 0, 1:
					mac, ttl := MAC{byte(n), byte(n >> 8), 1}, time.Duration(1+dice.IntN(300))*time.Second
					a, err := s.Issue(t.Context(), k, id, mac, ttl, limits)
					require.NoError(t, err)
					if a.Refused == Admitted {
						ids, expires[mac] = append(ids, id), time.Now().Add(ttl)
					}
				case 2, 3:
					if len(ids) > 0 {
						require.NoError(t, s.Revoke(t.Context(), k, ids[max(0, len(ids)-1-dice.IntN(4))]))
					}
				case 4:
					time.Sleep(time.Duration(dice.IntN(40)) * time.Second) // of the bubble
				default:
					typed := MAC{0xff}
					if dice.IntN(20) == 0 {
						typed = live
					}
					v, _, err := s.Attempt(t.Context(), k, id, []MAC{typed}, limits)
					require.NoError(t, err)
					if v == Wrong || v == Match || v == Locked && now().failures > before.failures {
						compared[live]++
						require.LessOrEqual(t, compared[live], limits.Attempts, "seed %d, call %d", seed, n)
						require.True(t, time.Now().Before(expires[live]), "seed %d, call %d: a code that is over", seed, n)
						require.False(t, approved[live], "seed %d, call %d: a code that was approved", seed, n)
					}
					approved[live] = approved[live] || v == Match
				}
			}
		})
	}
}
