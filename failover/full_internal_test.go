package failover

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// full is a ledger that has room for nobody.
func full(shared *Record) *MemoryLedger {
	l := &MemoryLedger{records: make(map[Key]*Record, maxEntries)}
	for n := range maxEntries {
		var k Key
		binary.LittleEndian.PutUint32(k[:], uint32(n)+1)
		l.records[k] = shared
	}
	return l
}

func TestAFullLedgerRefusesRatherThanForget(t *testing.T) {
	t.Parallel()
	l := full(&Record{state{Failures: 1, Failed: time.Now().UnixMicro(), Remember: micros(time.Hour)}})
	_, err := l.Begin(t.Context(), Key{}, ID{1}, "a", time.Minute)
	require.ErrorIs(t, err, errFull)
	assert.Len(t, l.records, maxEntries)
}

func TestAFullLedgerForgetsWhatSaysNothing(t *testing.T) {
	t.Parallel()
	l := full(new(Record))
	busy, err := l.Begin(t.Context(), Key{}, ID{1}, "a", time.Minute)
	require.NoError(t, err)
	assert.Zero(t, busy)
	assert.LessOrEqual(t, len(l.records), maxEntries)
}
