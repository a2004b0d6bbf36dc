package failover_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	key    = failover.Key{1}
	limits = failover.Limits{Attempts: 5, Failures: 100, Remember: 30 * 24 * time.Hour}
)

func id(n byte) failover.ID { return failover.ID{n} }

// ledger makes calls that must not fail.
type ledger struct {
	t *testing.T
	failover.MemoryLedger
}

func (l *ledger) open(n byte, backend string) time.Duration {
	l.t.Helper()
	busy, err := l.Begin(l.t.Context(), key, id(n), backend, 20*time.Second)
	require.NoError(l.t, err)
	return busy
}

func (l *ledger) close(n byte, backend string, s failover.State) {
	l.t.Helper()
	require.NoError(l.t, l.End(l.t.Context(), key, id(n), backend, s, 10*time.Minute))
}

func (l *ledger) sent(n byte, backend string) {
	l.t.Helper()
	require.Zero(l.t, l.open(n, backend))
	l.close(n, backend, failover.Sent)
}

func (l *ledger) charge(n byte) failover.Attempt {
	l.t.Helper()
	return l.chargeBy(n, n)
}

func (l *ledger) chargeBy(n, by byte) failover.Attempt {
	l.t.Helper()
	c, err := l.Attempt(l.t.Context(), key, id(n), id(by), limits)
	require.NoError(l.t, err)
	return c
}

func (l *ledger) settle(n byte, v failover.Verdict) bool {
	l.t.Helper()
	won, err := l.Settle(l.t.Context(), key, id(n), v)
	require.NoError(l.t, err)
	return won
}

func bubble(t *testing.T, f func(l *ledger)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { f(&ledger{t: t}) })
}

func TestALeaseHoldsOthersOff(t *testing.T) {
	bubble(t, func(l *ledger) {
		require.Zero(t, l.open(1, "a"))
		require.Zero(t, l.open(1, "a"), "the same id again")
		<-time.After(5 * time.Second)
		assert.Equal(t, 15*time.Second, l.open(2, "b"))
		assert.Equal(t, []string{"a"}, l.charge(9).Backends, "a possibly sent code can be checked")
		<-time.After(15 * time.Second)
		assert.Zero(t, l.open(2, "b"), "a Send that never closed does not hold for ever")
	})
}

func TestNotSentRestores(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		require.Zero(t, l.open(2, "a"))
		l.close(2, "a", failover.NotSent)
		assert.Equal(t, []string{"a"}, l.charge(10).Backends)
		require.Zero(t, l.open(3, "b"))
		assert.Equal(t, []string{"b", "a"}, l.charge(11).Backends)
		l.close(3, "b", failover.NotSent)
		assert.Equal(t, []string{"a"}, l.charge(12).Backends)
	})
}

func TestTwoBackendsAtMost(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.sent(2, "b")
		l.sent(3, "c")
		assert.Equal(t, []string{"c", "b"}, l.charge(10).Backends, "newest first, two at most")
		l.sent(4, "b")
		assert.Equal(t, []string{"b", "c"}, l.charge(11).Backends)
	})
}

func TestBackendsDieWithTheirCodes(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		<-time.After(10*time.Minute - 1)
		assert.Equal(t, []string{"a"}, l.charge(10).Backends)
		<-time.After(1)
		assert.Equal(t, failover.Attempt{}, l.charge(11))
	})
}

func TestChargesAndSettlesAreAnsweredAgain(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		first := l.charge(10)
		assert.Equal(t, first, l.charge(10), "charged once, and the first to the call whose reply was lost")
		another := first
		another.Progress = failover.Pending
		assert.Equal(t, another, l.chargeBy(10, 11), "another call of the same Check")
		assert.Equal(t, 4, first.Left)
		assert.True(t, l.settle(10, failover.Approved))
		assert.True(t, l.settle(10, failover.Approved), "an approval is never taken back by a replay")
		assert.True(t, l.settle(10, failover.Denied))
	})
}

func TestNotAskedGivesBackOnce(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		l.charge(11)
		assert.False(t, l.settle(10, failover.NotAsked))
		assert.False(t, l.settle(10, failover.NotAsked))
		assert.Equal(t, 3, l.charge(12).Left)
		assert.Equal(t, 2, l.charge(13).Left)
	})
}

func TestOneApprovalOfThoseCharged(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		l.charge(11)
		assert.True(t, l.settle(10, failover.Approved))
		l.sent(2, "b")
		assert.False(t, l.settle(11, failover.Approved), "charged before the approval: of the old code")
		assert.Equal(t, []string{"b"}, l.charge(12).Backends)
		assert.True(t, l.settle(12, failover.Approved))
	})
}

func TestAnApprovalDuringASendLeavesOnlyTheNewCode(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		require.Zero(t, l.open(2, "b"))
		assert.True(t, l.settle(10, failover.Approved))
		l.close(2, "b", failover.NotSent)
		assert.Empty(t, l.charge(11).Backends, "what was approved does not come back")
	})
}

func TestFailuresAreRemembered(t *testing.T) {
	bubble(t, func(l *ledger) {
		n := byte(100)
		for range 20 {
			n++
			l.sent(n, "a")
			for attempt := range byte(5) {
				require.False(t, l.charge(attempt+1).Locked)
			}
			<-time.After(3 * time.Minute) // the IDs may be used again
		}
		l.sent(1, "a")
		assert.Equal(t, failover.Attempt{Locked: true, Blocked: true}, l.charge(10), "R17: 100 over all codes")
		<-time.After(31 * 24 * time.Hour)
		l.sent(2, "a")
		assert.False(t, l.charge(11).Locked, "30 days later")
	})
}

func TestALateCloseStillKeepsItsBackend(t *testing.T) {
	bubble(t, func(l *ledger) {
		require.Zero(t, l.open(1, "a"))
		<-time.After(time.Minute)
		require.Zero(t, l.open(2, "b"))
		l.close(1, "a", failover.Sent)
		assert.Equal(t, []string{"a", "b"}, l.charge(10).Backends)
		assert.NotZero(t, l.open(3, "c"), "the lease is the other's")
		l.close(1, "a", failover.NotSent)
		assert.Equal(t, []string{"a", "b"}, l.charge(11).Backends)
	})
}

func TestAttemptsDuringASendAreNotForgotten(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		require.Zero(t, l.open(2, "a"))
		l.charge(11)
		l.charge(12)
		l.settle(12, failover.NotAsked)
		l.close(2, "a", failover.Sent)
		assert.Equal(t, 3, l.charge(13).Left, "one attempt was made while the code may have arrived")
	})
}

func TestAnApprovalEndsTheOtherBackendsOfASend(t *testing.T) {
	bubble(t, func(l *ledger) {
		require.Zero(t, l.open(1, "a"))
		l.close(1, "a", failover.Unknown)
		l.charge(10)
		assert.True(t, l.settle(10, failover.Approved))
		assert.NotZero(t, l.open(1, "b"), "nobody needs another code")
	})
	t.Run("in the middle of it", func(t *testing.T) {
		bubble(t, func(l *ledger) {
			require.Zero(t, l.open(1, "a"))
			l.close(1, "a", failover.Unknown)
			require.Zero(t, l.open(1, "b"))
			l.charge(10)
			assert.True(t, l.settle(10, failover.Approved))
			l.close(1, "b", failover.Sent)
			assert.Empty(t, l.charge(11).Backends, "one approval of the two codes of one Send")
			l.sent(2, "b")
			assert.Equal(t, []string{"b"}, l.charge(12).Backends)
		})
	})
}

func TestAnOlderCodeApprovedDuringASendLeavesTheNewOne(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		require.Zero(t, l.open(2, "b"))
		assert.True(t, l.settle(10, failover.Approved))
		l.close(2, "b", failover.Sent)
		assert.Equal(t, []string{"b"}, l.charge(11).Backends)
	})
}

func TestAReplayedCloseIsNotHeard(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		l.charge(10)
		assert.True(t, l.settle(10, failover.Approved))
		l.close(1, "a", failover.Sent)
		require.Zero(t, l.open(1, "a"))
		assert.Empty(t, l.charge(11).Backends, "what was approved does not come back")
	})
}

// broken is a ledger whose methods fail as they are told.
type broken struct {
	failover.MemoryLedger
	fails string
}

var errDown = errors.New("down")

func (b *broken) Begin(ctx context.Context, k failover.Key, i failover.ID, backend string, d time.Duration) (time.Duration, error) {
	if b.fails == "open" {
		return 0, errDown
	}
	return b.MemoryLedger.Begin(ctx, k, i, backend, d)
}

func (b *broken) End(ctx context.Context, k failover.Key, i failover.ID, backend string, s failover.State, d time.Duration) error {
	if b.fails == "close" {
		return errDown
	}
	return b.MemoryLedger.End(ctx, k, i, backend, s, d)
}

func (b *broken) Attempt(ctx context.Context, k failover.Key, i, by failover.ID, l failover.Limits) (failover.Attempt, error) {
	if b.fails == "charge" {
		return failover.Attempt{Backends: []string{"a"}}, errDown
	}
	return b.MemoryLedger.Attempt(ctx, k, i, by, l)
}

func (b *broken) Settle(ctx context.Context, k failover.Key, i failover.ID, v failover.Verdict) (bool, error) {
	if b.fails == "settle" {
		return true, errDown
	}
	return b.MemoryLedger.Settle(ctx, k, i, v)
}

func TestALedgerThatFailsClosesTheDoor(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"open", "close", "charge", "settle"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			l := &broken{}
			v, a, b := pair(t, func(c *failover.Config) { c.Ledger, c.Keys = l, [][]byte{make([]byte, 32)} })
			if method == "open" || method == "close" {
				l.fails = method
				_, err := v.Send(t.Context(), phone)
				if method == "open" {
					require.ErrorIs(t, err, verify.ErrUnavailable)
					assert.Zero(t, a.sends+b.sends, "R31: nothing is sent that could not be taken down")
				} else {
					require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
				}
				return
			}
			_, err := v.Send(t.Context(), phone)
			require.NoError(t, err)
			l.fails = method
			require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrOutcomeUnknown)
			if method == "charge" {
				assert.Zero(t, a.checks)
			}
		})
	}
}

func TestABackendThatIsNotConfiguredAnyMore(t *testing.T) {
	t.Parallel()
	l := new(failover.MemoryLedger)
	v, _, _ := pair(t, func(c *failover.Config) { c.Ledger, c.Keys = l, [][]byte{make([]byte, 32)} })
	_, err := v.Send(t.Context(), phone)
	require.NoError(t, err)
	later, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Verifier: newDouble("c", codeA)}}, Ledger: l, Keys: [][]byte{make([]byte, 32)},
	})
	require.NoError(t, err)
	e := asError(t, later.Check(t.Context(), phone, codeA))
	assert.Equal(t, verify.ErrUnavailable, e.Outcome)
	assert.Contains(t, e.Detail, "not configured")
}
