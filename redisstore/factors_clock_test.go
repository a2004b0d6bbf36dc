package redisstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/totp"
)

// A server's clock is set back: by an administrator, or since a replica took over
// whose clock is slow. Nobody waits longer than the limits say.
func TestClockThatGoesBackMakesNoWaitLonger(t *testing.T) {
	t.Parallel()
	const back = -24 * time.Hour
	t.Run("of an authenticator without a wait", func(t *testing.T) {
		t.Parallel()
		srv := mini(t)
		store, k := factorsOn(t, srv)
		for range 2 {
			_, err := store.Attempt(t.Context(), k, anotherID(), totp.Limits{})
			require.NoError(t, err)
		}
		srv.advance(back)
		a, err := store.Attempt(t.Context(), k, anotherID(), totp.Limits{})
		require.NoError(t, err)
		assert.Zero(t, a.Wait, "two failures begin no wait")
		assert.Equal(t, 3, a.Failures)
	})
	t.Run("of an authenticator within a wait, which is not cut short either", func(t *testing.T) {
		t.Parallel()
		srv := mini(t)
		store, k := factorsOn(t, srv)
		for range 5 {
			_, err := store.Attempt(t.Context(), k, anotherID(), totp.Limits{})
			require.NoError(t, err)
		}
		srv.advance(back)
		a, err := store.Attempt(t.Context(), k, anotherID(), totp.Limits{})
		require.NoError(t, err)
		assert.Equal(t, 30*time.Second, a.Wait)
		srv.advance(30 * time.Second)
		a, err = store.Attempt(t.Context(), k, anotherID(), totp.Limits{})
		require.NoError(t, err)
		assert.Zero(t, a.Wait)
		assert.Equal(t, 6, a.Failures)
	})
	t.Run("of recovery codes", func(t *testing.T) {
		t.Parallel()
		srv := mini(t)
		store, err := redisstore.NewRecovery(srv.client(t), redisstore.Config{Prefix: "test-" + rand.Text() + ":"})
		require.NoError(t, err)
		k, right, wrong := recovery.Key{1}, recovery.MAC{1}, []recovery.MAC{{9}}
		require.NoError(t, store.Replace(t.Context(), k, recovery.ID(anID()), []recovery.MAC{right, {2}}))
		for range 10 {
			_, err := store.Attempt(t.Context(), k, recovery.ID(anID()), wrong, recovery.Limits{})
			require.NoError(t, err)
		}
		srv.advance(back)
		a, err := store.Attempt(t.Context(), k, recovery.ID(anID()), wrong, recovery.Limits{})
		require.NoError(t, err)
		assert.Equal(t, recovery.Attempt{Verdict: recovery.Waiting, Wait: 30 * time.Second}, a)
		srv.advance(30 * time.Second)
		a, err = store.Attempt(t.Context(), k, recovery.ID(anID()), []recovery.MAC{right}, recovery.Limits{})
		require.NoError(t, err)
		assert.Equal(t, recovery.Match, a.Verdict)
	})
}

// Attempts that are kept for their answers hold the key of their time. The factor's
// own key counts, or a key is dropped that still seals one.
func TestCountKeysCountsTheKeyOfTheFactorAlone(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		for range 8 { // cjson writes fields in an order of its own
			store, k := factorsOn(t, srv)
			a, err := store.Attempt(t.Context(), k, anotherID(), totp.Limits{})
			require.NoError(t, err)
			won, err := store.Accept(t.Context(), k, anotherID(), a.Factor.Enrolment, a.Factor.Step+1, &totp.Resealed{KeyID: totp.KeyID{2}, Sealed: []byte("new")})
			require.NoError(t, err)
			require.True(t, won)
			counts, err := store.CountKeys(t.Context())
			require.NoError(t, err)
			assert.Equal(t, map[totp.KeyID]int{{2}: 1}, counts)
		}
	})
}

// A prefix is no pattern: what stands in brackets or for a star is meant as it is.
func TestCountKeysFindsFactorsUnderAnyPrefix(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		for _, prefix := range []string{"[ab]:", "a*?:", `\\a:`, "[^a]:"} {
			prefix := "test-" + rand.Text() + prefix
			store, err := redisstore.NewFactors(srv.client(t), redisstore.Config{Prefix: prefix})
			require.NoError(t, err)
			_, err = store.Create(t.Context(), totp.Key(anID()), anotherID(), totp.Factor{KeyID: totp.KeyID{1}, Sealed: []byte("s")})
			require.NoError(t, err)
			counts, err := store.CountKeys(t.Context())
			require.NoError(t, err)
			assert.Equal(t, map[totp.KeyID]int{{1}: 1}, counts, prefix)
		}
	})
}

// A key that seems to seal nothing is dropped, and its factors are lost.
func TestCountKeysFailsIfAFactorCannotBeRead(t *testing.T) {
	t.Parallel()
	t.Run("since the server does not answer", func(t *testing.T) {
		t.Parallel()
		client := mini(t).client(t)
		store, err := redisstore.NewFactors(client, redisstore.Config{})
		require.NoError(t, err)
		_, err = store.Create(t.Context(), totp.Key{1}, anotherID(), totp.Factor{Sealed: []byte("s")})
		require.NoError(t, err)
		client.AddHook(noGets{})
		_, err = store.CountKeys(t.Context())
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "sesame")
	})
	t.Run("since another version wrote it", func(t *testing.T) {
		t.Parallel()
		client := mini(t).client(t)
		store, err := redisstore.NewFactors(client, redisstore.Config{})
		require.NoError(t, err)
		_, err = store.Create(t.Context(), totp.Key{1}, anotherID(), totp.Factor{Sealed: []byte("s")})
		require.NoError(t, err)
		for _, name := range keysOf(t, client, "verify:") {
			require.NoError(t, client.Set(t.Context(), name, `{"v":2}`, 0).Err())
		}
		_, err = store.CountKeys(t.Context())
		require.ErrorContains(t, err, "layout of another version")
	})
}

// noGets loses the answer to each GET.
type noGets struct{}

func (noGets) DialHook(next redis.DialHook) redis.DialHook { return next }
func (noGets) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (noGets) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "get" {
			err := errors.New("sesame")
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

// factorsOn returns a store of its own with one factor.
func factorsOn(t *testing.T, srv server) (*redisstore.Factors, totp.Key) {
	t.Helper()
	store, err := redisstore.NewFactors(srv.client(t), redisstore.Config{Prefix: "test-" + rand.Text() + ":"})
	require.NoError(t, err)
	k := totp.Key(anotherID())
	created, err := store.Create(t.Context(), k, anotherID(), totp.Factor{Enrolment: anotherID(), KeyID: totp.KeyID{1}, Step: 7, Sealed: []byte("old")})
	require.NoError(t, err)
	require.True(t, created)
	return store, k
}

// anotherID is a new one.
func anotherID() totp.ID { return totp.ID(anID()) }
