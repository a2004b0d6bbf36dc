package observe_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/verifytest"
)

func TestAFullMemoryOfSendsForgetsTheOldest(t *testing.T) {
	t.Parallel()
	m := &observe.MemorySends{Most: 3}
	key := func(i int) [16]byte { return [16]byte{byte(i)} }
	for i := range 5 {
		require.NoError(t, m.Put(t.Context(), key(i), observe.Sent{Scope: fmt.Sprint(i)}, time.Hour))
		require.NoError(t, m.Put(t.Context(), key(i), observe.Sent{Scope: "another"}, time.Hour), "one that is there stays")
	}
	for i := range 5 {
		sent, progress, err := m.Advance(t.Context(), key(i), 2)
		require.NoError(t, err)
		if i < 2 {
			assert.Equal(t, observe.Missing, progress)
			continue
		}
		assert.Equal(t, observe.Moved, progress)
		assert.Equal(t, fmt.Sprint(i), sent.Scope)
	}
}

func TestMemorySendsKeepEveryPromise(t *testing.T) {
	t.Parallel()
	verifytest.RunSends(t, func(*testing.T) verifytest.SendsTarget {
		return verifytest.SendsTarget{Sends: new(observe.MemorySends)}
	})
}

func TestAMemoryOfNoSendsKeepsTheNewest(t *testing.T) {
	t.Parallel()
	m := &observe.MemorySends{Most: -1}
	for i := range byte(3) {
		require.NoError(t, m.Put(t.Context(), [16]byte{i}, observe.Sent{}, time.Minute))
		_, progress, err := m.Advance(t.Context(), [16]byte{i}, 1)
		require.NoError(t, err)
		assert.Equal(t, observe.Moved, progress)
	}
	_, progress, err := m.Advance(t.Context(), [16]byte{1}, 2)
	require.NoError(t, err)
	assert.Equal(t, observe.Missing, progress)
}
