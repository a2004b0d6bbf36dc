package otp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestCancelKillsTheCodeAndKeepsEveryBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, p := newEngine(t, func(c *Config) { c.Limits.Failures = 3 })
		code := mustSend(t, e, p)
		require.ErrorIs(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrMismatch)
		time.Sleep(10 * time.Second)

		require.NoError(t, e.Cancel(t.Context(), phone))
		requireOne(t, e.Check(t.Context(), phone, code), verify.ErrNotPending)
		_, err := e.Send(t.Context(), phone)
		assert.Equal(t, 20*time.Second, requireOne(t, err, verify.ErrTooManySends).RetryAfter, "the cooldown of the one send goes on")

		time.Sleep(20 * time.Second)
		code = mustSend(t, e, p)
		left := requireOne(t, e.Check(t.Context(), phone, wrongFor(code)), verify.ErrMismatch).AttemptsLeft
		assert.Equal(t, 1, left, "the failure from before counts on")
	})
}

func TestCancelCountsNoSend(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Limits = Limits{Sends: 2, Cooldown: []time.Duration{0}} })
	for range 10 {
		require.NoError(t, e.Cancel(t.Context(), phone))
	}
	mustSend(t, e, p)
	for range 10 {
		require.NoError(t, e.Cancel(t.Context(), phone), "limits on sends do not hold a cancel up")
	}
	mustSend(t, e, p)
	require.NoError(t, e.Cancel(t.Context(), phone))
	_, err := e.Send(t.Context(), phone)
	requireOne(t, err, verify.ErrTooManySends)
}

func TestCancelOfNothing(t *testing.T) {
	t.Parallel()
	s := new(MemoryStore)
	e, p := newEngine(t, func(c *Config) { c.Store = s })
	require.NoError(t, e.Cancel(t.Context(), phone))
	assert.Zero(t, s.entries.Load(), "an entry was left behind")
	assert.Zero(t, p.count())
	requireOne(t, e.Check(t.Context(), phone, "123456"), verify.ErrNotPending)
}

func TestCancelLeavesOtherScopesAlone(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	login := mustSend(t, e, p, verify.WithScope("login"))
	payment := mustSend(t, e, p, verify.WithScope("payment"))
	require.NoError(t, e.Cancel(t.Context(), phone, verify.WithScope("login")))
	requireOne(t, e.Check(t.Context(), phone, login, verify.WithScope("login")), verify.ErrNotPending)
	require.NoError(t, e.Check(t.Context(), phone, payment, verify.WithScope("payment")))
}

func TestCancelWhileBlocked(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Limits.Failures = 1 })
	code := mustSend(t, e, p)
	require.Error(t, e.Check(t.Context(), phone, wrongFor(code)))
	require.NoError(t, e.Cancel(t.Context(), phone))
	requireOne(t, e.Check(t.Context(), phone, code), verify.ErrBlocked)
}

func TestCancelSaysWhenItCannotKnow(t *testing.T) {
	t.Parallel()
	e, _ := newEngine(t, func(c *Config) { c.Store = &brokenStore{Store: new(MemoryStore), revoke: errStore} })
	assert.Equal(t, "cancel", requireOne(t, e.Cancel(t.Context(), phone), verify.ErrOutcomeUnknown).Op)
	requireOne(t, e.Cancel(t.Context(), "nobody"), verify.ErrInvalidRecipient)
}

// TestNothingComesBackAfterCancel: neither the code that the canceled one
// replaced, nor one whose send fails meanwhile.
func TestNothingComesBackAfterCancel(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Limits.Cooldown = []time.Duration{0} })
	first := mustSend(t, e, p)
	p.deliver = func(ctx context.Context, _ Message) (string, error) {
		require.NoError(t, e.Cancel(ctx, phone))
		return "", verify.ErrUnavailable
	}
	_, err := e.Send(t.Context(), phone)
	requireOne(t, err, verify.ErrUnavailable)
	requireOne(t, e.Check(t.Context(), phone, first), verify.ErrNotPending)
}
