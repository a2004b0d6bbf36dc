package hooks_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/verifytest"
)

func TestMemorySeenKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	verifytest.RunSeen(t, func(*testing.T) verifytest.SeenTarget { return verifytest.SeenTarget{Seen: new(hooks.MemorySeen)} })
}

func TestAClaimEndsWithItsLeaseAndWhatIsDoneAfterTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, key := new(hooks.MemorySeen), [16]byte{1}
		begin := func() hooks.State {
			state, err := m.Begin(t.Context(), key, 30*time.Second)
			require.NoError(t, err)
			return state
		}
		assert.Equal(t, hooks.New, begin())
		time.Sleep(30*time.Second - 1)
		assert.Equal(t, hooks.Busy, begin())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, hooks.New, begin())
		require.NoError(t, m.Release(t.Context(), key))
		assert.Equal(t, hooks.New, begin())
		require.NoError(t, m.Done(t.Context(), key, 10*time.Minute))
		require.NoError(t, m.Release(t.Context(), key))
		time.Sleep(10*time.Minute - 1)
		assert.Equal(t, hooks.Done, begin())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, hooks.New, begin())
	})
}

func TestAFullMemoryForgetsNothingWithinTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &hooks.MemorySeen{Most: 10}
		for i := range byte(10) {
			_, err := m.Begin(t.Context(), [16]byte{i}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, m.Done(t.Context(), [16]byte{i}, 10*time.Minute))
		}
		_, err := m.Begin(t.Context(), [16]byte{99}, time.Minute)
		require.ErrorIs(t, err, hooks.ErrFull)
		state, err := m.Begin(t.Context(), [16]byte{3}, time.Minute)
		require.NoError(t, err)
		assert.Equal(t, hooks.Done, state)
		time.Sleep(10 * time.Minute)
		_, err = m.Begin(t.Context(), [16]byte{99}, time.Minute)
		require.NoError(t, err)
	})
}
