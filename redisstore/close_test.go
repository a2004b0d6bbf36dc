package redisstore_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

func TestOpenAndClose(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		url := "redis://" + srv.addr + "/0?prefix=test-open:"
		if srv.network == "unix" {
			url = "unix://" + srv.addr + "?prefix=test-open:"
		}
		store, err := redisstore.Open(url)
		require.NoError(t, err)
		k, mac := aKey(), aMAC()
		mustIssue(t, store, k, anID(), mac)
		v, _ := attempt(t, store, k, anID(), mac)
		require.Equal(t, otp.Match, v)
		require.NoError(t, store.Reset(t.Context(), k))

		closer := store.(io.Closer)
		require.NoError(t, closer.Close())
		require.ErrorContains(t, store.Reset(t.Context(), k), "the client is closed")
		require.ErrorContains(t, closer.Close(), "the client is closed")
	})
}

func TestCloseLeavesTheClientOfTheCaller(t *testing.T) {
	t.Parallel()
	client := mini(t).client(t)
	store, _ := aStore(t, client)
	require.NoError(t, store.Close())
	assert.NoError(t, client.Ping(t.Context()).Err())
}
