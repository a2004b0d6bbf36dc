package driver_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestCanceledAfterTheRequest(t *testing.T) {
	t.Parallel()
	for name, k := range kinds() {
		for where, begun := range map[string]string{
			"before the answer": "", "in the answer": long, "in the page of a 500": head(500),
		} {
			t.Run("the caller cancels "+where+", "+name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				var at atomic.Value
				s := newServer(t, step{play: func(c net.Conn) {
					write(c, begun)
					at.Store(time.Now())
					cancel()
					hang("").play(c)
				}})

				_, err := newClient(t, s.URL, nil).Do(ctx, k.call)
				assert.Less(t, time.Since(at.Load().(time.Time)), enough, "at once, which TestCanceledWhileWaiting takes to the letter")
				e := assertOutcome(t, err, unknown)
				assert.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, 1, e.Requests)
				assert.Equal(t, 1, s.now().requests, "a call that was canceled makes no further request")
			})
		}
	}
}

func TestCanceledBeforeTheRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	c := newClient(t, s.URL, nil)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()

	details := map[error]string{
		context.Canceled:         "the caller canceled",
		context.DeadlineExceeded: "the caller's deadline has passed",
	}
	for name, ctx := range map[string]context.Context{"canceled": canceled, "past its deadline": expired} {
		for how, k := range kinds() {
			t.Run("the caller's context is "+name+", "+how, func(t *testing.T) {
				_, err := c.Do(ctx, k.call)
				e := assertOutcome(t, err, verify.ErrUnavailable)
				assert.ErrorIs(t, err, ctx.Err())
				assert.Zero(t, e.Requests)
				assert.Equal(t, details[ctx.Err()], e.Detail)
			})
		}
	}
	require.Zero(t, s.now().conns)
}

func TestCanceledBeforeTheConnection(t *testing.T) {
	t.Parallel()
	for name, k := range kinds() {
		t.Run("the caller cancels while the connection is made, "+name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			hole := forever(t.Context())
			theirs := dialing(func(ctx context.Context, network, addr string) (net.Conn, error) {
				cancel()
				return hole(ctx, network, addr)
			})
			_, err := newClient(t, "https://canary.example", theirs).Do(ctx, k.call)
			e := assertOutcome(t, err, verify.ErrUnavailable)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, 1, e.Requests)
		})
	}
}
