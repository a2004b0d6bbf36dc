package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

// lossy is a store whose wire may lose answers. Its scripts are loaded.
func lossy(t *testing.T, srv server, w *wire) *redisstore.Store {
	t.Helper()
	store, _ := aStore(t, srv.client(t, w.into))
	k, id := aKey(), anID()
	mustIssue(t, store, k, id, aMAC())
	attempt(t, store, k, anID(), aMAC())
	require.NoError(t, store.Revoke(t.Context(), k, id))
	w.requests.Store(0)
	return store
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	hows := map[string]error{"the connection is closed": nil, "no answer in time": late}
	for name, how := range hows {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv server) {
				w := &wire{how: how}
				store := lossy(t, srv, w)

				t.Run("of an approval: it stays approved, once", func(t *testing.T) {
					k, mac, id := aKey(), aMAC(), anID()
					mustIssue(t, store, k, anID(), mac)
					w.requests.Store(0)
					w.lose.Store(1)
					v, _ := attempt(t, store, k, id, mac)
					assert.Equal(t, otp.Match, v)
					assert.EqualValues(t, 2, w.requests.Load(), "go-redis asks again by itself")
					v, _ = attempt(t, store, k, anID(), mac)
					assert.Equal(t, otp.Gone, v, "another attempt finds it used")
				})
				t.Run("of a wrong attempt, three times: charged once", func(t *testing.T) {
					k, mac := aKey(), aMAC()
					mustIssue(t, store, k, anID(), mac)
					w.requests.Store(0)
					w.lose.Store(3)
					v, left := attempt(t, store, k, anID(), aMAC())
					assert.Equal(t, otp.Wrong, v)
					assert.Equal(t, 4, left)
					assert.EqualValues(t, 4, w.requests.Load())
				})
				t.Run("of a send: counted once", func(t *testing.T) {
					k := aKey()
					w.lose.Store(2)
					two := otp.Limits{Sends: 2, Cooldown: []time.Duration{0}}
					for _, want := range []otp.Refusal{otp.Admitted, otp.Admitted, otp.TooMany} {
						a, err := store.Issue(t.Context(), k, anID(), aMAC(), time.Minute, two)
						require.NoError(t, err)
						assert.Equal(t, want, a.Refused)
					}
				})
				t.Run("of a send taken back: it stays taken back", func(t *testing.T) {
					k, id, mac := aKey(), anID(), aMAC()
					mustIssue(t, store, k, id, mac)
					w.lose.Store(1)
					require.NoError(t, store.Revoke(t.Context(), k, id))
					mustIssue(t, store, k, id, mac) // a straggler of the first Issue
					v, _ := attempt(t, store, k, anID(), mac)
					assert.Equal(t, otp.Gone, v)
				})
				t.Run("all of them: the caller asks again", func(t *testing.T) {
					k, mac, id := aKey(), aMAC(), anID()
					mustIssue(t, store, k, anID(), mac)
					w.lose.Store(4)
					v, _, err := store.Attempt(t.Context(), k, id, []otp.MAC{mac}, loose())
					require.Error(t, err)
					assert.Equal(t, otp.Gone, v, "an error approves nothing")
					v, _ = attempt(t, store, k, id, mac)
					assert.Equal(t, otp.Match, v)
				})
			})
		})
	}
}

func TestAnswersAreRepeatedForTwoMinutes(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	store, _ := aStore(t, srv.client(t))
	k, mac, id := aKey(), aMAC(), anID()
	mustIssue(t, store, k, anID(), mac)
	v, _ := attempt(t, store, k, id, mac)
	require.Equal(t, otp.Match, v)

	srv.advance(2 * time.Minute)
	v, _ = attempt(t, store, k, id, mac)
	assert.Equal(t, otp.Match, v)
	srv.advance(time.Microsecond)
	v, _ = attempt(t, store, k, id, mac)
	assert.Equal(t, otp.Gone, v)
}

// TestAttemptsOutliveFailures: a caller that remembers failures for less than a code
// lives does not give that code new attempts.
func TestAttemptsOutliveFailures(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	store, _ := aStore(t, srv.client(t))
	k, mac := aKey(), aMAC()
	mustIssue(t, store, k, anID(), mac)
	brief := otp.Limits{Remember: time.Minute}
	for left := 4; left >= 0; left-- {
		_, got, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, brief)
		require.NoError(t, err)
		require.Equal(t, left, got)
	}
	srv.advance(2 * time.Minute)
	v, _, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{mac}, brief)
	require.NoError(t, err)
	assert.Equal(t, otp.Locked, v)
}

func TestAnAnswerIsForOneAttemptOnly(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		store, _ := aStore(t, srv.client(t))
		k, mac, id := aKey(), aMAC(), anID()
		mustIssue(t, store, k, anID(), mac)
		v, _ := attempt(t, store, k, id, mac)
		require.Equal(t, otp.Match, v)

		v, _ = attempt(t, store, k, id, aMAC())
		assert.Equal(t, otp.Gone, v, "the same attempt with another attempt")
		v, _ = attempt(t, store, aKey(), id, mac)
		assert.Equal(t, otp.Gone, v, "the same attempt for somebody else")
	})
}

func TestServersThatForgetTheScripts(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		if srv.advance == nil {
			srv = ownServer(t) // others count their requests
		}
		client := srv.client(t)
		store, _ := aStore(t, client)
		k, mac, id := aKey(), aMAC(), anID()
		flush := func() { require.NoError(t, client.ScriptFlush(t.Context()).Err()) }

		flush()
		mustIssue(t, store, k, anID(), aMAC())
		flush()
		mustIssue(t, store, k, id, mac)
		flush()
		v, left := attempt(t, store, k, anID(), aMAC())
		assert.Equal(t, otp.Wrong, v)
		assert.Equal(t, 4, left, "the attempt is charged once")
		flush()
		v, _ = attempt(t, store, k, anID(), aMAC(), mac)
		assert.Equal(t, otp.Match, v, "by the second key")
		flush()
		require.NoError(t, store.Revoke(t.Context(), k, id))
	})
}

func TestStrangeAnswersApproveNothing(t *testing.T) {
	t.Parallel()
	answers := map[string]any{
		"one word":              "match",
		"a number":              int64(4),
		"nothing":               []any{},
		"a verdict and no more": []any{"match"},
		"three things":          []any{"match", int64(1), int64(1)},
		"an unknown verdict":    []any{"approved", int64(1)},
		"the same in capitals":  []any{"MATCH", int64(1)},
		"a number for verdict":  []any{int64(4), int64(1)},
		"words only":            []any{"match", "1"},
		"null":                  []any{nil, nil},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := mini(t).client(t)
			client.AddHook(answering(answer))
			store, _ := aStore(t, client)

			v, _, err := store.Attempt(t.Context(), aKey(), anID(), []otp.MAC{aMAC()}, otp.Limits{})
			assert.Error(t, err)
			assert.NotEqual(t, otp.Match, v)
			_, err = store.Issue(t.Context(), aKey(), anID(), aMAC(), time.Minute, otp.Limits{})
			assert.Error(t, err)
			assert.Error(t, store.Revoke(t.Context(), aKey(), anID()))
		})
	}
}

// answering is a hook that gives one answer to every script.
func answering(answer any) redis.Hook {
	return hook(func(_ context.Context, cmd redis.Cmder) (bool, error) {
		script, ok := cmd.(*redis.Cmd)
		if ok {
			script.SetVal(answer)
		}
		return ok, nil
	})
}

// A hook answers some commands in the server's stead.
type hook func(context.Context, redis.Cmder) (answered bool, err error)

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if answered, err := h(ctx, cmd); answered {
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
