package failover_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A warmer counts how often it is warmed. Its sends fail if it is down.
type warmer struct {
	probed
	warmed atomic.Int32
	down   bool
	err    error
}

func (w *warmer) Warm(context.Context) error {
	w.warmed.Add(1)
	return w.err
}

func (w *warmer) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	if w.down {
		return verify.Receipt{}, &verify.Error{Vendor: w.vendor, Op: "send", Outcome: verify.ErrUnavailable}
	}
	return verify.Receipt{Vendor: w.vendor, Channel: verify.ChannelSMS}, nil
}

func newWarmer(name string) *warmer { return &warmer{probed: probed{vendor: name}} }

// Warm reaches the backend that each route asks first, once, and through what
// wraps it.
func TestWarmReachesTheFirstOfEachRoute(t *testing.T) {
	t.Parallel()
	a, b, c := newWarmer("a"), newWarmer("b"), newWarmer("c")
	v, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Verifier: wrapped{a}}, {Verifier: b}, {Verifier: c}, {Name: "d", Verifier: unprobed{newWarmer("d")}}},
		Routes:   map[string][]string{"45": {"c"}, "46": {"c"}, "47": {"a", "b"}, "48": {"d"}},
	})
	require.NoError(t, err)
	w, ok := verify.As[verify.Warmer](wrapped{v})
	require.True(t, ok)
	require.NoError(t, w.Warm(t.Context()))
	assert.Equal(t, []int32{1, 0, 1}, []int32{a.warmed.Load(), b.warmed.Load(), c.warmed.Load()})

	a.err = &verify.Error{Vendor: "a", Op: "warm", Outcome: verify.ErrUnavailable}
	assert.Equal(t, a.err, w.Warm(t.Context()))
	assert.Equal(t, int32(2), c.warmed.Load(), "an error keeps no other backend cold")
}

// A backend whose breaker is open stays cold: the next one is warmed. Warm in vain
// opens no breaker.
func TestWarmGoesWhereASendWould(t *testing.T) {
	t.Parallel()
	a, b := newWarmer("a"), newWarmer("b")
	a.err = &verify.Error{Vendor: "a", Op: "warm", Outcome: verify.ErrUnavailable}
	v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}})
	require.NoError(t, err)
	for range 30 {
		require.Error(t, v.Warm(t.Context()))
	}
	assert.Zero(t, b.warmed.Load())
	a.down = true
	for i := range 10 {
		_, err := v.Send(t.Context(), "+1500555000"+string(rune('0'+i)))
		require.NoError(t, err)
	}
	require.NoError(t, v.Warm(t.Context()))
	assert.Equal(t, int32(30), a.warmed.Load())
	assert.Equal(t, int32(1), b.warmed.Load())
}
