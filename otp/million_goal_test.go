//go:build !race

package otp_test

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/otp"
)

// A ticket is one of a million codes, each as random as hashes are.
func ticket(n uint64) (k otp.Key, id otp.ID, mac otp.MAC) {
	r := rand.NewPCG(n, 7)
	for _, b := range [][]byte{k[:8], k[8:], id[:8], id[8:], mac[:8], mac[8:16], mac[16:24], mac[24:]} {
		binary.LittleEndian.PutUint64(b, r.Uint64())
	}
	return k, id, mac
}

// A store of a million live codes takes at most 200 bytes for each, and keeps
// them all: a cache may forget, a store of codes may not.
func TestAMillionCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const million = 1_000_000
	store, limits := new(otp.MemoryStore), otp.Limits{}.WithDefaults()
	before, admitted, kept := inUse(), 0, 0
	for n := range uint64(million) {
		k, id, mac := ticket(n)
		if a, err := store.Issue(t.Context(), k, id, mac, 10*time.Minute, limits); err == nil && a.Refused == otp.Admitted {
			admitted++
		}
	}
	assert.Equal(t, million, admitted)
	assert.LessOrEqual(t, (inUse()-before)/million, 200.0, "bytes of the heap for each")

	for n := range uint64(million) {
		k, id, mac := ticket(n)
		id[0]++ // an attempt has an id of its own
		if v, _, err := store.Attempt(t.Context(), k, id, []otp.MAC{mac}, limits); err == nil && v == otp.Match {
			kept++
		}
	}
	assert.Equal(t, million, kept)
	runtime.KeepAlive(store)
}

// inUse is what the heap holds, in bytes.
func inUse() float64 {
	runtime.GC()
	runtime.GC() // what pools keep survives one collection
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
