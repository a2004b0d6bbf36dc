package redisstore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/verifytest"
)

func newGuard(t testing.TB, client redis.UniversalClient) (*redisstore.Guard, string) {
	t.Helper()
	prefix := "test-" + rand.Text() + ":"
	store, err := redisstore.NewGuard(client, redisstore.Config{Prefix: prefix})
	require.NoError(t, err)
	return store, prefix
}

func TestTheGuardKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		verifytest.RunGuard(t, func(t *testing.T) verifytest.GuardTarget {
			store, _ := newGuard(t, srv.client(t))
			return verifytest.GuardTarget{Store: store, Advance: srv.advance, Now: srv.now, Histories: asked(server{}, "MINI_HISTORIES", 30)}
		})
	})
}

// sentTo is a Send as guard.Verifier makes it.
func sentTo(to string) guard.Send {
	s := guard.Send{ID: guard.ID(anID())}
	recipient := guard.Name{guard.NameRecipient}
	copy(recipient[1:], to)
	for _, n := range []guard.Name{recipient, guard.ClearName("p45"), guard.ClearName("p4532"), guard.ClearName("cDK"), guard.ClearName("t")} {
		s.Counts = append(s.Counts, guard.Count{Name: n, Limit: guard.Limit{Sends: 50, Window: time.Hour}, Adds: 1, Everybody: n == recipient, Keep: time.Hour})
	}
	return s
}

func TestADecisionOfTheGuardIsOneRoundTripAndEndsByItself(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client := srv.client(t)
		store, prefix := newGuard(t, client)
		_, err := store.Admit(t.Context(), sentTo("a"))
		require.NoError(t, err)
		var trips counter
		client.AddHook(&trips)
		for _, to := range []string{"a", "b", "c"} {
			d, err := store.Admit(t.Context(), sentTo(to))
			require.NoError(t, err)
			assert.True(t, d.Admitted)
		}
		assert.Equal(t, 3, trips.n)
		require.NoError(t, store.Approve(t.Context(), guard.Approval{Recipient: sentTo("a").Counts[0].Name, Counts: []guard.Name{guard.ClearName("t")}}))
		for _, key := range keysOf(t, client, prefix) {
			assert.Positive(t, client.PTTL(t.Context(), key).Val(), "%s has no end", key)
		}
	})
}

// The names that a report may show end with their records, though nobody asks for one,
// and those that are left do not end with the ones before.
func TestNamesOfTheGuardEndWithoutAReport(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		if srv.advance == nil {
			t.Skip("nobody can move this clock")
		}
		client := srv.client(t)
		store, prefix := newGuard(t, client)
		admit := func(name string) {
			s := sentTo(name)
			s.Counts = append(s.Counts[:1], guard.Count{Name: guard.ClearName(name), Limit: guard.Limit{Sends: 50, Window: time.Hour}, Adds: 1, Keep: time.Hour})
			d, err := store.Admit(t.Context(), s)
			require.NoError(t, err)
			require.True(t, d.Admitted)
		}
		names := func() []string { return client.ZRange(t.Context(), prefix+"{guard}:names", 0, -1).Val() }
		admit("p45")
		srv.advance(50 * time.Minute)
		admit("p46")
		srv.advance(50 * time.Minute)
		assert.Len(t, names(), 2, "p45 has ended, and nobody has sent since")
		admit("p47")
		assert.ElementsMatch(t, []string{guard.ClearName("p46").String(), guard.ClearName("p47").String()}, names())
		srv.advance(3 * time.Hour)
		assert.Empty(t, names())
	})
}

// A counter counts commands.
type counter struct{ n int }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n++
		return next(ctx, cmd)
	}
}
func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestARecordOfTheGuardOfAnotherLayoutIsRefused(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client := srv.client(t)
		store, prefix := newGuard(t, client)
		s := sentTo("a")
		head := "1 9000000000000000 0 0 0 0 0 0 0 0 0 0 0|||"
		for key, text := range map[string]string{
			"cDK": "2 what", s.Counts[0].Name.String(): head + "ab 1 1 0;what",
		} {
			require.NoError(t, client.Set(t.Context(), prefix+"{guard}:"+key, text, 0).Err())
			d, err := store.Admit(t.Context(), s)
			require.ErrorContains(t, err, "layout of another version", text)
			assert.False(t, d.Admitted)
			require.NoError(t, client.Set(t.Context(), prefix+"{guard}:"+key, head, 0).Err())
		}
		d, err := store.Admit(t.Context(), s)
		require.NoError(t, err)
		assert.True(t, d.Admitted)
	})
}

// Two processes share what a URL names, and a dump of it holds neither a recipient nor
// an address.
func TestTwoGuardsOfOneURLShareTheirCounts(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	prefix := "test-" + rand.Text() + ":"
	open := func() *guard.Verifier {
		store, err := redisstore.OpenGuard("redis://" + srv.addr + "?prefix=" + prefix)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, store.(*redisstore.Guard).Closer().Close()) })
		v, err := guard.New(guard.Config{Verifier: mocks.NewFake(), Store: store, Key: make([]byte, 32), Prefix: guard.Limit{Sends: 5, Window: time.Hour}})
		require.NoError(t, err)
		return v
	}
	two := []*guard.Verifier{open(), open()}
	admitted := 0
	for i := range 20 {
		if _, err := two[i%2].Send(t.Context(), fmt.Sprintf("+1501712%04d", 2000+i)); err == nil {
			admitted++
		} else {
			require.ErrorIs(t, err, verify.ErrTooManySends)
		}
	}
	assert.Equal(t, 5, admitted)
	client := srv.client(t)
	for _, key := range keysOf(t, client, prefix) {
		assert.NotContains(t, key, "50171220")
		if value, err := client.Get(t.Context(), key).Result(); err == nil {
			assert.NotContains(t, value, "50171220")
		}
	}
	r, err := two[0].Report(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(5), r.Total.Sends)
	assert.Len(t, r.Prefixes, 3)
}

func TestAGuardWithoutAServerRefuses(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = client.Close() })
	store, _ := newGuard(t, client)
	d, err := store.Admit(t.Context(), sentTo("a"))
	require.Error(t, err)
	assert.False(t, d.Admitted)
	assert.NotContains(t, err.Error(), "127.0.0.1")
	_, err = new(redisstore.Guard).Admit(t.Context(), sentTo("a"))
	require.Error(t, err, "the zero value")
}
