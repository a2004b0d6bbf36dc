package driver_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// The tests of this file keep a processor busy, and so run before those that
// watch the clock: none is parallel.

// A dead vendor gets a tenth more requests than there are calls, and twenty.
func TestBudgetOfADeadVendor(t *testing.T) {
	for name, dead := range map[string]struct {
		kind  string
		move  move
		want  verify.Outcome
		calls int
	}{
		"refused, sends":   {"send", refuse, verify.ErrUnavailable, 10_000},
		"refused, checks":  {"check", refuse, verify.ErrUnavailable, 2000},
		"throttled, sends": {"send", say(429, ""), verify.ErrRateLimited, 2000},
		"reset, checks":    {"check", lose, unknown, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, d := newDouble(t, dead.move)
				call := kinds()[dead.kind].call
				for range dead.calls {
					_, err := c.Do(t.Context(), call)
					require.ErrorIs(t, err, dead.want)
				}
				assert.LessOrEqual(t, d.tries, dead.calls+dead.calls/10+20)
				assert.GreaterOrEqual(t, d.tries, dead.calls+dead.calls/10, "the budget is there to be used")
			})
		})
	}
}

func TestBudgetOfManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, d := newDouble(t, refuse)
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				for range 10 {
					_, err := c.Do(t.Context(), kinds()["send"].call)
					assert.ErrorIs(t, err, verify.ErrUnavailable)
				}
			})
		}
		wait.Wait()
		assert.LessOrEqual(t, d.tries, 1000+100+20)
		assert.GreaterOrEqual(t, d.tries, 1000+100)
	})
}

func TestBudgetRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, d := newDouble(t, refuse)
		call := kinds()["check"].call // two tries, so that a repeat is a try more than calls
		ask := func(n int) (repeats int) {
			before := d.tries
			for range n {
				_, _ = c.Do(t.Context(), call) // counted below
			}
			return d.tries - before - n
		}

		require.Equal(t, 20, ask(20), "at first there are twenty")
		ask(5)
		require.Zero(t, ask(1), "then none is left")

		d.restart(say(200, accepted))
		ask(9)
		d.restart(refuse)
		require.Equal(t, 1, ask(1), "then calls that go well earn another")

		d.restart(say(200, accepted))
		ask(10_000)
		d.restart(refuse)
		require.Equal(t, 20+2, ask(25), "twenty are saved up at most, and these calls earn two more")
	})
}
