package guard_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
)

// Whoever floods the store cannot reset anybody's count: for 29 simulated days two
// prefixes, a recipient and an address stay at their limits while others come and go.
func TestAFloodResetsNobodysCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		month := guard.Limit{Sends: 5, Window: 29*24*time.Hour + time.Hour}
		store := &guard.MemoryStore{MaxRecords: 4000}
		g := newGuarded(t, guard.Config{
			Store: store, Convert: guard.Off, Recipient: month, IP: guard.Limit{Sends: 5, Window: 700 * time.Hour}, Total: guard.Limit{Sends: 100, Window: time.Hour},
		})
		for range 5 {
			require.NoError(t, g.send(american, from("203.0.113.7")))
		}
		admitted := 0
		for hour := range 29 * 24 {
			for i := range 10 {
				if g.send(fmt.Sprintf("a%d-%d@example.com", hour, i), from(fmt.Sprintf("8.%d.%d.%d", i, hour/250, hour%250))) == nil {
					admitted++
				}
			}
			require.Error(t, g.send(american, from("203.0.113.8")), "hour %d: the recipient", hour)
			require.Error(t, g.send("b@example.com", from("203.0.113.7")), "hour %d: the address", hour)
			time.Sleep(time.Hour)
		}
		assert.Greater(t, admitted, 1500)
		assert.Equal(t, guard.RuleStore, g.events[len(g.events)-3].Rule, "the store is full, and refuses rather than forget")
		time.Sleep(60 * 24 * time.Hour)
		for range 40 {
			_ = g.send(inARow(1), from("8.8.8.8")) // a full store makes room as it is asked
		}
		require.NoError(t, g.send(american, from("203.0.113.7")), "what has ended makes room")
	})
}

func TestAStoreForgetsWhatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &guard.MemoryStore{MaxRecords: 1000}
		g := newGuarded(t, guard.Config{Store: store, Total: guard.Limit{Sends: 100_000, Window: 3 * time.Hour}, Country: guard.Limit{Sends: 100_000, Window: time.Hour}})
		for i := range 20_000 {
			require.NoError(t, g.send(fmt.Sprintf("a%d@example.com", i)))
			time.Sleep(10 * time.Second)
		}
	})
}

func TestTheOldestApprovalLeavesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t, guard.Config{Store: &guard.MemoryStore{MaxKnown: 3}, Total: guard.Limit{Sends: 1, Window: time.Hour}})
		require.NoError(t, g.send("stranger@example.com"))
		for _, who := range []string{"a", "b", "c", "a", "a", "d"} {
			g.approve(who + "@example.com")
			time.Sleep(time.Second)
		}
		for who, known := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
			assert.Equal(t, known, g.send(who+"@example.com") == nil, who)
		}
		for i := range 500 {
			g.approve("a@example.com")
			g.approve(fmt.Sprintf("x%d@example.com", i%2))
		}
		require.NoError(t, g.send("a@example.com"))
		require.NoError(t, g.send("x1@example.com"))
		require.ErrorIs(t, g.send("d@example.com"), verify.ErrTooManySends)
	})
}
