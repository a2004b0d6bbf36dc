package driver_test

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

var otherKey = []byte("fedcba9876543210fedcba9876543210")

func manyKeys(n int) (keys [][]byte) {
	for i := range n {
		keys = append(keys, binary.BigEndian.AppendUint32(make([]byte, 28), uint32(i)))
	}
	return keys
}

func under(keys ...[]byte) func(*driver.ReferencesConfig) {
	return func(c *driver.ReferencesConfig) { c.Keys = keys }
}

// The processes of a rotation: before it, in the first step, in the second, after it.
var (
	oldKey     = under(key32)
	firstStep  = under(key32, otherKey)
	secondStep = under(otherKey, key32)
	newKey     = under(otherKey)
)

// A code that one process sent is checked by every process of the same step and of
// the next.
func TestACodeOutlivesARotationOfKeys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sends, checks func(*driver.ReferencesConfig)
	}{
		"the old key, then first step":  {oldKey, firstStep},
		"first step, then the old key":  {firstStep, oldKey},
		"first, then second":            {firstStep, secondStep},
		"second, then first":            {secondStep, firstStep},
		"second step, then the new key": {secondStep, newKey},
		"the new key, then second step": {newKey, secondStep},
		"the old key, then second step": {oldKey, secondStep},
		"both with the old key":         {oldKey, oldKey},
		"both in the first step":        {firstStep, firstStep},
		"both in the second":            {secondStep, secondStep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, s := &vendorByID{}, &store{}
			one, other := byID(t, v, s, tc.sends), byID(t, v, s, tc.checks)
			_, err := one.Send(t.Context(), recipient)
			require.NoError(t, err)
			assertOutcome(t, other.Check(t.Context(), recipient, "999999"), verify.ErrMismatch)
			require.NoError(t, other.Check(t.Context(), recipient, "000001"))
			for _, a := range []*driver.API{one, other, byID(t, v, s, secondStep)} {
				assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
			}
		})
	}
}

// The vendor says yes to everybody who asks: of processes with the old key, with both
// and in either order, one is believed.
func TestACodeIsApprovedOnceAcrossARotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, s := &vendorByID{}, &store{}
		_, err := byID(t, v, s, oldKey).Send(t.Context(), recipient)
		require.NoError(t, err)
		all := []*driver.API{byID(t, v, s, oldKey), byID(t, v, s, firstStep), byID(t, v, s, secondStep), byID(t, v, s, secondStep)}
		release := make(chan struct{})
		var asked atomic.Int32
		v.beside = func(string) {
			asked.Add(1)
			<-release
		}
		results := make(chan error, len(all))
		for _, a := range all {
			go func() { results <- a.Check(t.Context(), recipient, "000001") }()
		}
		synctest.Wait()
		require.EqualValues(t, len(all), asked.Load(), "all are at the vendor at once")
		close(release)
		approved := 0
		for range all {
			if err := <-results; err == nil {
				approved++
			} else {
				assertOutcome(t, err, verify.ErrNotPending)
			}
		}
		assert.Equal(t, 1, approved)
	})
}

// A send under the new key ends the code of the send before, also after the new code
// was used, and in processes that look under the old key first.
func TestASendUnderANewKeyEndsTheCodeBefore(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][2]func(*driver.ReferencesConfig){
		"the old key, then second step": {oldKey, secondStep},
		"first, then second":            {firstStep, secondStep},
		"second, then first":            {secondStep, firstStep},
		"the old key, then first step":  {oldKey, firstStep},
		"second, then second":           {secondStep, secondStep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, s := &vendorByID{}, &store{}
			one, other := byID(t, v, s, steps[0]), byID(t, v, s, steps[1])
			_, err := one.Send(t.Context(), recipient)
			require.NoError(t, err)
			_, err = other.Send(t.Context(), recipient)
			require.NoError(t, err)
			everywhere := []*driver.API{byID(t, v, s, firstStep), byID(t, v, s, secondStep)}
			for _, a := range everywhere {
				assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrMismatch)
			}
			require.NoError(t, other.Check(t.Context(), recipient, "000002"))
			for _, a := range append(everywhere, byID(t, v, s, oldKey), byID(t, v, s, newKey)) {
				e := assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
				assert.Zero(t, e.Requests, "the vendor was asked about a code that had ended")
			}
		})
	}
}

// A key that was dropped opens nothing, and nothing is written under an old one.
func TestADroppedKeyFindsNothing(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	_, err := byID(t, v, s, oldKey).Send(t.Context(), recipient)
	require.NoError(t, err)
	e := assertOutcome(t, byID(t, v, s, newKey).Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
	assert.Zero(t, e.Requests)

	_, err = byID(t, v, s, secondStep).Send(t.Context(), recipient)
	require.NoError(t, err)
	assertOutcome(t, byID(t, v, s, oldKey).Check(t.Context(), recipient, "000002"), verify.ErrNotPending)
	require.NoError(t, byID(t, v, s, newKey).Check(t.Context(), recipient, "000002"))
}

// What the store failed to end could be approved after the newer code: the send says
// that its outcome is unknown, and its code is canceled.
func TestAnOldKeyThatCannotBeWrittenOver(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	a := byID(t, v, s, secondStep)
	s.sets = []error{nil, errStore, errStore}
	_, err := a.Send(t.Context(), recipient)
	assertOutcome(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, []string{"PIN1"}, v.canceled)

	s.sets = []error{nil, errStore}
	_, err = a.Send(t.Context(), recipient)
	require.NoError(t, err, "it is asked once more")
}

// Somebody who spoils what stands under the newest key does not bring back what an
// older one holds.
func TestAForgedReferenceHidesNoOlderKey(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	alarms := 0
	_, err := byID(t, v, s, newKey).Send(t.Context(), recipient)
	require.NoError(t, err)
	var newest [16]byte
	copy(newest[:], s.seen[0])
	_, err = byID(t, v, s, oldKey).Send(t.Context(), recipient)
	require.NoError(t, err)
	require.NoError(t, s.Memory.Set(t.Context(), newest, "spoiled", time.Minute))
	a := byID(t, v, s, func(c *driver.ReferencesConfig) { secondStep(c); c.OnForged = func() { alarms++ } })
	for code := range 3 {
		e := assertOutcome(t, a.Check(t.Context(), recipient, fmt.Sprintf("%06d", code)), unknown)
		assert.Zero(t, e.Requests)
	}
	assert.Equal(t, 3, alarms)
}

// A cancellation is known to processes with other keys of the list.
func TestACancellationIsKnownAcrossARotation(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	with := func(keys func(*driver.ReferencesConfig)) *driver.API {
		return byID(t, v, s, func(c *driver.ReferencesConfig) { keys(c); c.AfterCancel = 15 * time.Second })
	}
	_, err := with(oldKey).Send(t.Context(), recipient)
	require.NoError(t, err)
	require.NoError(t, with(firstStep).Cancel(t.Context(), recipient))
	a := with(secondStep)
	a.Client = refusing(t, v)
	_, err = a.Send(t.Context(), recipient)
	assert.Equal(t, 15*time.Second, assertOutcome(t, err, verify.ErrTooManySends).RetryAfter)
}

// A cancel ends what was sent under the old key.
func TestCancelUnderANewKey(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	_, err := byID(t, v, s, oldKey).Send(t.Context(), recipient)
	require.NoError(t, err)
	require.NoError(t, byID(t, v, s, secondStep).Cancel(t.Context(), recipient))
	assert.Equal(t, []string{"PIN1"}, v.canceled)
	assertOutcome(t, byID(t, v, s, oldKey).Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
}
