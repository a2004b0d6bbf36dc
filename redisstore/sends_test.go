package redisstore_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/verifytest"
)

func TestSendsKeepEveryPromise(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		verifytest.RunSends(t, func(t *testing.T) verifytest.SendsTarget {
			prefix := "test-" + rand.Text() + ":"
			open := func(t *testing.T) observe.Sends {
				s, err := redisstore.NewSends(srv.client(t), redisstore.Config{Prefix: prefix})
				require.NoError(t, err)
				return s
			}
			return verifytest.SendsTarget{Sends: open(t), Reopen: open, Advance: srv.advance}
		})
	})
}

// go-redis sends again what it has no answer to.
func TestAReportWhoseAnswerIsLostStillMovesItsSend(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		w := new(wire)
		s, err := redisstore.NewSends(srv.client(t, w.into), redisstore.Config{Prefix: "test-" + rand.Text() + ":"})
		require.NoError(t, err)
		key := [16]byte{1}
		require.NoError(t, s.Put(t.Context(), key, observe.Sent{Region: "DK"}, time.Minute))
		for _, lost := range []int64{0, 1} {
			w.requests.Store(0)
			w.lose.Store(lost)
			sent, progress, err := s.Advance(t.Context(), key, 2+int(lost))
			require.NoError(t, err)
			assert.Equal(t, observe.Moved, progress)
			assert.Equal(t, "DK", sent.Region)
			assert.EqualValues(t, 1+lost, w.requests.Load(), "one round trip, and one more for what was lost")
		}
		_, progress, err := s.Advance(t.Context(), key, 3)
		require.NoError(t, err)
		assert.Equal(t, observe.Repeated, progress, "another call")
	})
}

// Two processes share what a URL names, and nothing is kept without an end.
func TestSendsOfOneURLAreShared(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	prefix := "test-" + rand.Text() + ":"
	open := func() *redisstore.Sends {
		s, err := redisstore.OpenSends("redis://" + srv.addr + "?prefix=" + prefix)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, s.Closer().Close()) })
		return s
	}
	one, other, key := open(), open(), [16]byte{1}
	require.NoError(t, one.Put(t.Context(), key, observe.Sent{Region: "DK"}, time.Hour))
	_, progress, err := other.Advance(t.Context(), key, 1)
	require.NoError(t, err)
	assert.Equal(t, observe.Moved, progress)
	client := srv.client(t)
	keys := keysOf(t, client, prefix)
	require.Len(t, keys, 1)
	left := client.PTTL(t.Context(), keys[0]).Val()
	assert.True(t, left > 59*time.Minute && left <= time.Hour, "%s: a report makes nothing live longer", left)
	assert.Equal(t, "redisstore.Sends{[hidden]}", fmt.Sprintf("%+v", one))
	_, err = redisstore.OpenSends("redis://:" + "x")
	require.Error(t, err)
}

// What another program wrote there is no Send, and no room for one.
func TestSendsOfAnotherLayoutAreRefused(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client, prefix, key := srv.client(t), "test-"+rand.Text()+":", [16]byte{1}
		s, err := redisstore.NewSends(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		require.NoError(t, s.Put(t.Context(), key, observe.Sent{}, time.Minute))
		for _, record := range []string{"2 0 - {}", "1 9 - {}", "1 0 - {", "1 0 -"} {
			require.NoError(t, client.Set(t.Context(), keysOf(t, client, prefix)[0], record, time.Minute).Err())
			_, progress, err := s.Advance(t.Context(), key, 1)
			require.Error(t, err, record)
			assert.Zero(t, progress, record)
		}
		_, _, err = new(redisstore.Sends).Advance(t.Context(), key, 1)
		require.Error(t, err)
	})
}

// Under one prefix, and a key that two of them share, a Send is nobody else's record.
func TestSendsLieBesideReferencesAndReports(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client, cfg, key := srv.client(t), redisstore.Config{Prefix: "test-" + rand.Text() + ":"}, [16]byte{1}
		s, err := redisstore.NewSends(client, cfg)
		require.NoError(t, err)
		refs, err := redisstore.NewReferences(client, cfg)
		require.NoError(t, err)
		require.NoError(t, refs.Set(t.Context(), key, "a reference", time.Minute))
		for _, open := range []func(redisstore.Client, redisstore.Config) (*redisstore.Seen, error){redisstore.NewHooksSeen, redisstore.NewDeliverySeen} {
			seen, err := open(client, cfg)
			require.NoError(t, err)
			require.NoError(t, seen.Done(t.Context(), key, time.Minute))
		}
		require.NoError(t, s.Put(t.Context(), key, observe.Sent{Region: "DK"}, time.Minute))
		sent, progress, err := s.Advance(t.Context(), key, 1)
		require.NoError(t, err)
		assert.Equal(t, observe.Moved, progress)
		assert.Equal(t, "DK", sent.Region)
		reference, found, err := refs.Get(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "a reference", reference)
	})
}
