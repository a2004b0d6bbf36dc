package otp

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// TestCallersWhoGoAwayBuyNoAttempts ends contexts at random moments.
func TestCallersWhoGoAwayBuyNoAttempts(t *testing.T) {
	t.Parallel()
	s := &counted{Store: new(MemoryStore)}
	e, p := newEngine(t, oftenSent, func(c *Config) { c.Store = s })
	for range atLength(1000, 20, 5) {
		code := mustSend(t, e, p)
		s.wrong.Store(0)
		together(50, func(int) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				for range rand.IntN(200) {
					_ = ctx.Err()
				}
				cancel()
			}()
			if err := e.Check(ctx, phone, wrongFor(code)); err == nil {
				t.Error("a wrong code was approved")
			}
		})
		require.LessOrEqual(t, s.wrong.Load(), int64(4), "the fifth attempt is locked")
		require.NoError(t, e.Reset(t.Context(), phone))
	}
}

// counted counts the attempts that were compared and wrong.
type counted struct {
	Store
	wrong atomic.Int64
}

func (s *counted) Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (Verdict, int, error) {
	v, left, err := s.Store.Attempt(ctx, k, id, macs, l)
	if v == Wrong {
		s.wrong.Add(1)
	}
	return v, left, err
}

// TestAnEngineIsSafeForConcurrentUse mixes all calls, for the race detector and
// for accounts that must close.
func TestAnEngineIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Origin = "a.example" })
	var sent, refused, approved atomic.Int64
	together(16, func(n int) {
		entropy := rand.New(rand.NewPCG(uint64(n), 5))
		to := recipients(8)
		for range atLength(100_000, 500, 100) {
			who := to[entropy.IntN(len(to))]
			switch entropy.IntN(4) {
			case 0:
				if _, err := e.Send(t.Context(), who, verify.WithLocale("de")); err == nil {
					sent.Add(1)
				} else {
					refused.Add(1)
				}
			case 1, 2:
				if e.Check(t.Context(), who, "123456") == nil {
					approved.Add(1)
				}
			case 3:
				if entropy.IntN(20) == 0 {
					_ = e.Reset(t.Context(), who)
				} else {
					_ = e.Cancel(t.Context(), who)
				}
			}
		}
	})
	assert.EqualValues(t, p.count(), sent.Load(), "one message a Send")
	assert.Positive(t, refused.Load())
	assert.LessOrEqual(t, approved.Load(), int64(1), "by chance, once in a million")
	requireBooks(t, e.store.(*MemoryStore))
}

// TestParallelRightAttempts is one code, and everybody types it at once.
func TestParallelRightAttempts(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, oftenSent)
	for range atLength(1000, 20, 5) {
		code := mustSend(t, e, p)
		var approved atomic.Int64
		together(64, func(int) {
			if e.Check(t.Context(), phone, code) == nil {
				approved.Add(1)
			}
		})
		require.EqualValues(t, 1, approved.Load())
	}
}

// TestOneSendOfMany: the cooldown holds for those who press the button twice.
func TestOneSendOfMany(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	p.deliver = func(context.Context, Message) (string, error) {
		runtime.Gosched() // while it is under way
		return "", nil
	}
	together(64, func(int) { _, _ = e.Send(t.Context(), phone) })
	assert.Equal(t, 1, p.count())
}
