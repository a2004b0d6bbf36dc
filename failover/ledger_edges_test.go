package failover_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
)

func TestWhatIsLeftIsTheSmallerOfTwoLimits(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		c, err := l.Attempt(t.Context(), key, id(10), id(10), failover.Limits{Attempts: 5, Failures: 3, Remember: time.Hour})
		require.NoError(t, err)
		assert.Equal(t, 2, c.Left)
	})
}

func TestAnIDIsKnownForTwoMinutes(t *testing.T) {
	bubble(t, func(l *ledger) {
		l.sent(1, "a")
		first := l.charge(10)
		<-time.After(2 * time.Minute)
		assert.Equal(t, first, l.charge(10), "to the last moment")
		<-time.After(time.Microsecond)
		assert.NotEqual(t, first, l.charge(10), "and no longer")
	})
	t.Run("a try's", func(t *testing.T) {
		bubble(t, func(l *ledger) {
			l.sent(1, "a")
			l.charge(10)
			l.settle(10, failover.Approved)
			<-time.After(2 * time.Minute)
			l.close(1, "a", failover.Sent)
			assert.Empty(t, l.charge(11).Backends, "what was approved does not come back")
		})
	})
}

func TestFailuresAreRememberedToTheLastMoment(t *testing.T) {
	bubble(t, func(l *ledger) {
		few := failover.Limits{Attempts: 5, Failures: 1, Remember: time.Hour}
		charge := func(n byte) failover.Attempt {
			c, err := l.Attempt(t.Context(), key, id(n), id(n), few)
			require.NoError(t, err)
			return c
		}
		l.sent(1, "a")
		charge(10)
		<-time.After(time.Hour)
		l.sent(2, "a")
		assert.True(t, charge(11).Blocked)
		<-time.After(time.Microsecond)
		assert.False(t, charge(12).Blocked)
	})
}

func TestAnOpenThatIsRepeatedIsOneTry(t *testing.T) {
	bubble(t, func(l *ledger) {
		require.Zero(t, l.open(2, "a"))
		require.Zero(t, l.open(2, "a"))
		l.close(2, "a", failover.NotSent)
		assert.Empty(t, l.charge(10).Backends, "as it was before the first")
	})
}
