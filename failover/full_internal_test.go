package failover

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// full is a ledger that has room for nobody.
func full(shared *entry) *MemoryLedger {
	l := &MemoryLedger{entries: make(map[Key]*entry, maxEntries)}
	for n := range maxEntries {
		var k Key
		binary.LittleEndian.PutUint32(k[:], uint32(n)+1)
		l.entries[k] = shared
	}
	return l
}

func TestAFullLedgerRefusesRatherThanForget(t *testing.T) {
	t.Parallel()
	l := full(&entry{failures: 1, failed: time.Now(), remember: time.Hour})
	_, err := l.Begin(t.Context(), Key{}, ID{1}, "a", time.Minute)
	require.ErrorIs(t, err, errFull)
	assert.Len(t, l.entries, maxEntries)
}

func TestAFullLedgerForgetsWhatSaysNothing(t *testing.T) {
	t.Parallel()
	l := full(new(entry))
	busy, err := l.Begin(t.Context(), Key{}, ID{1}, "a", time.Minute)
	require.NoError(t, err)
	assert.Zero(t, busy)
	assert.LessOrEqual(t, len(l.entries), maxEntries)
}
