package authy

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryOfNoncesForgetsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memoryNonces)
		fresh := func(key string) bool {
			fresh, err := m.Fresh(t.Context(), key)
			require.NoError(t, err)
			return fresh
		}
		assert.True(t, fresh("a"))
		assert.False(t, fresh("a"))
		time.Sleep(24*time.Hour - time.Nanosecond)
		assert.False(t, fresh("a"), "R53: at least 24 hours")
		assert.True(t, fresh("b"))
		time.Sleep(time.Nanosecond)
		assert.True(t, fresh("a"))
		assert.False(t, fresh("b"))
	})
}

func TestMemoryOfNoncesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memoryNonces)
		for i := range mostNonces {
			fresh, err := m.Fresh(t.Context(), fmt.Sprint(i))
			require.NoError(t, err)
			require.True(t, fresh)
		}
		_, err := m.Fresh(t.Context(), "one more")
		require.ErrorIs(t, err, errFull)
		fresh, err := m.Fresh(t.Context(), "0")
		require.NoError(t, err)
		assert.False(t, fresh, "the oldest is not forgotten for the newest")
		time.Sleep(24 * time.Hour)
		fresh, err = m.Fresh(t.Context(), "one more")
		require.NoError(t, err)
		assert.True(t, fresh)
		assert.Len(t, m.seen, 1)
	})
}

func TestOneOfManyIsTheFirst(t *testing.T) {
	t.Parallel()
	m := new(memoryNonces)
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if fresh, err := m.Fresh(t.Context(), "a"); fresh && err == nil {
				wins.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, wins.Load())
}
