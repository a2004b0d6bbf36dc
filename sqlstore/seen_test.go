package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/sqlstore"
	"github.com/go2fa/verify/verifytest"
)

func TestSeenKeepsEveryPromise(t *testing.T) {
	for name, of := range map[string]func(*sqlstore.DB) *sqlstore.Seen{"hooks": (*sqlstore.DB).HooksSeen, "delivery": (*sqlstore.DB).DeliverySeen} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, b backend) {
				verifytest.RunSeen(t, func(t *testing.T) verifytest.SeenTarget {
					db, prefix := b.fresh(t)
					return verifytest.SeenTarget{
						Seen: of(db), Advance: func(d time.Duration) { age(t, db, d) },
						Reopen: func(t *testing.T) delivery.Seen { return of(b.open(t, prefix)) },
					}
				})
			})
		})
	}
}

func beginSeen(t *testing.T, s *sqlstore.Seen, key byte) hooks.State {
	t.Helper()
	state, err := s.Begin(t.Context(), [16]byte{key}, time.Minute)
	require.NoError(t, err)
	return state
}

// A call whose reply is lost is made again, and finds what it did: its own claim is not
// busy, and its release ends no claim of another.
func TestSeenWhoseReplyIsLostIsTheCallersOwn(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		if db.Dialect() == sqlstore.PostgreSQL && !db.Functions() {
			t.Skip("no function has a part in it: the same as postgres")
		}
		s := db.HooksSeen()
		for key, f := range []fate{cutBefore, cutAfter} {
			lost, key := p.lost.Load(), byte(key)
			p.set(once(f))
			assert.Equal(t, hooks.New, beginSeen(t, s, key))
			assert.Equal(t, hooks.Busy, beginSeen(t, s, key), "another call")
			p.set(once(f))
			require.NoError(t, s.Release(t.Context(), [16]byte{key}))
			assert.Equal(t, hooks.New, beginSeen(t, s, key))
			p.set(once(f))
			require.NoError(t, s.Done(t.Context(), [16]byte{key}, time.Minute))
			assert.Equal(t, hooks.Done, beginSeen(t, s, key))
			assert.Equal(t, lost+3, p.lost.Load(), "the proxy cut each")
		}
	})
}

// A release whose reply was lost is made again after somebody else has claimed.
func TestAReleaseThatIsMadeAgainEndsNoClaimOfAnother(t *testing.T) {
	for _, b := range backends(t) {
		if b.name != "postgres" {
			continue
		}
		p, db := proxied(t, b)
		direct := opened(t, need(t, postgresServer())+"&prefix="+db.Named("<p>"))
		var err error
		s, other, calls := db.HooksSeen(), direct.HooksSeen(), 0
		assert.Equal(t, hooks.New, beginSeen(t, s, 1))
		p.set(func() fate {
			if calls++; calls == 1 {
				return cutAfter
			}
			for state := hooks.Busy; state != hooks.New && assert.NoError(t, err); {
				state, err = other.Begin(t.Context(), [16]byte{1}, time.Minute)
			}
			return pass
		})
		require.NoError(t, s.Release(t.Context(), [16]byte{1}))
		assert.Equal(t, 2, calls)
		assert.Equal(t, hooks.Busy, beginSeen(t, other, 1))
	}
}

func TestSeenTakesOneRoundTripOnPostgreSQL(t *testing.T) {
	for _, b := range backends(t) {
		if b.name != "postgres" {
			continue
		}
		p, db := proxied(t, b)
		s := db.HooksSeen()
		beginSeen(t, s, 99)
		for n, call := range []func(){
			func() { assert.Equal(t, hooks.New, beginSeen(t, s, 1)) },
			func() { assert.Equal(t, hooks.Busy, beginSeen(t, s, 1)) },
			func() { require.NoError(t, s.Release(t.Context(), [16]byte{1})) },
			func() { assert.Equal(t, hooks.New, beginSeen(t, s, 1)) },
			func() { require.NoError(t, s.Done(t.Context(), [16]byte{1}, time.Minute)) },
			func() { assert.Equal(t, hooks.Done, beginSeen(t, s, 1)) },
		} {
			p.rounds.Store(0)
			call()
			assert.LessOrEqual(t, p.rounds.Load(), int64(2), "call %d, and a sweep in one of a hundred", n)
		}
	}
}

// A claim that waited for a row that another process was just releasing, or whose
// lease ended while it waited, is decided by the row as it is then.
func TestSeenLooksAgainBehindTheLock(t *testing.T) {
	for _, b := range backends(t) {
		if b.name != "postgres" {
			continue
		}
		db, _ := b.fresh(t)
		s := db.HooksSeen()
		assert.Equal(t, hooks.New, beginSeen(t, s, 1))
		age(t, db, 2*time.Minute) // the lease is over
		tx, err := db.SQL().BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), db.Named("UPDATE <records> SET data = data || '{\"done\": true, \"until\": 4102444800000000}'"))
		require.NoError(t, err)
		got := make(chan hooks.State, 1)
		go func() {
			state, _ := s.Begin(context.WithoutCancel(t.Context()), [16]byte{1}, time.Minute)
			got <- state
		}()
		require.Eventually(t, func() bool {
			var waiting int
			row := db.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted")
			return row.Scan(&waiting) == nil && waiting > 0
		}, 10*time.Second, time.Millisecond)
		require.NoError(t, tx.Commit())
		assert.Equal(t, hooks.Done, <-got, "somebody else did it meanwhile")
	}
}

// What another version wrote is no claim, and no room for one.
func TestSeenOfAnotherLayoutIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		s := db.HooksSeen()
		beginSeen(t, s, 1)
		text := `'{"v": 2, "until": 1}'`
		_, err := db.SQL().ExecContext(t.Context(), db.Named("UPDATE <records> SET data = "+text))
		require.NoError(t, err)
		state, err := s.Begin(t.Context(), [16]byte{1}, time.Minute)
		require.ErrorContains(t, err, "layout of another version")
		assert.Zero(t, state)
		require.ErrorContains(t, s.Done(t.Context(), [16]byte{1}, time.Minute), "layout of another version")
		require.ErrorContains(t, s.Release(t.Context(), [16]byte{1}), "layout of another version")
		assert.Contains(t, dump(t, db), `"v"`)
		_, err = new(sqlstore.Seen).Begin(t.Context(), [16]byte{1}, time.Minute)
		require.Error(t, err)
	})
}

// Hooks and reports share nothing, and what is over is swept away.
func TestSeenIsKeptForItsTime(t *testing.T) {
	onEach(t, func(t *testing.T, b backend) {
		db, _ := b.fresh(t)
		for s, keep := range map[*sqlstore.Seen]time.Duration{db.HooksSeen(): 10 * time.Minute, db.DeliverySeen(): 24 * time.Hour} {
			assert.Equal(t, hooks.New, beginSeen(t, s, 1))
			require.NoError(t, s.Done(t.Context(), [16]byte{1}, keep))
			assert.Equal(t, "sqlstore{[hidden]}", fmt.Sprintf("%+v", s))
		}
		age(t, db, 10*time.Minute+time.Second)
		assert.Equal(t, hooks.New, beginSeen(t, db.HooksSeen(), 1), "over")
		assert.Equal(t, hooks.Done, beginSeen(t, db.DeliverySeen(), 1))
		age(t, db, 3*time.Hour)
		n, err := db.Sweep(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		assert.Equal(t, hooks.Done, beginSeen(t, db.DeliverySeen(), 1))
		age(t, db, 25*time.Hour)
		n, err = db.Sweep(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}
