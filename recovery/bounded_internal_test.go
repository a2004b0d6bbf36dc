package recovery

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever makes codes anew again and again makes no entry grow.
func TestNobodyMakesAnEntryGrow(t *testing.T) {
	t.Parallel()
	var s MemoryStore
	k := Key{1}
	for range 1000 {
		require.NoError(t, s.Replace(t.Context(), k, newID(), []MAC{{1}}))
	}
	assert.Len(t, s.shards[1].entries[k].calls, maxCalls)
}
