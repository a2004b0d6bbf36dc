package failover_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// many sends to as many recipients, since one has limits.
func many(t *testing.T, v *failover.Verifier, n int) {
	for i := range n {
		_, _ = v.Send(t.Context(), "+1500555"+string([]byte{'0' + byte(i/1000%10), '0' + byte(i/100%10), '0' + byte(i/10%10), '0' + byte(i%10)}))
	}
}

func TestADeadVendorCostsAFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		a.fails("send", verify.ErrUnavailable)
		many(t, v, 1000)
		assert.Equal(t, 10, a.sends, "half of ten calls open the breaker")
		assert.Equal(t, 1000, b.sends)
		a.fails("send", "")
		<-time.After(31 * time.Second)
		many(t, v, 100)
		assert.Equal(t, 110, a.sends, "one probe closes it again")
	})
}

func TestWhatTheBreakerCounts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind  verify.Outcome
		opens bool
	}{
		"a bad number":         {verify.ErrInvalidRecipient, false},
		"a person's own limit": {verify.ErrTooManySends, false},
		"a guard":              {verify.ErrBlocked, false},
		"a throttle":           {verify.ErrRateLimited, false},
		"an outage":            {verify.ErrUnavailable, true},
		"lost answers":         {verify.ErrOutcomeUnknown, true},
		"a refused account":    {verify.ErrUnauthorized, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, a, _ := pair(t)
			a.fails("send", tc.kind)
			many(t, v, 100)
			if tc.opens {
				assert.Equal(t, 10, a.sends)
			} else {
				assert.Equal(t, 100, a.sends, "F12: counts only the vendor's faults")
			}
		})
	}
}

func TestCallersWhoLeaveDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		_, err := v.Send(ctx, phone)
		require.Error(t, err)
	}
	a.fails("send", "")
	receipt, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Equal(t, "a", receipt.Vendor)
}

func TestSendsBreakerDoesNotCutChecksOff(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), other)
	require.NoError(t, err)
	a.fails("send", verify.ErrUnavailable)
	many(t, v, 50)
	require.NoError(t, v.Check(t.Context(), other, codeA), "R79")
}

func TestAnOpenBreakerIsProbedWhenThereIsNobodyElse(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("check", verify.ErrUnavailable)
	for range 30 {
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrUnavailable)
	}
	assert.Equal(t, 30, a.checks, "the only backend is asked whatever its breaker says")
	a.fails("check", "")
	require.NoError(t, v.Check(t.Context(), phone, codeA))
}

func TestASkippedBackendIsNotADenial(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t, next)
	a.effect = true
	a.fails("send", verify.ErrOutcomeUnknown)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	a.fails("check", verify.ErrUnavailable)
	b.fails("check", verify.ErrUnavailable)
	for range 10 {
		_ = v.Check(t.Context(), phone, wrong)
	}
	b.fails("check", "")
	asked := a.checks
	require.ErrorIs(t, v.Check(t.Context(), phone, wrong), verify.ErrUnavailable)
	assert.Equal(t, asked, a.checks, "its breaker is open and there is another backend")
}
