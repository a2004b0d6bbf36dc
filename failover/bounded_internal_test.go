package failover

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever has codes sent again and again, each of which a vendor refuses, makes no
// record grow: each call looks through the whole of it, under one lock for everybody.
func TestNobodyMakesARecordGrow(t *testing.T) {
	t.Parallel()
	var m MemoryLedger
	k := Key{1}
	for range 1000 {
		id := newID()
		busy, err := m.Begin(t.Context(), k, id, "a", time.Minute)
		require.NoError(t, err)
		require.Zero(t, busy)
		for range 2 { // a reply was lost
			require.NoError(t, m.End(t.Context(), k, id, "a", NotSent, time.Minute))
		}
	}
	assert.Len(t, m.records[k].s.Closed, maxClosed)
}
