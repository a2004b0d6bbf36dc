package redisstore_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/verifytest"
)

var attempts = failover.Limits{Attempts: 5, Failures: 12, Remember: time.Hour}

func aLedger(t testing.TB, srv server) *redisstore.Ledger {
	t.Helper()
	_, prefix := aStore(t, srv.client(t))
	l, err := redisstore.NewLedger(srv.client(t), redisstore.Config{Prefix: prefix})
	require.NoError(t, err)
	return l
}

func aLedgerKey() failover.Key { return failover.Key(aKey()) }

func TestLedgerSuite(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		histories := asked(srv, "HISTORIES", 1000)
		if srv.advance != nil {
			histories = 100 // miniredis compiles a script each time it runs it
		}
		verifytest.RunLedger(t, func(t *testing.T) verifytest.LedgerTarget {
			client := srv.client(t)
			_, prefix := aStore(t, client)
			ledger := func(t *testing.T) failover.Ledger {
				l, err := redisstore.NewLedger(srv.client(t), redisstore.Config{Prefix: prefix})
				require.NoError(t, err)
				return l
			}
			return verifytest.LedgerTarget{Ledger: ledger(t), Advance: srv.advance, Reopen: ledger, Histories: histories}
		})
	})
}

func TestLedgersLeasesAndBackendsEnd(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	l, k := aLedger(t, srv), aLedgerKey()
	busy, err := l.Begin(t.Context(), k, failover.ID{1}, "a", 20*time.Second)
	require.NoError(t, err)
	require.Zero(t, busy)
	busy, err = l.Begin(t.Context(), k, failover.ID{2}, "b", 20*time.Second)
	require.NoError(t, err)
	assert.InDelta(t, 20*time.Second, busy, float64(5*time.Second))
	srv.advance(21 * time.Second)
	busy, err = l.Begin(t.Context(), k, failover.ID{2}, "b", 20*time.Second)
	require.NoError(t, err)
	require.Zero(t, busy, "a Send that never closed does not hold for ever")
	require.NoError(t, l.End(t.Context(), k, failover.ID{2}, "b", failover.Sent, 10*time.Minute))
	srv.advance(10*time.Minute - time.Second)
	c, err := l.Attempt(t.Context(), k, failover.ID{3}, failover.ID{3}, attempts)
	require.NoError(t, err)
	assert.Equal(t, []string{"b"}, c.Backends)
	srv.advance(2 * time.Second)
	c, err = l.Attempt(t.Context(), k, failover.ID{4}, failover.ID{4}, attempts)
	require.NoError(t, err)
	assert.Equal(t, failover.Attempt{}, c)
}

// go-redis sends a script again whose reply it did not get, and the Check that charged
// must not be taken for one of another browser.
func TestLedgerAttemptWhoseReplyIsLostIsTheFirst(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]error{"the connection is closed": nil, "no answer in time": late} {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv server) {
				w := &wire{how: how}
				client := srv.client(t, w.into)
				_, prefix := aStore(t, client)
				l, err := redisstore.NewLedger(client, redisstore.Config{Prefix: prefix})
				require.NoError(t, err)
				k, id, mine, another := aLedgerKey(), failover.ID{3}, failover.ID{4}, failover.ID{5}
				_, err = l.Begin(t.Context(), k, failover.ID{1}, "a", time.Minute)
				require.NoError(t, err)
				require.NoError(t, l.End(t.Context(), k, failover.ID{1}, "a", failover.Sent, 10*time.Minute))
				attempt := func(by failover.ID) failover.Attempt {
					a, err := l.Attempt(t.Context(), k, id, by, attempts)
					require.NoError(t, err)
					return a
				}
				w.requests.Store(0)
				w.lose.Store(1)
				a := attempt(mine)
				assert.Equal(t, failover.Attempt{Backends: []string{"a"}, Left: 4}, a)
				assert.EqualValues(t, 2, w.requests.Load(), "go-redis asks again by itself")
				assert.Equal(t, failover.Pending, attempt(another).Progress)
				assert.Equal(t, failover.First, attempt(mine).Progress)

				keys := keysOf(t, client, prefix)
				require.Len(t, keys, 1)
				entry := client.Get(t.Context(), keys[0]).Val()
				old := regexp.MustCompile(`"by":"[0-9a-f]{32}",?`).ReplaceAllString(entry, "")
				require.NotEqual(t, entry, old)
				require.NoError(t, client.Set(t.Context(), keys[0], strings.ReplaceAll(old, ",}", "}"), time.Minute).Err())
				for _, by := range []failover.ID{mine, another, {}} {
					assert.Equal(t, failover.Pending, attempt(by).Progress, "of an entry that is older than the calls' ids")
				}
			})
		})
	}
}

func TestLedgerForgetsWhatMeansNothing(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client := srv.client(t)
		_, prefix := aStore(t, client)
		l, err := redisstore.NewLedger(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		k := aLedgerKey()
		_, err = l.Begin(t.Context(), k, failover.ID{1}, "a", time.Minute)
		require.NoError(t, err)
		require.NoError(t, l.End(t.Context(), k, failover.ID{1}, "a", failover.Sent, 10*time.Minute))
		for _, key := range keysOf(t, client, prefix) {
			ttl := client.PTTL(t.Context(), key).Val()
			assert.Positive(t, ttl, "every key expires")
			assert.LessOrEqual(t, ttl, 12*time.Minute+time.Second, "the life of the code, and two minutes in which its id is known")
		}
	})
}

func TestCompositeOverTwoProcesses(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		vendor := &oneCode{code: "135790", live: map[string]bool{}}
		l := aLedger(t, srv)
		process := func() *failover.Verifier {
			v, err := failover.New(failover.Config{
				Backends: []failover.Backend{{Verifier: vendor}}, Ledger: l, Keys: [][]byte{make([]byte, 32)},
			})
			require.NoError(t, err)
			return v
		}
		_, err := process().Send(t.Context(), "+15005550006")
		require.NoError(t, err)
		var mu sync.Mutex
		won := 0
		var group sync.WaitGroup
		for range 32 {
			group.Go(func() {
				if process().Check(t.Context(), "+15005550006", vendor.code) == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		assert.Equal(t, 1, won, "R19: one approval over any number of processes")
	})
}

func TestLedgerThatCannotAnswer(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	client := srv.client(t)
	l, err := redisstore.NewLedger(client, redisstore.Config{})
	require.NoError(t, err)
	k := aLedgerKey()
	_, err = l.Begin(t.Context(), k, failover.ID{1}, "a", time.Minute)
	require.NoError(t, err)
	keys := keysOf(t, client, "verify:")
	require.Len(t, keys, 1)
	require.NoError(t, client.Set(t.Context(), keys[0], "not JSON", 0).Err())
	_, err = l.Attempt(t.Context(), k, failover.ID{2}, failover.ID{2}, attempts)
	require.ErrorContains(t, err, "layout")
	require.NoError(t, l.Reset(t.Context(), k), "what cannot be read can be forgotten")
	_, err = l.Attempt(t.Context(), k, failover.ID{2}, failover.ID{2}, attempts)
	require.NoError(t, err)

	require.NoError(t, client.Close())
	_, err = l.Begin(t.Context(), k, failover.ID{1}, "a", time.Minute)
	require.Error(t, err)
	require.Error(t, l.End(t.Context(), k, failover.ID{1}, "a", failover.Sent, time.Minute))
	_, err = l.Attempt(t.Context(), k, failover.ID{1}, failover.ID{1}, attempts)
	require.Error(t, err)
	_, err = l.Settle(t.Context(), k, failover.ID{1}, failover.Approved)
	require.Error(t, err)
	require.ErrorContains(t, l.Reset(t.Context(), k), "reset")
	assert.NotContains(t, err.Error(), keys[0])
}

func TestOpenLedger(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	l, err := redisstore.OpenLedger("redis://" + srv.options().Addr + "/0")
	require.NoError(t, err)
	_, err = l.Attempt(t.Context(), aLedgerKey(), failover.ID{1}, failover.ID{1}, attempts)
	require.NoError(t, err)
	mine, ok := l.(*redisstore.Ledger)
	require.True(t, ok)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", mine, mine, mine, mine), srv.options().Addr)
	require.NoError(t, mine.Closer().Close())
	_, err = l.Attempt(t.Context(), aLedgerKey(), failover.ID{1}, failover.ID{1}, attempts)
	require.ErrorContains(t, err, "closed")

	_, err = redisstore.OpenLedger("http://127.0.0.1")
	require.Error(t, err)
	_, err = redisstore.NewLedger(nil, redisstore.Config{})
	require.Error(t, err)
}

// oneCode is a vendor that sends one code to everybody.
type oneCode struct {
	code string
	mu   sync.Mutex
	live map[string]bool
}

func (*oneCode) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "one", Channels: []verify.Channel{verify.ChannelSMS}, MaxScope: 64}
}
