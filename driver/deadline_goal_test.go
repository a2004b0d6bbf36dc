//go:build !race

package driver_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The time of each try stands on its context. Over a transport that net/http does
// not know, as ours is, an http.Client.Timeout would do the same for 18
// allocations and a goroutine a call. The application's own is taken over.
func TestDeadlinesAreCheap(t *testing.T) {
	var allocations float64
	var before, during int
	theirs := &http.Client{Timeout: time.Minute, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		during = runtime.NumGoroutine()
		_, limited := r.Context().Deadline()
		assert.True(t, limited, "each try has a deadline")
		allocations = testing.AllocsPerRun(1000, func() { // as a try makes its own
			ctx, cancel := context.WithDeadline(r.Context(), time.Now().Add(time.Second))
			_ = r.WithContext(ctx)
			cancel()
		})
		return say(200, accepted)(&double{}, r)
	})}
	c := newClient(t, "https://canary.example", theirs)
	for how, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"a context without an end": func(context.Context) (context.Context, context.CancelFunc) {
			return context.Background(), func() {}
		},
		"one that can be canceled": context.WithCancel,
		"one with a deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
	} {
		for name, k := range kinds() {
			t.Run(how+", "+name, func(t *testing.T) {
				ctx, cancel := end(t.Context())
				defer cancel()
				before = runtime.NumGoroutine()
				_, err := c.Do(ctx, k.call)
				require.NoError(t, err)
				assert.LessOrEqual(t, allocations, 6.0, "for a deadline")
				assert.LessOrEqual(t, during, before, "goroutines, of which a call needs none")
			})
		}
	}
}

// A caller's context that can end costs little more than one that cannot.
func TestContextsOfCallersAreCheap(t *testing.T) {
	c := newClient(t, "https://canary.example", &http.Client{Transport: newInstant(accepted)})
	call := kinds()["send"].call
	cost := func(ctx context.Context) float64 {
		return testing.AllocsPerRun(1000, func() {
			if _, err := c.Do(ctx, call); err != nil {
				t.Error(err)
			}
		})
	}
	none := cost(context.Background())
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	assert.LessOrEqual(t, cost(ctx)-none, 6.0)
}
