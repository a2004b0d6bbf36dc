package otp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// indexed drives an index and a map with the same steps, and compares them. Each
// step is a key and whether to remove it; few keys make long runs of neighbours.
func indexed(t testing.TB, steps []uint16, spread func(uint16) Key) {
	t.Helper()
	var x index
	var s slab
	want := map[Key]uint32{}
	for _, step := range steps {
		k := spread(step >> 1)
		if have := x.get(&s, k); have != want[k] {
			t.Fatalf("%x is at %d, not %d", k, want[k], have)
		}
		slot, known := want[k]
		switch {
		case step&1 == 1 && known:
			x.remove(&s, k)
			s.give(slot)
			delete(want, k)
		case step&1 == 0 && !known:
			want[k] = s.take()
			s.at(want[k]).key = k
			x.put(&s, k, want[k])
		}
	}
	if x.used != len(want) {
		t.Fatalf("%d are counted, not %d", x.used, len(want))
	}
	for k, slot := range want {
		if have := x.get(&s, k); have != slot {
			t.Fatalf("%x is at %d, not %d", k, slot, have)
		}
	}
}

func scattered(n uint16) Key { return someKey(uint64(n)) }

// crowded keys share their upper hash bits in large groups, so that they stand
// in each other's places.
func crowded(n uint16) (k Key) {
	binary.LittleEndian.PutUint64(k[:], uint64(n%512)<<20)
	return k
}

// twins are different keys of one tag, in one place.
func twins(n uint16) (k Key) {
	const golden = 0x9E3779B97F4A7C15
	inverse := uint64(golden)
	for range 5 { // Newton's iteration doubles the bits that are right
		inverse *= 2 - golden*inverse
	}
	binary.LittleEndian.PutUint64(k[:], (7<<32+uint64(n%64))*inverse)
	return k
}

func TestTwinsAreTwins(t *testing.T) {
	t.Parallel()
	require.Equal(t, tagOf(twins(1)), tagOf(twins(2)))
	require.NotEqual(t, twins(1), twins(2))
}

// TestKeysSpread: an index whose keys stand far from home is slow, and nothing
// else would tell.
func TestKeysSpread(t *testing.T) {
	t.Parallel()
	var x index
	var s slab
	const n = 12_000
	for i := range uint64(n) {
		slot := s.take()
		s.at(slot).key = someKey(i)
		x.put(&s, someKey(i), slot)
	}
	steps := uint32(0)
	for place, r := range x.refs {
		if r.slot != none {
			steps += x.distance(x.home(r.tag), uint32(place))
		}
	}
	require.Less(t, steps, uint32(2*n))
	require.LessOrEqual(t, len(x.refs), 1<<14)
}

func TestIndexAgainstAMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(atLength(1000, 50, 5)) {
		r := rand.New(rand.NewPCG(seed, 1))
		steps := make([]uint16, 20_000)
		keys := 1 + r.IntN(2000)
		for i := range steps {
			steps[i] = uint16(r.IntN(2 * keys))
		}
		indexed(t, steps, scattered)
		indexed(t, steps, crowded)
		indexed(t, steps, twins)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte{0, 0, 2, 0, 4, 0, 3, 0, 1, 0})
	f.Add([]byte{0, 0, 0, 2, 0, 4, 0, 6, 0, 8, 0, 10, 0, 12, 0, 3, 0, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		steps := make([]uint16, len(b)/2)
		for i := range steps {
			steps[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		indexed(t, steps, scattered)
		indexed(t, steps, crowded)
		indexed(t, steps, twins)
	})
}
