package totp

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// records is how many a MemoryStore holds.
func (s *MemoryStore) records() (n int) {
	for i := range s.shards {
		n += s.shards[i].entries.used
	}
	return n
}

// Whoever asks for accounts that have no factor makes no record, whatever is asked.
func TestNothingIsKeptForAnAccountWithoutAFactor(t *testing.T) {
	t.Parallel()
	store := new(MemoryStore)
	a, err := New(Config{Store: store, Keys: [][]byte{make([]byte, 32)}, Issuer: "Acme"})
	require.NoError(t, err)
	e, err := a.Enroll(t.Context(), "ada")
	require.NoError(t, err)
	for name, call := range map[string]func() error{
		"Check":   func() error { return a.Check(t.Context(), "ada", "123456") },
		"Confirm": func() error { return a.Confirm(t.Context(), "ada", e.Token, "000000") },
		"Replace": func() error { return a.Replace(t.Context(), "ada", e.Token, "000000", "000000") },
		"Resync":  func() error { return a.Resync(t.Context(), "ada", "000000", "000001") },
		"Reset":   func() error { return a.Reset(t.Context(), "ada") },
		"Reseal":  func() error { return a.Reseal(t.Context(), "ada") },
		"Remove":  func() error { return a.Remove(t.Context(), "ada") },
	} {
		_ = call()
		assert.Zero(t, store.records(), name)
	}
	require.NoError(t, a.Import(t.Context(), "ada", "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	assert.Equal(t, 1, store.records())
}
