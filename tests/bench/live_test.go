package bench

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
)

// million codes are live while local codes and the store of one process are
// measured.
const million = 1_000_000

var background = context.Background()

// turns numbers the calls of a store: each has an id of its own, since the answer
// to one that is made again is only repeated.
var turns atomic.Uint64

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

// somewhere visits each of the million once before any of them twice, far from
// each other.
func somewhere(n uint64) uint64 { return n * 618_033_989 % million }

// A crowd is a store with its million, and what they take.
type crowd struct {
	keys    []otp.Key
	store   *otp.MemoryStore
	entry   float64       // bytes of the heap
	collect time.Duration // one collection of it
	floor   func() *mapStore
}

var live = sync.OnceValues(func() (*crowd, error) {
	c := &crowd{keys: make([]otp.Key, million), store: new(otp.MemoryStore)}
	for n := range c.keys {
		c.keys[n] = key(uint64(n))
	}
	before := heap()
	limits := otp.Limits{}.WithDefaults()
	for n, k := range c.keys {
		if _, err := c.store.Issue(background, k, id(uint64(n)), mac(uint64(n)), 10*time.Minute, limits); err != nil {
			return nil, err
		}
	}
	c.entry = (heap() - before) / million
	began := time.Now()
	runtime.GC()
	c.collect = time.Since(began)
	c.floor = sync.OnceValue(func() *mapStore { return newMap(c) })
	return c, nil
})

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// crowded is the store with its million.
func crowded(b *testing.B) *crowd {
	c, err := live()
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (c *crowd) report(b *testing.B) {
	b.ReportMetric(c.entry, "B/entry")
	b.ReportMetric(float64(c.collect), "gc-ns")
}
