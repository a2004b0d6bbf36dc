package redisstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/verifytest"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		histories := asked(srv, "HISTORIES", 1000)
		if srv.advance != nil {
			histories = 100 // miniredis compiles a script each time it runs it
		}
		verifytest.RunStore(t, func(t *testing.T) verifytest.StoreTarget {
			skipStorm(t, srv)
			store, prefix := aStore(t, srv.client(t))
			return verifytest.StoreTarget{
				Store: store, Advance: srv.advance, Histories: histories,
				Reopen: func(t *testing.T) otp.Store {
					again, err := redisstore.New(srv.client(t), redisstore.Config{Prefix: prefix})
					require.NoError(t, err)
					return again
				},
			}
		})
	})
}

// A server that persists as the package comment asks, and is killed, comes back
// with every limit.
func TestLimitsOutliveTheServer(t *testing.T) {
	t.Parallel()
	needReal(t)
	dir := t.TempDir()
	persist := []string{"--appendonly", "yes", "--appendfsync", "always"}
	srv, kill := serverIn(t, dir, persist...)
	store := verifyStore(t, srv.client(t))
	k, mac, one := aKey(), aMAC(), otp.Limits{Failures: 6, Cooldown: []time.Duration{0}}
	for range 2 {
		_, err := store.Issue(t.Context(), k, anID(), mac, time.Minute, one)
		require.NoError(t, err)
		for range 3 {
			_, _, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, one)
			require.NoError(t, err)
		}
	}
	kill()

	srv, _ = serverIn(t, dir, persist...)
	store = verifyStore(t, srv.client(t))
	v, _, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{mac}, one)
	require.NoError(t, err)
	assert.Equal(t, otp.Blocked, v)
	a, err := store.Issue(t.Context(), k, anID(), mac, time.Minute, one)
	require.NoError(t, err)
	assert.Equal(t, otp.SendBlocked, a.Refused)
}
