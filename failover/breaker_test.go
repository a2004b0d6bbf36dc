package failover_test

import (
	"context"
	"fmt"
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

// manyChecks checks a wrong code of as many recipients, each of whom was sent one.
func manyChecks(t *testing.T, v *failover.Verifier, n int) {
	for i := range n {
		_ = v.Check(t.Context(), fmt.Sprintf("+1500555%04d", i), wrong)
	}
}

// bothSend has both backends send to each of n recipients, a first.
func bothSend(t *testing.T, v *failover.Verifier, a *double, n int) {
	many(t, v, n)
	a.fails("send", verify.ErrRateLimited) // which no breaker counts
	many(t, v, n)
	a.fails("send", "")
}

func TestAnOpenBreakerIsProbedWhenThereIsNobodyElse(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	many(t, v, 30)
	_, err := v.Send(t.Context(), other)
	require.NoError(t, err)
	a.fails("check", verify.ErrUnavailable)
	manyChecks(t, v, 30)
	assert.Equal(t, 30, a.checks, "the only backend is asked whatever its breaker says")
	a.fails("check", "")
	require.NoError(t, v.Check(t.Context(), other, codeA))
}

func TestASkippedBackendIsNotADenial(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t)
	bothSend(t, v, a, 30)
	_, err := v.Send(t.Context(), other)
	require.NoError(t, err)
	a.fails("send", verify.ErrRateLimited)
	_, err = v.Send(t.Context(), other)
	require.NoError(t, err)
	a.fails("check", verify.ErrUnavailable)
	b.fails("check", verify.ErrUnavailable)
	manyChecks(t, v, 10)
	b.fails("check", "")
	asked := a.checks
	require.Positive(t, asked)
	require.ErrorIs(t, v.Check(t.Context(), other, wrong), verify.ErrUnavailable)
	assert.Equal(t, asked, a.checks, "its breaker is open and there is another backend")
}

func TestOnePersonOpensNoBreaker(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		to      func(int) string
		channel verify.Channel
		fails   verify.Outcome
	}{
		"by a channel that is refused": {func(i int) string { return fmt.Sprintf("+1500555%04d", i) }, verify.ChannelVoice, verify.ErrUnauthorized},
		"by a channel that hangs":      {func(i int) string { return fmt.Sprintf("+1500555%04d", i) }, verify.ChannelVoice, verify.ErrUnavailable},
		"by one number":                {func(int) string { return phone }, verify.ChannelSMS, verify.ErrUnavailable},
		"by one number, without word":  {func(int) string { return phone }, verify.ChannelSMS, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, a, b := pair(t)
			a.fails("send", tc.fails)
			b.fails("send", tc.fails)
			for i := range 40 {
				_, err := v.Send(t.Context(), tc.to(i), verify.WithChannel(tc.channel))
				require.Error(t, err)
			}
			a.fails("send", "")
			receipt, err := v.Send(t.Context(), other)
			require.NoError(t, err)
			assert.Equal(t, "a", receipt.Vendor, "the first vendor is open to everybody else")
		})
	}
}

func TestARecipientsFailureCountsAgainAfterTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		a.fails("send", verify.ErrUnavailable)
		many(t, v, 9)
		for range 5 {
			_, _ = v.Send(t.Context(), "+15005550000")
		}
		assert.Equal(t, 14, a.sends, "nine are counted, and one of them once")
		<-time.After(31 * time.Second)
		many(t, v, 20)
		assert.Equal(t, 24, a.sends, "all of them count again")
	})
}

func TestABackendThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		panics := func(f func()) {
			defer func() { require.NotNil(t, recover(), "the panic is the caller's to see") }()
			f()
		}
		_, err := v.Send(t.Context(), other)
		require.NoError(t, err)
		a.fails("send", verify.ErrUnavailable)
		many(t, v, 12)
		<-time.After(31 * time.Second)
		a.panics = true
		panics(func() { _, _ = v.Send(t.Context(), phone) })
		panics(func() { _ = v.Check(t.Context(), other, codeA) })
		a.panics = false
		a.fails("send", "")
		_, err = v.Send(t.Context(), phone)
		require.NoError(t, err, "the recipient is not reserved any more")
		<-time.After(31 * time.Second)
		sends := a.sends
		receipt, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		assert.Equal(t, "a", receipt.Vendor, "the breaker probes again")
		assert.Equal(t, sends+1, a.sends)
		require.NoError(t, v.Check(t.Context(), other, codeA))
	})
}

func TestAPanicReleasesTheProbeOfAChecksBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		bothSend(t, v, a, 30)
		a.fails("check", verify.ErrUnavailable)
		manyChecks(t, v, 12)
		<-time.After(31 * time.Second)
		a.panics = true
		func() {
			defer func() { require.NotNil(t, recover()) }()
			_ = v.Check(t.Context(), "+15005550013", wrong)
		}()
		a.panics = false
		a.fails("check", "")
		<-time.After(31 * time.Second)
		asked := a.checks
		_ = v.Check(t.Context(), "+15005550024", wrong)
		assert.Equal(t, asked+1, a.checks)
		assert.Positive(t, b.checks)
	})
}
