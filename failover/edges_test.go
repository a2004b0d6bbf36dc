package failover_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// A hiccup is a ledger of which each method fails the first time.
type hiccup struct {
	failover.MemoryLedger
	charges, closes int
	lease           time.Duration
}

func (h *hiccup) Begin(ctx context.Context, k failover.Key, i failover.ID, backend string, d time.Duration) (time.Duration, error) {
	h.lease = d
	return h.MemoryLedger.Begin(ctx, k, i, backend, d)
}

func (h *hiccup) End(ctx context.Context, k failover.Key, i failover.ID, backend string, s failover.State, d time.Duration) error {
	if h.closes++; h.closes == 1 {
		return errDown
	}
	return h.MemoryLedger.End(ctx, k, i, backend, s, d)
}

func (h *hiccup) Attempt(ctx context.Context, k failover.Key, i, by failover.ID, l failover.Limits) (failover.Attempt, error) {
	if h.charges++; h.charges == 1 {
		return failover.Attempt{}, errDown
	}
	return h.MemoryLedger.Attempt(ctx, k, i, by, l)
}

func over(l failover.Ledger) func(*failover.Config) {
	return func(c *failover.Config) { c.Ledger, c.Keys = l, [][]byte{make([]byte, 32)} }
}

func TestALedgerIsAskedTwice(t *testing.T) {
	t.Parallel()
	l := new(hiccup)
	v, _, _ := pair(t, over(l))
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.NoError(t, v.Check(t.Context(), phone, codeA))
	assert.Equal(t, [2]int{2, 2}, [2]int{l.closes, l.charges})
}

func TestALeaseOutlivesItsSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := new(hiccup)
		v, _, _ := pair(t, over(l))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		_, err := v.Send(ctx, phone)
		require.NoError(t, err)
		assert.Equal(t, 9*time.Second, l.lease, "by 5 seconds")
	})
}

// A backend that takes its time leaves the others theirs.
func TestEachBackendHasItsShareOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, a, b := pair(t, next)
		a.effect = true
		a.fails("send", verify.ErrOutcomeUnknown)
		_, err := v.Send(t.Context(), phone)
		require.NoError(t, err)
		b.delay, a.delay = time.Hour, 4*time.Second // b sent last, and is asked first
		require.NoError(t, v.Check(t.Context(), phone, codeA), "5 of 10 seconds are left")
	})
}

func TestEachBackendHasItsShareOfAProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(d time.Duration) func(context.Context) error {
			return func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					return &verify.Error{Vendor: "x", Op: "probe", Outcome: verify.ErrUnavailable}
				case <-time.After(d):
					return nil
				}
			}
		}
		v, err := failover.New(failover.Config{Backends: []failover.Backend{
			{Verifier: probed{vendor: "a", probe: slow(time.Hour)}}, {Verifier: probed{vendor: "b", probe: slow(4 * time.Second)}},
		}})
		require.NoError(t, err)
		e := asError(t, v.Probe(t.Context()))
		assert.Equal(t, "a: unavailable", e.Detail, "5 of 10 seconds are left to b")
	})
}

func TestHalfOfTheCallsOpenTheBreaker(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t)
	many(t, v, 5)
	a.fails("send", verify.ErrUnavailable)
	many(t, v, 100)
	assert.Equal(t, 10, a.sends)
}

func TestDeadlinesOfCallersDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newDouble("a", codeA)
		v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: a}}})
		require.NoError(t, err)
		a.delay = time.Hour
		for n := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := v.Send(ctx, fmt.Sprintf("+150055501%02d", n))
			cancel()
			require.Error(t, err)
		}
		a.delay = 0
		_, err = v.Send(t.Context(), phone)
		require.NoError(t, err)
	})
}

func TestTheShortestWaitIsTold(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ a, b, want time.Duration }{
		"the first":      {20 * time.Second, time.Minute, 20 * time.Second},
		"the second":     {time.Minute, 20 * time.Second, 20 * time.Second},
		"the only one":   {0, time.Minute, time.Minute},
		"that of before": {time.Minute, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, a, b := pair(t)
			a.fail["send"] = &verify.Error{Outcome: verify.ErrRateLimited, RetryAfter: tc.a}
			b.fail["send"] = &verify.Error{Outcome: verify.ErrRateLimited, RetryAfter: tc.b}
			_, err := v.Send(t.Context(), phone)
			assert.Equal(t, tc.want, asError(t, err).RetryAfter)
		})
	}
}

func TestRequestsOfAllBackendsAreCounted(t *testing.T) {
	t.Parallel()
	v, a, _ := pair(t, over(&deafToSent{}))
	a.fail["send"] = &verify.Error{Outcome: verify.ErrUnavailable, Requests: 3}
	_, err := v.Send(t.Context(), phone)
	e := asError(t, err)
	assert.Equal(t, verify.ErrOutcomeUnknown, e.Outcome)
	assert.Equal(t, 4, e.Requests)
}

// deafToSent takes down only what was not sent.
type deafToSent struct{ failover.MemoryLedger }

func (d *deafToSent) End(ctx context.Context, k failover.Key, i failover.ID, backend string, s failover.State, ttl time.Duration) error {
	if s != failover.NotSent {
		return errDown
	}
	return d.MemoryLedger.End(ctx, k, i, backend, s, ttl)
}

func TestTheLongestPrefixOfARoute(t *testing.T) {
	t.Parallel()
	v, a, b := pair(t, func(c *failover.Config) {
		c.Routes = map[string][]string{strings.Repeat("9", 15): {"b"}}
	})
	_, err := v.Send(t.Context(), "+"+strings.Repeat("9", 15))
	require.NoError(t, err)
	assert.Equal(t, [2]int{0, 1}, [2]int{a.sends, b.sends})
}

func TestLengthsOfCodes(t *testing.T) {
	t.Parallel()
	lengths := func(least, most, usual int) func(*failover.Config) {
		return func(c *failover.Config) {
			for _, l := range c.Backends {
				d := l.Verifier.(*double)
				d.capabilities.MinDigits, d.capabilities.MaxDigits, d.capabilities.DefaultDigits = least, most, usual
			}
		}
	}
	v, _, _ := pair(t, lengths(7, 7, 7))
	assert.Equal(t, 7, v.Capabilities().MinDigits, "the one length that there is")
	v, _, _ = pair(t, lengths(4, 8, 4))
	assert.Equal(t, 4, v.Capabilities().DefaultDigits, "what all do by themselves")

	v, _, _ = pair(t, lengths(6, 8, 6))
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	for range 10 {
		require.ErrorIs(t, v.Check(t.Context(), phone, "1234567890"), verify.ErrMismatch)
	}
	require.NoError(t, v.Check(t.Context(), phone, codeA), "no backend sends so many digits: they were no attempts")
	v, a, _ := pair(t, func(c *failover.Config) { c.Backends[1].Verifier.(*double).capabilities.MaxDigits = 0 })
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err)
	require.ErrorIs(t, v.Check(t.Context(), phone, "1234567890"), verify.ErrMismatch)
	assert.Zero(t, a.compared, "and it says so itself")
}

func TestAScopeAsLongAsMayBe(t *testing.T) {
	t.Parallel()
	v, _, _ := pair(t, func(c *failover.Config) {
		a, b := c.Backends[0].Verifier.(*double), c.Backends[1].Verifier.(*double)
		a.capabilities.Scopes, a.capabilities.MaxScope, b.capabilities.MaxScope = []string{"login", "payment"}, 0, 5
	})
	assert.Equal(t, []string{"login"}, v.Capabilities().Scopes)
}
