package redisstore_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/verifytest"
)

func TestReferencesKeepEveryPromise(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		verifytest.RunReferences(t, func(t *testing.T) verifytest.ReferencesTarget {
			store, err := redisstore.NewReferences(srv.client(t), redisstore.Config{Prefix: "test-" + rand.Text() + ":"})
			require.NoError(t, err)
			return verifytest.ReferencesTarget{References: store, Advance: srv.advance}
		})
	})
}

// Two processes share what a URL names, and nothing is kept without an end.
func TestReferencesOfOneURLAreShared(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	prefix := "test-" + rand.Text() + ":"
	open := func() references.References {
		r, err := redisstore.OpenReferences("redis://" + srv.addr + "?prefix=" + prefix)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, r.(*redisstore.References).Closer().Close()) })
		return r
	}
	one, other := open(), open()
	key := [16]byte(aKey())
	require.NoError(t, one.Set(t.Context(), key, "sealed", time.Minute))
	reference, found, err := other.Get(t.Context(), key)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "sealed", reference)
	taken, err := other.Take(t.Context(), key, "sealed", [16]byte(anID()))
	require.NoError(t, err)
	assert.True(t, taken)
	require.NoError(t, one.Set(t.Context(), key, "sealed", time.Minute))

	client := srv.client(t)
	keys := keysOf(t, client, prefix)
	assert.Len(t, keys, 2, "a reference and an answer")
	for _, k := range keys {
		assert.Positive(t, client.PTTL(t.Context(), k).Val(), k)
	}
	srv.advance(2*time.Minute + time.Second)
	assert.Empty(t, keysOf(t, client, prefix))
	assert.Equal(t, "redisstore.References{[hidden]}", fmt.Sprintf("%+v", one))
}

// What another program wrote there is neither a reference nor none.
func TestReferencesOfAnotherLayoutAreRefused(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client, prefix := srv.client(t), "test-"+rand.Text()+":"
		refs, err := redisstore.NewReferences(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		key := [16]byte(aKey())
		require.NoError(t, refs.Set(t.Context(), key, "sealed", time.Minute))
		require.NoError(t, client.Set(t.Context(), keysOf(t, client, prefix)[0], "2 sealed", time.Minute).Err())
		_, found, err := refs.Get(t.Context(), key)
		require.Error(t, err)
		assert.False(t, found)
		taken, err := refs.Take(t.Context(), key, "sealed", [16]byte(anID()))
		require.NoError(t, err)
		assert.False(t, taken)
	})
}

// A server that is full refuses the take and keeps the reference.
func TestAFullServerTakesNoReference(t *testing.T) {
	t.Parallel()
	srv := ownServer(t)
	client := srv.client(t)
	refs, err := redisstore.NewReferences(client, redisstore.Config{})
	require.NoError(t, err)
	key := [16]byte(aKey())
	require.NoError(t, refs.Set(t.Context(), key, "sealed", time.Minute))
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, err = refs.Take(t.Context(), key, "sealed", [16]byte(anID()))
	require.Error(t, err)
	require.Error(t, refs.Set(t.Context(), key, strings.Repeat("x", 100), time.Minute))
	_, found, err := refs.Get(t.Context(), key)
	require.NoError(t, err)
	assert.True(t, found)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	taken, err := refs.Take(t.Context(), key, "sealed", [16]byte(anID()))
	require.NoError(t, err)
	assert.True(t, taken)
}
