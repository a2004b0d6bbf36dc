package failover_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// R16: after five attempts on one code the right one is refused too, whatever other
// vendors have sent since.
func TestFiveAttemptsOnEachCode(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	for range 5 {
		require.Error(t, v.Check(t.Context(), phone, wrong))
	}
	a.fails("send", verify.ErrUnavailable)
	for range 4 {
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		for range 4 {
			require.ErrorIs(t, v.Check(t.Context(), phone, wrong), verify.ErrMismatch)
		}
	}
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrTooManyAttempts, "its last attempt, of the code of b")
	assert.Equal(t, 5, a.compared)
	assert.Equal(t, 17, b.compared)

	a.fails("send", "")
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, codeA), "a backend that has sent again is asked again")
}

func TestAnUnknownResendBuysNoAttempts(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("send", verify.ErrOutcomeUnknown)
	for range 4 {
		for range 3 {
			_ = v.Check(t.Context(), phone, wrong)
		}
		_, err := v.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	}
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrTooManyAttempts, "the older code may still be the good one")
	assert.Equal(t, 5, a.compared)
}

func TestALimitOfTheApplicationsOwnIsNeverPassedOn(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]failover.Policy{"stop": failover.Stop, "next": failover.Next} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, a, b := pair(t, func(c *failover.Config) { c.OnUnknown = policy })
			a.fail["send"] = &verify.Error{Vendor: "a", Op: "send", Outcome: verify.ErrTooManySends, VendorCode: "20429", RetryAfter: time.Minute, Requests: 1}
			for range 20 {
				_, err := v.Send(t.Context(), phone)
				e := asError(t, err)
				require.Equal(t, verify.ErrTooManySends, e.Outcome)
				require.Equal(t, time.Minute, e.RetryAfter)
			}
			assert.Equal(t, 20, a.sends, "asked once by each Send, and no breaker counts it")
			assert.Zero(t, b.sends, "another vendor would defeat the limit")
		})
	}
}

func TestALedgerThatForgotHidesNoApproval(t *testing.T) {
	t.Parallel()
	l := &forgets{}
	v, a, _ := pair(t, over(l))
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	l.forget = true
	e := asError(t, v.Check(t.Context(), phone, codeA))
	assert.Equal(t, verify.ErrOutcomeUnknown, e.Outcome, "R75: the vendor said yes, so it is no denial")
	assert.Equal(t, 1, a.compared)
}

// forgets loses everything between Attempt and Settle.
type forgets struct {
	failover.MemoryLedger
	forget bool
}

func (f *forgets) Attempt(ctx context.Context, k failover.Key, i, by failover.ID, l failover.Limits) (failover.Attempt, error) {
	a, err := f.MemoryLedger.Attempt(ctx, k, i, by, l)
	if f.forget {
		_ = f.Reset(ctx, k)
	}
	return a, err
}

func TestTheKeyIsCopied(t *testing.T) {
	t.Parallel()
	k := []byte("0123456789abcdef0123456789abcdef")
	v, _, _ := pair(t, func(c *failover.Config) { c.Ledger, c.Keys = new(failover.MemoryLedger), [][]byte{k} })
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	clear(k)
	require.NoError(t, v.Check(t.Context(), phone, codeA), "what the caller does to its own slice changes nothing")
}

func TestARememberBelowADayIsRefused(t *testing.T) {
	t.Parallel()
	a := newDouble("a", codeA)
	for remember, ok := range map[time.Duration]bool{
		0: true, 24 * time.Hour: true, 365 * 24 * time.Hour: true,
		24*time.Hour - 1: false, time.Second: false, -time.Hour: false,
	} {
		_, err := failover.New(failover.Config{
			Backends: []failover.Backend{{Verifier: a}}, Limits: failover.Limits{Remember: remember},
		})
		if ok {
			require.NoError(t, err, remember)
		} else {
			require.ErrorContains(t, err, "Remember must be at least 24h", "%s: a patient person would never meet the limit", remember)
		}
	}
}

func TestALosersCancelDoesNotOutliveTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t, next)
		a.hangs = true
		a.fails("send", verify.ErrOutcomeUnknown)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		require.NoError(t, v.Check(ctx, phone, codeB))
		assert.LessOrEqual(t, time.Since(began), 500*time.Millisecond, "R38")
	})
}

// halfDeaf hears the next calls of Begin, and their answers are lost.
type halfDeaf struct {
	failover.MemoryLedger
	lost int
	key  failover.Key
}

func (h *halfDeaf) Begin(ctx context.Context, k failover.Key, i failover.ID, backend string, lease time.Duration) (time.Duration, error) {
	h.key = k
	busy, err := h.MemoryLedger.Begin(ctx, k, i, backend, lease)
	if h.lost > 0 {
		h.lost--
		return 0, errDown
	}
	return busy, err
}

func TestABeginWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &halfDeaf{}
		v, a, _ := pair(t, over(l))
		a.fresh = func(n int) string { return []string{codeA, codeB, "333333"}[n-1] }
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)

		l.lost = 1
		_, err = v.Send(t.Context(), phone)
		require.NoError(t, err, "it is asked again with the same id")

		l.lost = 2
		_, err = v.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		assert.Equal(t, 2, a.sends, "surely nothing was sent")
		busy, err := l.MemoryLedger.Begin(t.Context(), l.key, id(1), "b", time.Nanosecond)
		require.NoError(t, err)
		assert.Zero(t, busy, "the ledger was told that nothing was sent, so the recipient is not reserved")
		<-time.After(25 * time.Second)
		require.NoError(t, v.Check(t.Context(), phone, codeB), "the code before lives on")
	})
}

func TestABeginThatNobodyEndsLeavesTheCodeBeforeItsTime(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		require.Zero(t, l.open(2, "a"))
		<-time.After(25 * time.Second)
		assert.Equal(t, []string{"a"}, l.charge(10).Backends)
	})
}

func TestZeroLimitsAreTheDefaults(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		a, err := l.Attempt(t.Context(), key, id(10), id(10), failover.Limits{})
		require.NoError(t, err)
		assert.Equal(t, failover.Attempt{Backends: []string{"a"}, Left: 4}, a)
	})
}

func TestSettleOfAnUnknownIDIsAnError(t *testing.T) {
	bubble(t, func(l *ledger) {
		_, err := l.Settle(t.Context(), key, id(1), failover.Approved)
		require.ErrorIs(t, err, failover.ErrForgotten, "of a recipient that is not known")
		l.sent(1, "a")
		l.charge(10)
		_, err = l.Settle(t.Context(), key, id(11), failover.Approved)
		require.ErrorIs(t, err, failover.ErrForgotten)
	})
}

func TestAnAttemptGivenBackIsOfItsOwnCode(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		l.sent(2, "a")
		l.charge(11)
		l.settle(10, failover.NotAsked)
		assert.Equal(t, 3, l.charge(12).Left, "the new code has had two attempts")
	})
}

func TestACodeThatABackendCannotHaveSentIsNotShownToIt(t *testing.T) {
	t.Parallel()
	_, a, b := pair(t, func(c *failover.Config) {
		c.OnUnknown = failover.Next
		long := c.Backends[1].Verifier.(*double)
		long.capabilities.MinDigits, long.capabilities.MaxDigits, long.capabilities.DefaultDigits = 8, 8, 8
		long.codes["code"] = "22222222"
	})
	a.capabilities.MinDigits, a.capabilities.MaxDigits = 4, 7
	v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}, {Verifier: b}}, OnUnknown: failover.Next})
	require.NoError(t, err)
	a.effect = true
	a.fails("send", verify.ErrOutcomeUnknown)
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err)
	e := asError(t, v.Check(t.Context(), phone, wrong))
	assert.Equal(t, verify.ErrMismatch, e.Outcome)
	assert.Equal(t, 4, e.AttemptsLeft)
	assert.Equal(t, [2]int{1, 0}, [2]int{a.checks, b.checks})
	require.NoError(t, v.Check(t.Context(), phone, "22222222"))
	assert.Equal(t, [2]int{1, 1}, [2]int{a.checks, b.checks})
}
