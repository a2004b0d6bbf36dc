package driver_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestCheckByReference(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	a := byID(t, v, s, nil)
	err := a.Check(t.Context(), recipient, "000001")
	e := assertOutcome(t, err, verify.ErrNotPending)
	assert.Zero(t, e.Requests, "a missing reference asks no vendor")

	_, err = a.Send(t.Context(), recipient)
	require.NoError(t, err)
	assertOutcome(t, a.Check(t.Context(), recipient, "999999"), verify.ErrMismatch)
	assertOutcome(t, a.Check(t.Context(), recipient, "000001", verify.WithScope("pay")), verify.ErrNotPending)
	assertOutcome(t, a.Check(t.Context(), "+15005550007", "000001"), verify.ErrNotPending)
	require.NoError(t, a.Check(t.Context(), recipient, "000001"))
	assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
}

// What the vendor would accept twice is approved once.
func TestReferenceIsTakenOnce(t *testing.T) {
	t.Parallel()
	v := &vendorByID{}
	a := byID(t, v, &store{}, nil)
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	const checks = 8
	var ready, done sync.WaitGroup
	ready.Add(checks)
	v.beside = func(string) { // all are at the vendor at once, who says yes to each
		ready.Done()
		ready.Wait()
	}
	results := make(chan error, checks)
	for range checks {
		done.Go(func() { results <- a.Check(t.Context(), recipient, "000001") })
	}
	done.Wait()
	close(results)
	approved := 0
	for err := range results {
		if err == nil {
			approved++
			continue
		}
		assertOutcome(t, err, verify.ErrNotPending)
	}
	assert.Equal(t, 1, approved)
}

// Of two Sends at once the last Set wins, and the other's code stops working:
// in the order of the sends, and against it.
func TestTwoSendsAtOnce(t *testing.T) {
	t.Parallel()
	for name, firstSetsLast := range map[string]bool{"the later one sets last": false, "the earlier one sets last": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, s := &vendorByID{}, &store{}
			a := byID(t, v, s, nil)
			second := func() {
				_, err := a.Send(t.Context(), recipient)
				assert.NoError(t, err)
			}
			once := sync.OnceFunc(second)
			if firstSetsLast {
				v.beside = func(string) { once() } // within the request of the first, whose id is PIN1
				once2 := v.beside
				v.beside = func(op string) {
					v.mu.Lock()
					v.beside = nil
					v.mu.Unlock()
					once2(op)
				}
			}
			_, err := a.Send(t.Context(), recipient)
			require.NoError(t, err)
			once()
			works, stopped := "000002", "000001"
			if firstSetsLast {
				works, stopped = stopped, works
			}
			assertOutcome(t, a.Check(t.Context(), recipient, stopped), verify.ErrMismatch)
			require.NoError(t, a.Check(t.Context(), recipient, works))
		})
	}
}

// A check whose reference is replaced while it is at the vendor is no yes.
func TestReferenceThatIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	v := &vendorByID{}
	a := byID(t, v, &store{}, nil)
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	v.beside = func(string) {
		v.mu.Lock()
		v.beside = nil
		v.mu.Unlock()
		_, err := a.Send(t.Context(), recipient)
		assert.NoError(t, err)
	}
	assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
	require.NoError(t, a.Check(t.Context(), recipient, "000002"))
}

// The caller goes away while the vendor's answer is on its way: the code that arrives
// can be checked, and one that was approved is not approved again.
func TestReferenceOutlivesTheCallersContext(t *testing.T) {
	t.Parallel()
	v := &vendorByID{}
	a := byID(t, v, &store{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	v.beside = func(string) { cancel() }
	_, _ = a.Send(ctx, recipient)
	v.beside = nil
	require.NoError(t, a.Check(t.Context(), recipient, "000001"), "the code was sent")

	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	ctx, cancel = context.WithCancel(t.Context())
	v.beside = func(string) { cancel() }
	first := a.Check(ctx, recipient, "000002")
	v.beside = nil
	second := a.Check(t.Context(), recipient, "000002")
	require.False(t, first == nil && second == nil, "one code, two approvals")
	assertOutcome(t, second, verify.ErrNotPending)
}
