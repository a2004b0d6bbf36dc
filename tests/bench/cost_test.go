package bench

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// measure measures op by so many callers at a time, with the processor time of
// this process beside the clock's: the machine may be shared.
func measure(b *testing.B, callers int, op func() error) {
	b.ReportAllocs()
	if callers == 1 {
		alone(b, op)
		return
	}
	b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	before := processor()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := op(); err != nil {
				b.Error(err)
				return
			}
		}
	})
	report(b, before)
}

func alone(b *testing.B, op func() error) {
	before := processor()
	for b.Loop() {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
	report(b, before)
}

func report(b *testing.B, before int64) {
	if used := processor() - before; used > 0 {
		b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
	}
}

// shuffled are the names of those compared, in an order drawn anew: none of them
// is always the first, nor always measured after the same one.
func shuffled[T any](all map[string]T) []string {
	names := slices.Sorted(maps.Keys(all))
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}
