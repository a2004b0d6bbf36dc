package stress

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A toxic is what toxiproxy does to every connection, or "down" for none at all.
type toxic struct {
	name, stream string
	attributes   toxics.Attributes
}

// rotation are all toxics that toxiproxy 2.5.0 has, after fair weather.
var rotation = []toxic{
	{},
	{"latency", "downstream", toxics.Attributes{"latency": 30, "jitter": 30}},
	{"latency", "upstream", toxics.Attributes{"latency": 120}},
	{"bandwidth", "downstream", toxics.Attributes{"rate": 1}},
	{"slow_close", "downstream", toxics.Attributes{"delay": 50}},
	{"timeout", "downstream", toxics.Attributes{"timeout": 20}},
	{"timeout", "upstream", toxics.Attributes{"timeout": 0}},
	{"slicer", "downstream", toxics.Attributes{"average_size": 16, "size_variation": 8, "delay": 100}},
	{"limit_data", "downstream", toxics.Attributes{"bytes": 100}},
	{"limit_data", "upstream", toxics.Attributes{"bytes": 100}},
	{"reset_peer", "downstream", toxics.Attributes{"timeout": 0}},
	{"reset_peer", "upstream", toxics.Attributes{"timeout": 5}},
	{"down", "", nil},
}

// soakPatience is for calls in bad weather: those in fair weather end before.
const soakPatience = 100 * time.Millisecond

// suffer has many log in at each vendor in one weather.
func (b *bath) suffer(u *tub) {
	limit := soakPatience
	if u.name == "" {
		limit = patience
	}
	var all sync.WaitGroup
	for i, v := range u.clients {
		for n := range size(4, 16) { // at once, at each vendor
			all.Go(func() { b.flow(v, b.swaps[i], phone(n), limit) })
		}
	}
	all.Wait()
}

// flow sends, checks what arrived, and a wrong code.
func (b *bath) flow(v verify.Verifier, s *swap, to string, limit time.Duration) {
	call := func(do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(b.t.Context(), limit)
		defer cancel()
		began := time.Now()
		err := do(ctx)
		b.calls.Add(1)
		if time.Since(began) > limit+overdue {
			b.late.Add(1)
		}
		return err
	}
	_ = call(func(ctx context.Context) error {
		_, err := v.Send(ctx, to)
		return err
	})
	code := s.post.Load().take(to)
	if code == "" {
		return
	}
	err := call(func(ctx context.Context) error { return v.Check(ctx, to, wrong(code)) })
	assert.Error(b.t, err, "a wrong code")
	if call(func(ctx context.Context) error { return v.Check(ctx, to, code) }) == nil {
		b.yes.Add(1)
	}
}

// A sample is what a process holds in a quiet moment.
type sample struct{ goroutines, files, heap float64 }

// quiet lets everything go that can go, and looks at what stays.
func (b *bath) quiet() sample {
	for _, c := range b.closers {
		require.NoError(b.t, c.Close())
	}
	for _, u := range b.tubs {
		u.fill(b.t)
	}
	for i, s := range b.swaps {
		b.servers[i].CloseClientConnections() // those that a proxy has forgotten to
		s.renew()
	}
	// go-redis leaves a connection whose context ends too early to the collector.
	runtime.GC()
	s, same := sample{}, 0
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 300 { // until nothing changes any more
		now := sample{goroutines: float64(runtime.NumGoroutine()), files: float64(openFiles())}
		if same++; now != s {
			s, same = now, 0
		}
		if same == 20 {
			break
		}
		<-tick.C
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.heap = float64(m.HeapAlloc)
	return s
}

// TestSoak rotates toxics for as long as -soak says.
func TestSoak(t *testing.T) {
	b := newBath(t, proxyServer(t))
	b.suffer(b.tubs[0]) // what is made once is made
	b.quiet()
	var samples []sample
	began := time.Now()
	for rounds := 0; rounds < size(1, 2) || time.Since(began) < *soak; rounds++ {
		for _, u := range b.tubs {
			b.suffer(u)
		}
		samples = append(samples, b.quiet())
	}
	took := time.Since(began)
	assert.Positive(t, b.yes.Load())
	figures := ""
	for name, of := range map[string]func(sample) float64{
		"goroutines": func(s sample) float64 { return s.goroutines },
		"files":      func(s sample) float64 { return s.files },
		"heap":       func(s sample) float64 { return s.heap },
	} {
		first, last := thirds(samples, of)
		grown := (last - first) / first * 100
		if len(samples) >= 12 && last-first >= 1 { // fewer samples tell nothing, and so does less than one of anything
			assert.LessOrEqual(t, grown, 2.0, name)
		}
		figures += fmt.Sprintf(" %s %.0f to %.0f (%+.2f %%),", name, first, last, grown)
	}
	figure(t, "soak: %s, %v calls, %v approvals, %v rounds of %v toxics, %v calls ended 100 ms after their deadline; from the second third to the last:%s",
		took.Round(time.Second), int(b.calls.Load()), int(b.yes.Load()), len(samples), len(rotation), int(b.late.Load()), figures[:len(figures)-1])
}

// thirds are the means of the second third and of the last one.
func thirds(samples []sample, of func(sample) float64) (second, last float64) {
	n := max(len(samples)/3, 1)
	for i := range n {
		last += of(samples[len(samples)-1-i]) / float64(n)
		second += of(samples[max(len(samples)-1-n-i, 0)]) / float64(n)
	}
	return second, last
}
