package observe_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/observe"
)

// hanging answers a Put, and from a moment on no Advance.
type hanging struct {
	observe.MemorySends
	hangs bool
}

func (h *hanging) Advance(ctx context.Context, key [16]byte, stage int) (observe.Sent, observe.Progress, error) {
	if h.hangs {
		<-ctx.Done()
		return observe.Sent{}, 0, ctx.Err()
	}
	return h.MemorySends.Advance(ctx, key, stage)
}

// Three reports came before the answer to their Send, which has them joined.
func TestAStoreThatHangsCostsASend100Milliseconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, told := new(hanging), make(chan observe.Event, 3)
		d, err := observe.NewDeliveries(observe.DeliveriesConfig{Sends: h, Key: make([]byte, 32)}, func(_ context.Context, e observe.Event) { told <- e })
		require.NoError(t, err)
		for _, status := range []delivery.Status{delivery.Accepted, delivery.Sent, delivery.Delivered} {
			require.NoError(t, d.Report(t.Context(), delivery.Event{Vendor: "twilio", ID: "SM1", Status: status}))
		}
		h.hangs = true
		began := time.Now()
		got, err := observe.New(scripted{receipt: receipt}, d.Observe).Send(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, receipt, got)
		assert.Equal(t, 100*time.Millisecond, time.Since(began))
		require.Len(t, told, 3)
		for range 3 {
			assert.True(t, (<-told).Unmatched)
		}
	})
}
