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

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/verifytest"
)

// seens are the two kinds.
var seens = map[string]func(redisstore.Client, redisstore.Config) (*redisstore.Seen, error){
	"hooks": redisstore.NewHooksSeen, "delivery": redisstore.NewDeliverySeen,
}

func TestSeenKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	for name, make := range seens {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv server) {
				verifytest.RunSeen(t, func(t *testing.T) verifytest.SeenTarget {
					prefix := "test-" + rand.Text() + ":"
					open := func(t *testing.T) delivery.Seen {
						s, err := make(srv.client(t), redisstore.Config{Prefix: prefix})
						require.NoError(t, err)
						return s
					}
					return verifytest.SeenTarget{Seen: open(t), Reopen: open, Advance: srv.advance}
				})
			})
		})
	}
}

// lossySeen has its script loaded, and a wire that may lose answers.
func lossySeen(t *testing.T, srv server, w *wire) *redisstore.Seen {
	t.Helper()
	s, err := redisstore.NewHooksSeen(srv.client(t, w.into), redisstore.Config{Prefix: "test-" + rand.Text() + ":"})
	require.NoError(t, err)
	require.NoError(t, s.Done(t.Context(), [16]byte{99}, time.Minute))
	w.requests.Store(0)
	return s
}

func beginSeen(t *testing.T, s *redisstore.Seen, key byte) hooks.State {
	t.Helper()
	state, err := s.Begin(t.Context(), [16]byte{key}, time.Minute)
	require.NoError(t, err)
	return state
}

func TestSeenTakesOneRoundTripEach(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		w := new(wire)
		s := lossySeen(t, srv, w)
		for n, call := range []func(){
			func() { beginSeen(t, s, 1) },
			func() { require.NoError(t, s.Release(t.Context(), [16]byte{1})) },
			func() { beginSeen(t, s, 1) },
			func() { require.NoError(t, s.Done(t.Context(), [16]byte{1}, time.Minute)) },
			func() { beginSeen(t, s, 1) },
		} {
			w.requests.Store(0)
			call()
			assert.EqualValues(t, 1, w.requests.Load(), "call %d", n)
		}
	})
}

// go-redis sends again what it has no answer to.
func TestAClaimWhoseAnswerIsLostIsStillTheCallers(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		w := new(wire)
		s := lossySeen(t, srv, w)
		w.lose.Store(1)
		assert.Equal(t, hooks.New, beginSeen(t, s, 1), "its own claim is not busy")
		assert.EqualValues(t, 2, w.requests.Load())
		assert.Equal(t, hooks.Busy, beginSeen(t, s, 1), "another call")
	})
}

// A release that arrives twice, the second time behind the next claim.
func TestAReleaseThatIsSentAgainEndsNoClaimOfAnother(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client, prefix := srv.client(t), "test-"+rand.Text()+":"
		var release []any
		client.AddHook(tap{func(args []any) {
			if len(args) > 4 && args[4] == any("release") {
				release = args
			}
		}})
		s, err := redisstore.NewHooksSeen(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		assert.Equal(t, hooks.New, beginSeen(t, s, 1))
		require.NoError(t, s.Release(t.Context(), [16]byte{1}))
		assert.Equal(t, hooks.New, beginSeen(t, s, 1))
		require.NotEmpty(t, release)
		require.NoError(t, client.Do(t.Context(), release...).Err())
		assert.Equal(t, hooks.Busy, beginSeen(t, s, 1))
		require.NoError(t, s.Release(t.Context(), [16]byte{1}))
		assert.Equal(t, hooks.New, beginSeen(t, s, 1), "its own release ends it")
	})
}

// Two processes share what a URL names, hooks and reports share nothing, and nothing
// is kept without an end.
func TestSeenOfOneURLIsShared(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	prefix := "test-" + rand.Text() + ":"
	open := func(open func(string) (*redisstore.Seen, error)) *redisstore.Seen {
		s, err := open("redis://" + srv.addr + "?prefix=" + prefix)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, s.Closer().Close()) })
		return s
	}
	one, other, reports := open(redisstore.OpenHooksSeen), open(redisstore.OpenHooksSeen), open(redisstore.OpenDeliverySeen)
	assert.Equal(t, hooks.New, beginSeen(t, one, 1))
	assert.Equal(t, hooks.Busy, beginSeen(t, other, 1))
	require.NoError(t, one.Done(t.Context(), [16]byte{1}, time.Minute))
	assert.Equal(t, hooks.Done, beginSeen(t, other, 1))
	assert.Equal(t, hooks.New, beginSeen(t, reports, 1))
	assert.Equal(t, hooks.New, beginSeen(t, one, 2))
	require.NoError(t, one.Release(t.Context(), [16]byte{2}))
	assert.Equal(t, "redisstore.Seen{[hidden]}", fmt.Sprintf("%+v", one))

	client := srv.client(t)
	for _, key := range keysOf(t, client, prefix) {
		assert.Positive(t, client.PTTL(t.Context(), key).Val(), key)
	}
	srv.advance(10*time.Minute + time.Second)
	assert.Equal(t, hooks.New, beginSeen(t, one, 1), "over")
	_, err := redisstore.OpenHooksSeen("redis://:" + "x")
	require.Error(t, err)
}

// What another program wrote there is no claim, and no room for one.
func TestSeenOfAnotherLayoutIsRefused(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client, prefix := srv.client(t), "test-"+rand.Text()+":"
		s, err := redisstore.NewHooksSeen(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		beginSeen(t, s, 1)
		require.NoError(t, client.Set(t.Context(), keysOf(t, client, prefix)[0], "2 c x y", time.Minute).Err())
		state, err := s.Begin(t.Context(), [16]byte{1}, time.Minute)
		require.Error(t, err)
		assert.Zero(t, state)
		require.Error(t, s.Done(t.Context(), [16]byte{1}, time.Minute))
		require.Error(t, s.Release(t.Context(), [16]byte{1}))
		_, err = new(redisstore.Seen).Begin(t.Context(), [16]byte{1}, time.Minute)
		require.Error(t, err)
	})
}

// A server that is full claims nothing, so nothing is sent that it would not remember.
func TestAFullServerClaimsNothing(t *testing.T) {
	t.Parallel()
	srv := ownServer(t)
	client := srv.client(t)
	s, err := redisstore.NewHooksSeen(client, redisstore.Config{})
	require.NoError(t, err)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, err = s.Begin(t.Context(), [16]byte{1}, time.Minute)
	require.Error(t, err)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	assert.Equal(t, hooks.New, beginSeen(t, s, 1))
}

// A tap is told of each command.
type tap struct{ tell func([]any) }

func (tap) DialHook(next redis.DialHook) redis.DialHook { return next }

func (tap) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook { return next }

func (h tap) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.tell(cmd.Args())
		return next(ctx, cmd)
	}
}
