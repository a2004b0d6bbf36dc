package recovery

import (
	"bytes"
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

// Whoever attempts for accounts that have no codes makes no entry.
func TestNothingIsKeptForAnAccountWithoutCodes(t *testing.T) {
	t.Parallel()
	var store MemoryStore
	c, err := New(Config{Store: &store, Keys: [][]byte{make([]byte, 32)}})
	require.NoError(t, err)
	require.Error(t, c.Check(t.Context(), "ada", "AAAA-AAAA-AAAA-AAAA"))
	_, err = c.Left(t.Context(), "ada")
	require.NoError(t, err)
	require.NoError(t, c.Remove(t.Context(), "ada"))
	for i := range store.shards {
		assert.Empty(t, store.shards[i].entries)
	}
}

func TestADumpOfMemoryHoldsNeitherCodeNorAccount(t *testing.T) {
	t.Parallel()
	const account = "ada.lovelace"
	key := []byte("0123456789abcdef0123456789abcdef")
	var store MemoryStore
	c, err := New(Config{Store: &store, Keys: [][]byte{key}})
	require.NoError(t, err)
	list, err := c.Replace(t.Context(), account)
	require.NoError(t, err)
	require.NoError(t, c.Check(t.Context(), account, list[0]))
	var dump bytes.Buffer
	for i := range store.shards {
		for k, e := range store.shards[i].entries {
			dump.Write(k[:])
			for _, mac := range e.codes {
				dump.Write(mac[:])
			}
			for _, call := range e.calls {
				dump.Write(call.id[:])
			}
		}
	}
	require.Equal(t, 16+9*32+2*16, dump.Len())
	for _, code := range list {
		plain, ok := read(code)
		require.True(t, ok)
		raw, err := text().DecodeString(plain)
		require.NoError(t, err)
		for _, word := range []string{code, plain, string(raw), account, string(key)} {
			assert.NotContains(t, dump.String(), word)
		}
	}
}
