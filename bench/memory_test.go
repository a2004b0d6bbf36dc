package bench

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
)

const million = 1_000_000

func key(n uint64) (k otp.Key) {
	r := rand.NewPCG(n, 1)
	binary.LittleEndian.PutUint64(k[:8], r.Uint64())
	binary.LittleEndian.PutUint64(k[8:], r.Uint64())
	return k
}

func mac(n uint64) (m otp.MAC) {
	m[0] = 1
	binary.LittleEndian.PutUint64(m[8:], n)
	return m
}

func id(n uint64) (i otp.ID) {
	binary.LittleEndian.PutUint64(i[:8], n)
	binary.LittleEndian.PutUint64(i[8:], ^n)
	return i
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemoryStore makes operations in parallel among a million live codes,
// and tells what each entry takes: at most 300 ns and 200 B.
func BenchmarkMemoryStore(b *testing.B) {
	keys := make([]otp.Key, million)
	for n := range keys {
		keys[n] = key(uint64(n))
	}
	before := heap()
	store := new(otp.MemoryStore)
	limits := otp.Limits{}.WithDefaults()
	for n, k := range keys {
		if a, err := store.Put(b.Context(), k, id(uint64(n)), mac(uint64(n)), 10*time.Minute, limits); err != nil || a.Refused != otp.Admitted {
			b.Fatal(a, err)
		}
	}
	entry := float64(heap()-before) / million
	free := otp.Limits{Sends: 5, Window: time.Nanosecond, Cooldown: []time.Duration{0}}.WithDefaults()
	wrong := []otp.MAC{mac(1 << 50)}

	var turns atomic.Uint64
	for name, op := range map[string]func(k otp.Key, n uint64){
		"Put": func(k otp.Key, n uint64) {
			_, _ = store.Put(b.Context(), k, id(n), mac(n), 10*time.Minute, free)
		},
		"Redeem": func(k otp.Key, n uint64) {
			_, _, _ = store.Redeem(b.Context(), k, id(n), wrong, limits)
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(entry, "B/entry")
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				n := turns.Add(1) << 32
				for pb.Next() {
					n++
					op(keys[n*618_033_989%million], n)
				}
			})
		})
	}
	runtime.KeepAlive(keys)
}
