package otp

import (
	"encoding/binary"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

const million = 1_000_000

// someKey scatters the bits of n as a hash does.
func someKey(n uint64) (k Key) {
	n++
	for i := range 2 {
		n ^= n >> 31
		n *= 0x9E3779B97F4A7C15
		n ^= n >> 29
		binary.LittleEndian.PutUint64(k[8*i:], n)
	}
	return k
}

func someMAC(n uint64) (m MAC) {
	m[0] = 1
	binary.LittleEndian.PutUint64(m[8:], n)
	return m
}

func someID(n uint64) (id ID) {
	binary.LittleEndian.PutUint64(id[:], n)
	binary.LittleEndian.PutUint64(id[8:], ^n)
	return id
}

// unlimited lets one benchmark run for as long as it likes.
func unlimited() Limits {
	return Limits{Sends: 5, Window: time.Nanosecond, Cooldown: []time.Duration{0}}.WithDefaults()
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// filled is a store with a million live codes.
func filled(b *testing.B) *MemoryStore {
	b.Helper()
	s := &MemoryStore{MaxEntries: 1 << 30}
	limits := Limits{}.WithDefaults()
	for n := range uint64(million) {
		if a, err := s.Issue(b.Context(), someKey(n), someID(n), someMAC(n), 10*time.Minute, limits); err != nil || a.Refused != Admitted {
			b.Fatal(a, err)
		}
	}
	return s
}

func BenchmarkMemoryStore(b *testing.B) {
	before := heap()
	s := filled(b)
	perEntry := float64(heap()-before) / million
	limits, free := Limits{}.WithDefaults(), unlimited()
	macs := []MAC{someMAC(1 << 50)}
	var turns atomic.Uint64

	run := func(name string, op func(k, id uint64)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(perEntry, "B/entry")
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				id := turns.Add(1) << 32
				for pb.Next() {
					id++
					op(id*someKeyStep%million, id)
				}
			})
		})
	}
	run("put again", func(k, id uint64) {
		_, _ = s.Issue(b.Context(), someKey(k), someID(id), someMAC(k), 10*time.Minute, free)
	})
	run("wrong attempt", func(k, id uint64) {
		_, _, _ = s.Attempt(b.Context(), someKey(k), someID(id), macs, limits)
	})
	run("life", func(k, id uint64) {
		_, _ = s.Issue(b.Context(), someKey(k), someID(id), someMAC(k), 10*time.Minute, free)
		_, _, _ = s.Attempt(b.Context(), someKey(k), someID(id+1<<60), []MAC{someMAC(k)}, limits)
	})
}

// BenchmarkNewPeople lets a million codes become more.
func BenchmarkNewPeople(b *testing.B) {
	s := filled(b)
	limits := Limits{}.WithDefaults()
	var turns atomic.Uint64
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		n := turns.Add(1) << 32
		for pb.Next() {
			n++
			_, _ = s.Issue(b.Context(), someKey(n), someID(n), someMAC(n), 10*time.Minute, limits)
		}
	})
}

// someKeyStep visits all keys once before any of them twice, far from each other.
const someKeyStep = 618_033_989
