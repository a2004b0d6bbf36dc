package stress

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A meter is a Messenger that notes when messages leave.
type meter struct {
	mu sync.Mutex
	at []time.Time
}

// Deliver implements otp.Messenger.
func (m *meter) Deliver(context.Context, otp.Message) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = append(m.at, time.Now())
	return "", nil
}

// Capabilities implements otp.Messenger.
func (*meter) Capabilities() verify.Capabilities { return new(desk).Capabilities() }

// most is how many messages left within any span of time.
func (m *meter) most(span time.Duration) (most int) {
	from := 0
	for i, at := range m.at {
		for at.Sub(m.at[from]) >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// TestOneNumber presses the button ten thousand times in a day.
func TestOneNumber(t *testing.T) {
	n := size(1000, 10_000)
	synctest.Test(t, func(t *testing.T) {
		m := new(meter)
		e, err := newEngine(m, nil)
		require.NoError(t, err)
		began, rng := time.Now(), rand.New(rand.NewPCG(*seed, 12))
		refused := 0
		for range n {
			_, err := e.Send(t.Context(), asker)
			if err != nil {
				require.ErrorIs(t, err, verify.ErrTooManySends)
				refused++
			}
			time.Sleep(time.Duration(rng.Int64N(int64(17 * time.Second))))
		}
		most := m.most(10 * time.Minute)
		assert.LessOrEqual(t, most, 5)
		assert.Equal(t, n, refused+len(m.at))
		figure(t, "one number memory: %v sends to one number over %s: %v left, at most %v within any 10 minutes",
			n, time.Since(began).Round(time.Minute), len(m.at), most)
	})
}

// TestOneNumberAtOnce presses it from everywhere at the same moment.
func TestOneNumberAtOnce(t *testing.T) {
	n := size(500, 10_000)
	store, _ := redisStore(t)
	m := new(meter)
	e, err := newEngine(m, store)
	require.NoError(t, err)
	var refused atomic.Int64
	storm(256, n, func(int) {
		if _, err := e.Send(t.Context(), asker); err != nil {
			assert.ErrorIs(t, err, verify.ErrTooManySends)
			refused.Add(1)
		}
	})
	// 30 s must pass before a second one: the storm may outlast that.
	assert.LessOrEqual(t, len(m.at), 5)
	assert.EqualValues(t, n, int(refused.Load())+len(m.at))
	figure(t, "one number redis: %v sends to one number by 256 goroutines at once: %v left", n, len(m.at))
}
