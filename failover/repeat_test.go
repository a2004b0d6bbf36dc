package failover_test

import (
	"context"
	"crypto/rand"
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

func aKey() verify.Option { return verify.WithIdempotencyKey(rand.Text()) }

// twice submits a right code, ends that request after a while, and submits it again.
func twice(t *testing.T, v *failover.Verifier, abort time.Duration, key verify.CheckOption) (second error) {
	t.Helper()
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	ctx, end := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() { _ = v.Check(ctx, phone, codeA, key) })
	time.Sleep(abort)
	end()
	second = v.Check(t.Context(), phone, codeA, key)
	first.Wait()
	return second
}

func TestOf400DoubleSubmitsWithAKeyTheSecondIsYesAndTheVendorIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		a.delay = 300 * time.Millisecond
		yes := 0
		for i := range 400 {
			if twice(t, v, time.Duration(i%40)*10*time.Millisecond+1, aKey()) == nil {
				yes++
			}
			time.Sleep(2 * time.Minute)
		}
		assert.Equal(t, 400, yes)
		assert.Equal(t, 400, a.checks)
	})
}

func TestWithoutAKeyAnAbortedBrowserLosesTheYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		a.delay = 300 * time.Millisecond
		a.hangs = false
		require.NoError(t, twice(t, v, 100*time.Millisecond, verify.WithScope("")), "the vendor had not compared it")
		require.Error(t, twice(t, v, 400*time.Millisecond, verify.WithScope("")), "the answer came before")
	})
}

func TestAnAnswerThatTheVendorDidNotGiveIsUnknownTwiceAndNeverASecondRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		a.fails("check", verify.ErrOutcomeUnknown)
		for range 10 {
			before := a.checks
			require.ErrorIs(t, twice(t, v, time.Millisecond, aKey()), verify.ErrOutcomeUnknown)
			assert.Equal(t, before+1, a.checks)
			time.Sleep(2 * time.Minute)
		}
	})
}

func TestARepeatedCheckWaitsFiveSecondsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		a.delay = 4 * time.Second // of the ten that all backends have
		key := aKey()
		first := make(chan error, 1)
		go func() { first <- v.Check(t.Context(), phone, codeA, key) }()
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, v.Check(ctx, phone, codeA, key), verify.ErrOutcomeUnknown, "the second caller is gone as well")
		require.NoError(t, v.Check(t.Context(), phone, codeA, key))
		require.NoError(t, <-first)
		assert.Equal(t, 1, a.checks)

		_, err = v.Send(t.Context(), phone, aKey())
		require.NoError(t, err)
		a.delay = 8 * time.Second
		key = aKey()
		go func() { first <- v.Check(t.Context(), phone, codeA, key) }()
		time.Sleep(time.Millisecond)
		began := time.Now()
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA, key), verify.ErrOutcomeUnknown)
		assert.Equal(t, 5*time.Second, time.Since(began))
		time.Sleep(4 * time.Second)
		require.NoError(t, <-first)
		require.NoError(t, v.Check(t.Context(), phone, codeA, key), "now it is known")
		assert.Equal(t, 2, a.checks)
	})
}

func TestAPanicOfAVendorIsUnknownToARepeatedCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		key := aKey()
		a.panics = true
		require.Panics(t, func() { _ = v.Check(t.Context(), phone, codeA, key) })
		a.panics = false
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA, key), verify.ErrOutcomeUnknown)
		assert.Zero(t, a.checks)
	})
}

func TestAnothersKeyOrCodeIsAnotherCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		key := aKey()
		no := asError(t, v.Check(t.Context(), phone, codeB, key))
		assert.Equal(t, 4, no.AttemptsLeft)
		again := asError(t, v.Check(t.Context(), phone, codeB, key))
		assert.Equal(t, []any{verify.ErrMismatch, 4}, []any{again.Outcome, again.AttemptsLeft}, "the same code under the same key costs one attempt")
		assert.Equal(t, 1, a.compared)
		assert.Equal(t, 3, asError(t, v.Check(t.Context(), phone, wrong, key)).AttemptsLeft)
		require.NoError(t, v.Check(t.Context(), phone, codeA, key))
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA, aKey()), verify.ErrNotPending, "another caller's key")
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrNotPending)
		require.ErrorIs(t, v.Check(t.Context(), other, codeA, key), verify.ErrNotPending)
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA, key, verify.WithScope("payment")), verify.ErrNotPending)
		require.NoError(t, v.Check(t.Context(), phone, codeA, key))
		require.ErrorIs(t, v.Check(t.Context(), phone, codeB, key), verify.ErrMismatch, "what was no stays no")
		time.Sleep(2*time.Minute + time.Second)
		require.ErrorIs(t, v.Check(t.Context(), phone, codeA, key), verify.ErrNotPending, "two minutes are over")
	})
}

func TestOfTenThousandCodesUnderOneKeyFiveAreShownToTheVendor(t *testing.T) {
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	key := aKey()
	for i := range 10_000 {
		if code := fmt.Sprintf("%06d", i); code != codeA {
			require.Error(t, v.Check(t.Context(), phone, code, key))
		}
	}
	assert.Equal(t, 5, a.compared)
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA, key), verify.ErrTooManyAttempts)
}

func TestAKeyOfASendNeverAnswersACheck(t *testing.T) {
	v, a, _ := pair(t)
	key := aKey()
	_, err := v.Send(t.Context(), phone, key)
	require.NoError(t, err)
	require.ErrorIs(t, v.Check(t.Context(), phone, codeB, key), verify.ErrMismatch)
	require.NoError(t, v.Check(t.Context(), phone, codeA, key))
	receipt, err := v.Send(t.Context(), phone, key)
	require.NoError(t, err)
	assert.True(t, receipt.Repeated)
	assert.Equal(t, 1, a.sends)
}

func TestARepeatedSendAsksNoVendorAndReturnsTheReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t)
		a.fails("send", verify.ErrUnavailable)
		key := aKey()
		first, err := v.Send(t.Context(), phone, key, verify.WithChannel(verify.ChannelVoice))
		require.NoError(t, err)
		assert.False(t, first.Repeated)
		time.Sleep(119 * time.Second)
		again, err := v.Send(t.Context(), phone, key, verify.WithChannel(verify.ChannelVoice))
		require.NoError(t, err)
		first.Repeated = true
		assert.Equal(t, first, again)
		assert.Equal(t, []int{1, 1}, []int{a.sends, b.sends})
		_, err = v.Send(t.Context(), phone, aKey())
		require.NoError(t, err)
		_, err = v.Send(t.Context(), other, key)
		require.NoError(t, err)
		assert.Equal(t, 3, b.sends, "another key, and another recipient")
		time.Sleep(2 * time.Second)
		again, err = v.Send(t.Context(), phone, key)
		require.NoError(t, err)
		assert.False(t, again.Repeated, "two minutes are over")
	})
}

func TestASendUnderWayIsNotMadeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, a, _ := pair(t)
		a.delay = 2 * time.Second
		key, busy := aKey(), aKey()
		ctx, end := context.WithCancel(t.Context())
		go func() { _, _ = v.Send(ctx, phone, key) }()
		time.Sleep(time.Second)
		_, err := v.Send(t.Context(), phone, key)
		require.ErrorIs(t, err, verify.ErrTooManySends)
		_, err = v.Send(t.Context(), phone, busy)
		require.ErrorIs(t, err, verify.ErrTooManySends, "another form while the first is under way")
		time.Sleep(2 * time.Second)
		end()
		receipt, err := v.Send(t.Context(), phone, key)
		require.NoError(t, err)
		assert.True(t, receipt.Repeated)
		assert.Equal(t, 1, a.sends)
		receipt, err = v.Send(t.Context(), phone, busy)
		require.NoError(t, err, "nothing was sent for this form yet")
		assert.False(t, receipt.Repeated)
	})
}

func TestASendThatFailedIsAnsweredAlike(t *testing.T) {
	for _, outcome := range []verify.Outcome{verify.ErrOutcomeUnknown, verify.ErrInvalidRecipient, verify.ErrBlocked} {
		v, a, b := pair(t)
		a.fails("send", outcome)
		key := aKey()
		for range 3 {
			_, err := v.Send(t.Context(), phone, key)
			require.ErrorIs(t, err, outcome)
		}
		assert.Equal(t, []int{1, 0}, []int{a.sends, b.sends}, "%s", outcome)
	}
}

// A mute ledger fails at the steps that a key adds.
type mute struct {
	failover.MemoryLedger
	claim, conclude bool
}

func (m *mute) Claim(ctx context.Context, k failover.Key, call, id failover.ID) (failover.Claim, error) {
	if m.claim {
		return failover.Claim{}, errDown
	}
	return m.MemoryLedger.Claim(ctx, k, call, id)
}

func (m *mute) Conclude(ctx context.Context, k failover.Key, id failover.ID, outcome string) error {
	if m.conclude {
		return errors.New("down")
	}
	return m.MemoryLedger.Conclude(ctx, k, id, outcome)
}

func TestALedgerThatFailsSendsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &mute{claim: true}
		v, a, _ := pair(t, func(c *failover.Config) { c.Ledger, c.Keys = l, [][]byte{make([]byte, 32)} })
		key := aKey()
		_, err := v.Send(t.Context(), phone, key)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		assert.Zero(t, a.sends)
		l.claim, l.conclude = false, true
		_, err = v.Send(t.Context(), phone, key)
		require.NoError(t, err)
		_, err = v.Send(t.Context(), phone, key)
		require.ErrorIs(t, err, verify.ErrTooManySends)
		assert.Equal(t, 1, a.sends)
		require.ErrorIs(t, v.Check(t.Context(), phone, codeB, key), verify.ErrMismatch)
		require.ErrorIs(t, v.Check(t.Context(), phone, codeB, key), verify.ErrOutcomeUnknown, "why it was denied is not known")
		assert.Equal(t, 1, a.compared)
	})
}

func TestARepeatedCheckFindsItsAnswerUnderAnOlderKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		older, newer := []byte("0123456789abcdef0123456789abcdef"), []byte("fedcba9876543210fedcba9876543210")
		l := new(failover.MemoryLedger)
		a := newDouble("a", codeA)
		with := func(keys ...[]byte) *failover.Verifier {
			v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}}, Ledger: l, Keys: keys})
			require.NoError(t, err)
			return v
		}
		_, err := with(older).Send(t.Context(), phone)
		require.NoError(t, err)
		v, key := with(newer, older), aKey()
		require.NoError(t, v.Check(t.Context(), phone, codeA, key))
		require.NoError(t, v.Check(t.Context(), phone, codeA, key), "no code lives any more, and the older key knows the Check")
		_, err = v.Send(t.Context(), phone)
		require.NoError(t, err)
		require.NoError(t, v.Check(t.Context(), phone, codeA, key), "a code lives under the newer key")
		assert.Equal(t, 1, a.checks)
	})
}

func TestNobodyBehindAFailoverLosesTheKey(t *testing.T) {
	v, a, _ := pair(t)
	_, err := v.Send(t.Context(), phone, verify.WithIdempotencyKey("AAAAAAAAAAAAAAAAAAAAAA"))
	require.NoError(t, err)
	assert.Equal(t, "AAAAAAAAAAAAAAAAAAAAAA", a.asked.IdempotencyKey, "a backend may honor it, or hint a vendor")
	_, err = v.Send(t.Context(), phone, verify.WithIdempotencyKey("short"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	assert.Equal(t, 1, a.sends)
}
