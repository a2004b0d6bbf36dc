package totp_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/totp"
)

// A severed store has the caller's context end before or after one of its steps; after
// it, the reply is lost.
type severed struct {
	totp.Store
	end  func()
	when int // 0: before Attempt, 1: after it, 2: before Accept, 3: after it, 4: never
}

func (s *severed) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (a totp.Attempt, err error) {
	err = s.cut(ctx, 0, func(ctx context.Context) (err error) {
		a, err = s.Store.Attempt(ctx, k, id, l)
		return err
	})
	return a, err
}

func (s *severed) Accept(ctx context.Context, k totp.Key, id, enrolment totp.ID, step uint64, r *totp.Resealed) (won bool, err error) {
	err = s.cut(ctx, 2, func(ctx context.Context) (err error) {
		won, err = s.Store.Accept(ctx, k, id, enrolment, step, r)
		return err
	})
	return won && err == nil, err
}

func (s *severed) cut(ctx context.Context, first int, step func(context.Context) error) error {
	if s.when == first {
		s.end()
	}
	err := step(ctx)
	if s.when == first+1 {
		s.end()
		return context.Canceled
	}
	return err
}

func TestOf400DoubleSubmitsWithAKeyTheSecondIsAlwaysAYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &severed{Store: new(totp.MemoryStore), when: 4}
		a, secret := enrolled(t, func(c *totp.Config) { c.Store = s })
		yes := 0
		for i := range 400 {
			time.Sleep(2 * time.Minute)
			key, code := verify.WithIdempotencyKey(rand.Text()), codeAt(secret, time.Now())
			var ctx context.Context
			ctx, s.end = context.WithCancel(t.Context())
			s.when = i % 5
			first := a.Check(ctx, account, code, key)
			require.Equal(t, s.when == 4, first == nil, "%d: %v", s.when, first)
			s.end()
			s.when = 4
			if a.Check(t.Context(), account, code, key) == nil {
				yes++
			}
		}
		assert.Equal(t, 400, yes)
	})
}

func TestARepeatedCheckGetsItsAnswerThoughTheCodeIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		yes, no := verify.WithIdempotencyKey(rand.Text()), verify.WithIdempotencyKey(rand.Text())
		right, later := codeAt(secret, time.Now()), codeAt(secret, time.Now().Add(time.Minute))
		require.NoError(t, a.Check(t.Context(), account, right, yes))
		require.ErrorIs(t, a.Check(t.Context(), account, later, no), verify.ErrMismatch)
		for range 3 {
			time.Sleep(35 * time.Second)
			require.NoError(t, a.Check(t.Context(), account, right, yes))
			require.ErrorIs(t, a.Check(t.Context(), account, later, no), verify.ErrMismatch, "it is not compared with the codes of now")
		}
		time.Sleep(30 * time.Second)
		require.ErrorIs(t, a.Check(t.Context(), account, right, yes), verify.ErrMismatch, "two minutes are over")
	})
}

func TestAnothersKeyWithTheSameUsedCodeIsNo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		code, key := codeAt(secret, time.Now()), rand.Text()
		require.NoError(t, a.Check(t.Context(), account, code, verify.WithIdempotencyKey(key)))
		require.ErrorIs(t, a.Check(t.Context(), account, code, verify.WithIdempotencyKey(rand.Text())), verify.ErrNotPending)
		require.ErrorIs(t, a.Check(t.Context(), account, code), verify.ErrNotPending)
		require.ErrorIs(t, a.Check(t.Context(), "account-2", code, verify.WithIdempotencyKey(key)), verify.ErrNotPending)
		require.NoError(t, a.Check(t.Context(), account, code, verify.WithIdempotencyKey(key)))
		err := a.Check(t.Context(), account, code, verify.WithIdempotencyKey(key[:21]))
		require.ErrorIs(t, err, verify.ErrUnsupported)
	})
}

func TestOfTenThousandCodesUnderOneKeyFiveAreCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		right := map[string]bool{}
		for step := -1; step <= 1; step++ {
			right[codeAt(secret, time.Now().Add(time.Duration(step)*30*time.Second))] = true
		}
		key := verify.WithIdempotencyKey(rand.Text())
		outcomes := map[verify.Outcome]int{}
		for i := range 10_000 {
			if code := fmt.Sprintf("%06d", i); !right[code] {
				outcomes[verify.OutcomeOf(a.Check(t.Context(), account, code, key))]++
			}
		}
		assert.Equal(t, 4, outcomes[verify.ErrMismatch], "the fifth begins a wait")
		assert.Len(t, outcomes, 2)
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now()), key), verify.ErrTooManyAttempts)
	})
}
