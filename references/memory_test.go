package references_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/references"
)

func key(n int) (k [16]byte) {
	copy(k[:], fmt.Sprint(n))
	return k
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m references.Memory
		get := func(k [16]byte) string {
			reference, found, err := m.Get(t.Context(), k)
			require.NoError(t, err)
			assert.Equal(t, reference != "", found)
			return reference
		}
		take := func(reference string, id int) bool {
			taken, err := m.Take(t.Context(), key(1), reference, key(id))
			require.NoError(t, err)
			return taken
		}
		assert.Empty(t, get(key(1)), "nothing was set")
		assert.False(t, take("a", 1))

		require.NoError(t, m.Set(t.Context(), key(1), "a", time.Minute))
		require.NoError(t, m.Set(t.Context(), key(1), "b", time.Minute))
		assert.Equal(t, "b", get(key(1)), "the last Set wins")
		assert.Empty(t, get(key(2)))
		assert.False(t, take("a", 2), "another reference is not taken")
		assert.Equal(t, "b", get(key(1)))
		assert.True(t, take("b", 3))
		assert.Empty(t, get(key(1)))
		assert.False(t, take("b", 4), "it is taken once")

		require.NoError(t, m.Set(t.Context(), key(1), "b", time.Hour))
		assert.True(t, take("b", 3), "the same id gets the same answer")
		assert.False(t, take("b", 4), "a no as well")
		assert.Equal(t, "b", get(key(1)), "and does nothing again")
		time.Sleep(2 * time.Minute) // of the bubble
		assert.True(t, take("b", 4), "for two minutes")

		require.NoError(t, m.Set(t.Context(), key(1), "c", time.Minute))
		time.Sleep(time.Minute) // of the bubble
		assert.Empty(t, get(key(1)), "its time is over")
		assert.False(t, take("c", 5))
	})
}

// A memory that is full refuses a new key: it forgets nothing that is pending.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := references.Memory{MaxEntries: 3}
		for n := range 3 {
			require.NoError(t, m.Set(t.Context(), key(n), "a", time.Minute))
		}
		require.ErrorIs(t, m.Set(t.Context(), key(3), "a", time.Minute), references.ErrFull)
		require.NoError(t, m.Set(t.Context(), key(1), "b", time.Hour), "what is known may change")
		time.Sleep(time.Minute) // of the bubble
		require.NoError(t, m.Set(t.Context(), key(3), "a", time.Minute), "what has expired makes room")
		reference, found, err := m.Get(t.Context(), key(1))
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "b", reference)
		require.ErrorIs(t, m.Set(t.Context(), key(4), strings.Repeat("x", 1025), time.Minute), references.ErrFull)
	})
}

// What has expired goes with time, though nobody asks for it: no goroutine does it.
func TestMemoryShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := references.Memory{MaxEntries: 1000}
		for round := range 50 {
			for n := range 1000 {
				require.NoError(t, m.Set(t.Context(), key(1000*round+n), "a", time.Minute))
				_, err := m.Take(t.Context(), key(-1), "x", key(1000*round+n))
				require.NoError(t, err)
			}
			time.Sleep(3 * time.Minute) // of the bubble
		}
		entries, ids := m.Len()
		assert.LessOrEqual(t, entries, 1000)
		assert.LessOrEqual(t, ids, 2000)
	})
}

func TestMemoryHonorsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var m references.Memory
	require.ErrorIs(t, m.Set(ctx, key(1), "a", time.Minute), context.Canceled)
	_, _, err := m.Get(ctx, key(1))
	require.ErrorIs(t, err, context.Canceled)
	_, err = m.Take(ctx, key(1), "a", key(1))
	require.ErrorIs(t, err, context.Canceled)
}

func TestOnlyOneTakes(t *testing.T) {
	var m references.Memory
	require.NoError(t, m.Set(t.Context(), key(1), "a", time.Minute))
	var taken atomic.Int32
	var wait sync.WaitGroup
	for n := range 50 {
		wait.Go(func() {
			won, err := m.Take(t.Context(), key(1), "a", key(100+n))
			assert.NoError(t, err)
			if won {
				taken.Add(1)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 1, taken.Load())
}
