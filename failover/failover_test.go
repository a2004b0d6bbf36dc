package failover_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhoSendsNext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fails verify.Outcome
		moves bool
	}{
		"unavailable":       {verify.ErrUnavailable, true},
		"rate limited":      {verify.ErrRateLimited, true},
		"unauthorized":      {verify.ErrUnauthorized, true},
		"unknown":           {verify.ErrOutcomeUnknown, false},
		"blocked":           {verify.ErrBlocked, false},
		"too many sends":    {verify.ErrTooManySends, false},
		"invalid recipient": {verify.ErrInvalidRecipient, false},
		"rejected":          {verify.ErrRejected, false},
		"unsupported":       {verify.ErrUnsupported, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, a, b := pair(t)
			a.fails("send", tc.fails)
			receipt, err := v.Send(t.Context(), phone)
			assert.Equal(t, 1, a.sends)
			if tc.moves {
				require.NoError(t, err)
				assert.Equal(t, "b", receipt.Vendor)
				assert.Equal(t, 2, receipt.Requests)
				assert.False(t, receipt.PossibleDuplicate, "silent only because nothing was sent")
				require.NoError(t, v.Check(t.Context(), phone, codeB))
				assert.Zero(t, a.checks, "sticky: a code is only shown to a backend that may have sent it")
				return
			}
			assert.Equal(t, tc.fails, verify.OutcomeOf(err), "what ends the matter is returned as it is")
			assert.Equal(t, "a", asError(t, err).Vendor)
			assert.Zero(t, b.sends)
		})
	}
}

func TestUnknownStopsTheSend(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.effect = true
	a.fails("send", verify.ErrOutcomeUnknown)
	_, err := v.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "never silent after unknown")
	assert.Zero(t, b.sends)
	require.NoError(t, v.Check(t.Context(), phone, codeA), "the code that arrives all the same is good")
}

func TestOnUnknownNextSendsAndSaysPossibleDuplicate(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t, next)
	a.effect = true
	a.fails("send", verify.ErrOutcomeUnknown)
	for _, code := range []string{codeA, codeB} {
		receipt, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		assert.True(t, receipt.PossibleDuplicate)
		require.NoError(t, v.Check(t.Context(), phone, code), "either code is good")
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrNotPending, "one approval")
		require.ErrorIs(t, v.Check(t.Context(), phone, codeB), verify.ErrNotPending, "one approval")
	}
}

func TestUnknownStaysUnknownIfTheNextVendorFails(t *testing.T) {
	t.Parallel()
	for _, second := range []verify.Outcome{verify.ErrUnavailable, verify.ErrBlocked, verify.ErrUnauthorized} {
		v, a, b := pair(t, next)
		a.fails("send", verify.ErrOutcomeUnknown)
		b.fails("send", second)
		_, err := v.Send(t.Context(), phone)
		e := asError(t, err)
		assert.Equal(t, verify.ErrOutcomeUnknown, e.Outcome, "what may have been sent is not taken back by %s", second)
		assert.Equal(t, "a outcome unknown (7); b "+second.Error()+" (7)", e.Detail)
		assert.Equal(t, 2, e.Requests)
	}
}

func TestAStrangersErrorCountsAsUnknown(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.fail["send"] = errors.New("of a stranger with " + phone)
	_, err := v.Send(t.Context(), phone)
	assert.Equal(t, verify.ErrOutcomeUnknown, asError(t, err).Outcome)
	assert.Zero(t, b.sends)
}

func TestAllBackendsDown(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	a.fails("send", verify.ErrRateLimited)
	b.fails("send", verify.ErrUnavailable)
	_, err := v.Send(t.Context(), phone)
	e := asError(t, err)
	assert.Equal(t, verify.ErrUnavailable, e.Outcome)
	assert.Equal(t, "failover: send: unavailable: a rate limited (7); b unavailable (7)", e.Error())
	assert.NotErrorIs(t, err, verify.ErrRateLimited, "an error matches exactly one outcome")
}

func TestAttemptsAreOneBudgetOverAllBackends(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t, next)
	a.effect = true
	a.fails("send", verify.ErrOutcomeUnknown)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	for left := 4; left >= 1; left-- {
		e := asError(t, v.Check(t.Context(), phone, wrong))
		require.Equal(t, verify.ErrMismatch, e.Outcome)
		require.Equal(t, left, e.AttemptsLeft)
	}
	require.ErrorIs(t, v.Check(t.Context(), phone, wrong), verify.ErrTooManyAttempts, "the attempt that spends the last one")
	for _, code := range []string{wrong, codeA, codeB} {
		require.ErrorIs(t, v.Check(t.Context(), phone, code), verify.ErrTooManyAttempts)
	}
	assert.Equal(t, 5, a.compared)
	assert.Equal(t, 5, b.compared)
}

func TestFailuresOutliveEveryNewCode(t *testing.T) {
	t.Parallel()
	v, _, _ := pair(t, func(c *failover.Config) { c.Limits.Failures = 7 })
	for range 2 {
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		for range 4 {
			_ = v.Check(t.Context(), phone, wrong)
		}
	}
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrBlocked, "R20: a resend buys no failures")
}

func TestAWrongCodeIsUnknownWhileTheOtherBackendIsSilent(t *testing.T) {
	t.Parallel()
	for _, fault := range []verify.Outcome{verify.ErrOutcomeUnknown, verify.ErrUnavailable, verify.ErrUnauthorized} {
		v, a, _ := pair(t, next)
		a.effect = true
		a.fails("send", verify.ErrOutcomeUnknown)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		a.fails("check", fault)
		assert.Equal(t, fault, verify.OutcomeOf(v.Check(t.Context(), phone, wrong)),
			"wrong at one backend says nothing while the other is silent")
	}
}

func TestAnOutageSpendsNoAttempt(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("check", verify.ErrUnavailable)
	for range 9 {
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrUnavailable)
	}
	a.fails("check", verify.ErrOutcomeUnknown)
	require.ErrorIs(t, v.Check(t.Context(), phone, wrong), verify.ErrOutcomeUnknown)
	a.fails("check", "")
	assert.Equal(t, 3, asError(t, v.Check(t.Context(), phone, wrong)).AttemptsLeft, "what may have been compared stays spent")
	require.NoError(t, v.Check(t.Context(), phone, codeA))
}

func TestAFailedResendKeepsTheFirstCode(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("send", verify.ErrUnavailable)
	b.fails("send", verify.ErrUnavailable)
	_, err = v.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrUnavailable)
	require.NoError(t, v.Check(t.Context(), phone, codeA))
}

func TestAResendThroughAnotherBackendKeepsBothCodesGood(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("send", verify.ErrUnavailable)
	receipt, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "b", receipt.Vendor)
	require.NoError(t, v.Check(t.Context(), phone, codeA))
	require.ErrorIs(t, v.Check(t.Context(), phone, codeB), verify.ErrNotPending)
}

func TestTheLoserIsCanceled(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t, next)
	a.fails("send", verify.ErrOutcomeUnknown)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, codeB))
	assert.Equal(t, 1, a.canceled)
	assert.Zero(t, b.canceled)
}

func TestOneOfManySendsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		a.delay = time.Second
		var refused, sent int
		var mu sync.Mutex
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				_, err := v.Send(t.Context(), phone)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					sent++
				} else if e := asError(t, err); e.Outcome == verify.ErrTooManySends && e.RetryAfter > 0 {
					refused++
				}
			})
		}
		group.Wait()
		assert.Equal(t, 1, sent)
		assert.Equal(t, 15, refused)
		assert.Equal(t, 1, a.sends+b.sends, "nothing is sent in parallel")
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err, "a lease ends with its Send")
	})
}

func TestOneWinnerOfManyRightCodes(t *testing.T) {
	t.Parallel()
	for range 50 {
		v, a, _ := pair(t, next, func(c *failover.Config) { c.Limits = failover.Limits{Attempts: 10} })
		a.effect = true
		a.fails("send", verify.ErrOutcomeUnknown)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		var mu sync.Mutex
		var won int
		var group sync.WaitGroup
		for i := range 64 {
			code := []string{codeA, codeB}[i%2]
			group.Go(func() {
				if v.Check(t.Context(), phone, code) == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		require.Equal(t, 1, won, "R07: exactly one approval, though two codes were right")
	}
}

func TestTimeIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		a.delay = time.Hour
		began := time.Now()
		receipt, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, "b", receipt.Vendor, "a black hole leaves time for the next backend")
		assert.Equal(t, 7500*time.Millisecond, time.Since(began))
		b.delay = time.Hour
		began = time.Now()
		_, err = v.Send(t.Context(), other)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		assert.Equal(t, 15*time.Second, time.Since(began))
	})
}

func TestTheCallersContextEndsItAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		a.delay = time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-time.After(time.Second)
			cancel()
		}()
		_, err := v.Send(ctx, phone)
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, b.sends, "no backend after the caller has gone")
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	v, _, _ := pair(t, func(c *failover.Config) {
		c.Routes = map[string][]string{"1": {"b"}, "1500": {"a"}, "45": {"b", "a"}}
	})
	for to, vendor := range map[string]string{phone: "a", other: "b", "+4550500000": "b", "+4915055500": "a"} {
		receipt, err := v.Send(t.Context(), to)
		require.NoError(t, err)
		assert.Equal(t, vendor, receipt.Vendor, to)
	}
}

func TestOutcomesThatASendCannotHaveCountAsUnknown(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"a mismatch":   verify.ErrMismatch,
		"two outcomes": errors.Join(verify.ErrUnavailable, verify.ErrOutcomeUnknown),
	} {
		v, a, b := pair(t)
		a.fail["send"] = err
		_, err := v.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, asError(t, err).Outcome, name)
		assert.Zero(t, b.sends, name)
	}
}

func TestWhatIsWrappedAroundABackendsErrorIsDropped(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	a.fail["send"] = fmt.Errorf("to %s: %w", phone, &verify.Error{Vendor: "a", Op: "send", Outcome: verify.ErrBlocked})
	_, err := v.Send(t.Context(), phone)
	assert.Equal(t, "a: send: blocked", err.Error())
}

func TestChecksOfNothingEnd(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("check", verify.ErrRateLimited)
	for range 64 {
		require.ErrorIs(t, v.Check(t.Context(), phone, wrong), verify.ErrRateLimited)
	}
	require.ErrorIs(t, v.Check(t.Context(), phone, wrong), verify.ErrTooManyAttempts, "attempts given back are not without end")
	assert.Equal(t, 64, a.checks)
}

func TestASendTakesNoLongerThanItMust(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		a.delay, b.delay = time.Hour, time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		_, err := v.Send(ctx, phone)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		assert.Equal(t, 15*time.Second, time.Since(began))
	})
}
