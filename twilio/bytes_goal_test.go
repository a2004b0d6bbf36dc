//go:build !race

package twilio_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// bytesPerRun is to bytes what testing.AllocsPerRun is to allocations.
func bytesPerRun(runs int, f func()) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(runs)
}

// The goal is 3.5 kB each, the answer included; careful net/http alone
// takes 4.2 kB and 3.1 kB, twilio-go 9.9 kB and 6.8 kB.
func TestCallsTakeLittleMemory(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	assert.LessOrEqual(t, bytesPerRun(1000, func() {
		if _, err := send.Send(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
	}), 3500.0, "Send")
	assert.LessOrEqual(t, bytesPerRun(1000, func() {
		if err := check.Check(t.Context(), phone, "123456"); err != nil {
			t.Fatal(err)
		}
	}), 3500.0, "Check")
}
