package totp

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an entry holds is that of its account whatever its length, however often it was
// replaced, and however many others came and went meanwhile: an index moves its entries.
func TestAFactorStaysItselfWhileEntriesMove(t *testing.T) {
	t.Parallel()
	s, ctx := new(MemoryStore), t.Context()
	keyOf := func(n int) Key { return Key{0, byte(n >> 8), byte(n), 8: byte(n), 15: byte(n * 31)} } // of one shard
	sealed := func(n, turn int) []byte {
		size := []int{0, 1, 61, 88, 89, 112}[(n+turn)%6]
		return bytes.Repeat([]byte{byte(n), byte(turn)}, size)[:size]
	}
	const people, step = 300, 1 << 20
	given := map[int]Attempt{}
	for n := range people {
		created, err := s.Create(ctx, keyOf(n), ID{1}, Factor{Enrolment: ID{byte(n)}, KeyID: KeyID{1}, Sealed: sealed(n, 0)})
		require.NoError(t, err)
		require.True(t, created)
		given[n], err = s.Attempt(ctx, keyOf(n), ID{2}, Limits{})
		require.NoError(t, err)
	}
	for n := 0; n < people; n += 3 {
		require.NoError(t, s.Delete(ctx, keyOf(n)))
	}
	for n := range people {
		got, err := s.Attempt(ctx, keyOf(n), ID{2}, Limits{})
		require.NoError(t, err)
		if n%3 == 0 {
			require.Equal(t, Attempt{}, got)
			continue
		}
		got.Age = 0
		require.Equal(t, given[n], got, "the same answer, %d", n)
		require.Equal(t, append([]byte(nil), sealed(n, 0)...), append([]byte(nil), got.Factor.Sealed...))

		won, err := s.Accept(ctx, keyOf(n), ID{2}, ID{byte(n)}, step, &Resealed{KeyID{2}, sealed(n, 1)})
		require.NoError(t, err)
		require.True(t, won)
		done, err := s.Reseal(ctx, keyOf(n), ID{byte(n)}, Resealed{KeyID{3}, sealed(n, 2)})
		require.NoError(t, err)
		require.True(t, done)
		got, err = s.Attempt(ctx, keyOf(n), ID{2}, Limits{})
		require.NoError(t, err)
		require.True(t, got.Accepted)
		got.Age, got.Accepted = 0, false
		require.Equal(t, given[n], got, "with the factor that it found, %d", n)
		now, found, err := s.Get(ctx, keyOf(n))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, fmt.Sprint(Factor{ID{byte(n)}, KeyID{3}, step, sealed(n, 2)}), fmt.Sprint(now))
	}
}

// What a store has handed out stays as it was: others may read it while the account is
// resealed, removed, or moved.
func TestAFactorThatWasHandedOutNeverChanges(t *testing.T) {
	t.Parallel()
	s, ctx, k := new(MemoryStore), t.Context(), Key{}
	for _, size := range []int{61, 112} {
		_, err := s.Create(ctx, k, ID{1}, Factor{Sealed: bytes.Repeat([]byte{1}, size)})
		require.NoError(t, err)
		attempt, err := s.Attempt(ctx, k, ID{2}, Limits{})
		require.NoError(t, err)
		got, _, err := s.Get(ctx, k)
		require.NoError(t, err)
		_, err = s.Reseal(ctx, k, ID{}, Resealed{Sealed: bytes.Repeat([]byte{2}, size)})
		require.NoError(t, err)
		again, err := s.Attempt(ctx, k, ID{2}, Limits{})
		require.NoError(t, err)
		require.NoError(t, s.Delete(ctx, k))
		for _, f := range []Factor{attempt.Factor, got, again.Factor} {
			assert.Equal(t, bytes.Repeat([]byte{1}, size), f.Sealed)
		}
	}
}

// Calls are remembered for two minutes each, the oldest first, whether there is room for
// them in the entry or not.
func TestAnEntryRemembersItsCallsInTurn(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{time.Second, 30 * time.Second, 50 * time.Second, 70 * time.Second, 3 * time.Minute} {
		var e entry
		var all []call
		for n := range 300 {
			now := int64(n) * int64(every)
			e.forget(now)
			e.remember(call{id: ID{byte(n), byte(n >> 8)}, at: now, kind: callAttempt})
			all = append(all, e.calls()[len(e.calls())-1])
			for now-all[0].at >= int64(replayTime) {
				all = all[1:]
			}
			require.Equal(t, all, e.calls(), "every %s, after %d", every, n)
		}
	}
}

// The two ways of an entry to hold what is sealed leave nothing of the other one.
func TestNothingIsLeftOfWhatWasSealedBefore(t *testing.T) {
	t.Parallel()
	var e entry
	long, short := bytes.Repeat([]byte{7}, 112), []byte{1, 2}
	for range 2 {
		e.set(Factor{Sealed: bytes.Repeat([]byte{9}, 88)})
		e.set(Factor{Sealed: long})
		assert.Equal(t, long, e.factor(nil).Sealed)
		assert.Equal(t, [88]byte{}, e.sealed)
		e.set(Factor{Sealed: short})
		assert.Equal(t, short, e.factor(nil).Sealed)
		assert.Nil(t, e.rest.sealed)
		assert.Equal(t, [88]byte{1, 2}, e.sealed)
	}
}
