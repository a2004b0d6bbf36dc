package totp

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// An index finds what a map finds, whatever was put and dropped before, and however
// many keys want one place.
func TestAnIndexFindsWhatAMapFinds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 11))
		spread := []int{2, 8, 64, 1 << 20}[seed%4] // of the bytes that say where to look
		var x index
		want := map[Key]int64{} // what its entry says
		said := func(k Key) int64 {
			if e := x.get(k); e != nil {
				require.Equal(t, k, e.key)
				return e.charged
			}
			return 0
		}
		for step := range int64(3000) {
			var k Key
			k[0], k[8], k[9], k[15] = byte(rng.IntN(3)), byte(rng.IntN(spread)), byte(rng.IntN(spread)>>8), byte(rng.IntN(2))
			switch {
			case want[k] == 0 && rng.IntN(3) > 0:
				want[k] = step + 1
				e := x.put(k)
				require.Equal(t, entry{}, *e, "of nobody before")
				e.key, e.charged = k, step+1
			case rng.IntN(2) == 0:
				x.drop(k)
				delete(want, k)
			}
			require.Equal(t, want[k], said(k))
			require.Equal(t, len(want), x.used)
		}
		for k := range want {
			require.Equal(t, want[k], said(k))
		}
		held := 0
		for e := range x.all() {
			require.Equal(t, want[e.key], e.charged)
			held++
		}
		require.Equal(t, len(want), held)
		require.LessOrEqual(t, 5*held, 4*len(x.marks))
		require.Len(t, x.entries, len(x.marks))
	}
}
