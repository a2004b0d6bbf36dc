package sqlstore_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
	"github.com/go2fa/verify/verifytest"
)

// onServers runs a test on each backend that is a server, through a proxy.
func onServers(t *testing.T, test func(t *testing.T, p *proxy, db *sqlstore.DB)) {
	t.Helper()
	onAll(t, func(t *testing.T, b backend) {
		if b.name == "sqlite" {
			t.Skip("there is no wire to a file")
		}
		p, db := proxied(t, b)
		test(t, p, db)
	})
}

func proxied(t testing.TB, b backend) (*proxy, *sqlstore.DB) {
	t.Helper()
	base := postgresServer
	if b.name == "mariadb" {
		base = mysqlServer
	}
	_, prefix := b.fresh(t)
	p, at := through(t, need(t, base()))
	db := opened(t, at+"&prefix="+prefix)
	if b.url == nil {
		db.WithoutFunctions()
	}
	return p, db
}

// once gives one statement a fate. The connections of a proxy ask it at once.
func once(f fate) func() fate {
	var done atomic.Bool
	return func() fate {
		if done.Swap(true) {
			return pass
		}
		return f
	}
}

// An approval whose reply is lost stays one approval: the caller is told yes, and
// nobody else is.
func TestApprovalWhoseReplyIsLostIsToldOnce(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		for name, f := range map[string]fate{"before the server had it": cutBefore, "after the server committed": cutAfter} {
			t.Run(name, func(t *testing.T) {
				k, mac := aKey(), aMAC()
				mustIssue(t, db.Store(), k, anID(), mac)
				lost := p.lost.Load()
				p.set(once(f))
				assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
				assert.Equal(t, otp.Gone, attempt(t, db.Store(), k, anID(), mac), "a second person with the same code")
				assert.Equal(t, lost+1, p.lost.Load(), "the proxy cut one")
			})
		}
	})
}

// A send whose reply is lost is one send, and a wrong attempt one attempt.
func TestWhatIsLostIsCountedOnce(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		k, mac, l := aKey(), aMAC(), otp.Limits{Sends: 2, Cooldown: []time.Duration{0}}
		for range 2 {
			p.set(once(cutAfter))
			a, err := db.Store().Issue(t.Context(), k, anID(), mac, time.Minute, l)
			require.NoError(t, err)
			require.Equal(t, otp.Admitted, a.Refused)
		}
		for left := 4; left > 0; left-- {
			p.set(once(cutAfter))
			v, n, err := db.Store().Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, l)
			require.NoError(t, err)
			assert.Equal(t, otp.Wrong, v)
			assert.Equal(t, left, n)
		}
		require.NoError(t, db.Store().Revoke(t.Context(), k, otp.ID{1}), "of an unknown id")
	})
}

// A Check's attempt whose reply is lost is charged once, and is the first still: with an
// idempotency key another browser's Check has the same id, and is not.
func TestLedgerAttemptWhoseReplyIsLostIsTheFirst(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		for name, f := range map[string]fate{"before the server had it": cutBefore, "after the server committed": cutAfter} {
			t.Run(name, func(t *testing.T) {
				l, k, id, mine := db.Ledger(), failover.Key(aKey()), failover.ID(anID()), failover.ID(anID())
				_, err := l.Begin(t.Context(), k, failover.ID(anID()), "a", time.Minute)
				require.NoError(t, err)
				lost := p.lost.Load()
				p.set(once(f))
				a, err := l.Attempt(t.Context(), k, id, mine, failover.Limits{})
				require.NoError(t, err)
				assert.Equal(t, failover.Attempt{Backends: []string{"a"}, Left: 4}, a)
				assert.Equal(t, lost+1, p.lost.Load(), "the proxy cut one")
				a, err = l.Attempt(t.Context(), k, id, failover.ID(anID()), failover.Limits{})
				require.NoError(t, err)
				assert.Equal(t, failover.Pending, a.Progress)
			})
		}
	})
}

// What was revoked or reset, and is asked for again since the reply was lost, leaves
// alone what a person was sent meanwhile.
func TestWhatIsSentBetweenTwoTriesStays(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		other := db.Store()
		for name, undo := range map[string]func(k otp.Key) error{
			"revoked": func(k otp.Key) error { return db.Store().Revoke(t.Context(), k, otp.ID{}) },
			"reset":   func(k otp.Key) error { return db.Store().Reset(t.Context(), k) },
		} {
			t.Run(name, func(t *testing.T) {
				k, old, young := aKey(), aMAC(), aMAC()
				mustIssue(t, other, k, anID(), old)
				p.set(once(cutAfter))
				p.resets.Store(name == "reset")
				defer p.resets.Store(false)
				meanwhile := func() {
					assert.Equal(t, otp.Gone, attempt(t, other, k, anID(), old), "the first try did it")
					mustIssue(t, other, k, anID(), young)
				}
				p.answered.Store(&meanwhile)
				require.NoError(t, undo(k))
				assert.Nil(t, p.answered.Load())
				assert.Equal(t, otp.Match, attempt(t, other, k, anID(), young))
			})
		}
	})
}

// A server that hangs is given up in time, and the next connection gets the answer.
func TestServerThatHangsOnceIsAskedAgain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for four seconds")
	}
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		t.Parallel()
		k, mac := aKey(), aMAC()
		mustIssue(t, db.Store(), k, anID(), mac)
		p.set(once(hang))
		assert.Equal(t, otp.Match, attempt(t, db.Store(), k, anID(), mac))
	})
}

// A caller's deadline bounds the wait for a server that hangs, and the error says so.
func TestDeadlineBoundsAServerThatHangs(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		k := aKey()
		mustIssue(t, db.Store(), k, anID(), aMAC())
		p.set(func() fate { return hang })
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		v, left, err := db.Store().Attempt(ctx, k, anID(), []otp.MAC{aMAC()}, otp.Limits{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, otp.Gone, v)
		assert.Zero(t, left)
		assert.Less(t, time.Since(start), 2*time.Second)
	})
}

// If no reply ever comes the answer is an error, neither a yes nor a no. A transaction
// that was committed is found when it is made again, without a commit to lose.
func TestRepliesThatAreAllLostAreNoDenial(t *testing.T) {
	onServers(t, func(t *testing.T, p *proxy, db *sqlstore.DB) {
		k, mac, id := aKey(), aMAC(), anID()
		mustIssue(t, db.Store(), k, anID(), mac)
		p.set(func() fate { return cutAfter })
		v, _, err := db.Store().Attempt(t.Context(), k, id, []otp.MAC{mac}, loose())
		if db.Functions() && db.Dialect() == sqlstore.PostgreSQL {
			require.EqualError(t, err, "sqlstore: attempt: the server cannot be reached, or hung up")
		} else {
			require.NoError(t, err)
			require.Equal(t, otp.Match, v)
		}
		p.set(func() fate { return pass })
		assert.Equal(t, otp.Gone, attempt(t, db.Store(), k, anID(), mac), "another person is not let in by it")
		assert.Equal(t, otp.Match, attempt(t, db.Store(), k, id, mac), "the same call is told what it won")
	})
}

// The whole suite holds while one in sixty of the statements that settle something
// loses its connection, before the server has it or after the server has done it.
func TestSuiteWithRepliesThatAreLost(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, b backend) {
		t.Parallel()
		if b.name == "sqlite" {
			t.Skip("there is no wire to a file")
		}
		var proxies []*proxy
		verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
			p, db := proxied(t, b)
			p.set(func() fate {
				if rand.N(60) > 0 {
					return pass
				}
				return []fate{cutBefore, cutAfter}[rand.N(2)]
			})
			proxies = append(proxies, p)
			return verifytest.StoreTarget{Store: db.Store(), Histories: asked("LOST", 15), Storm: asked("SUITE_STORM", 1000)}
		})
		var all, lost int64
		for _, p := range proxies {
			all, lost = all+p.statements.Load(), lost+p.lost.Load()
		}
		assert.NotZero(t, lost)
		t.Logf("%d of %d statements lost their connection", lost, all)
	})
}
