package totp

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dump is every byte that a MemoryStore keeps.
func (s *MemoryStore) dump() []byte {
	var b bytes.Buffer
	factor := func(f Factor) { b.Write(bytes.Join([][]byte{f.Enrolment[:], f.KeyID[:], f.Sealed}, nil)) }
	for i := range s.shards {
		for e := range s.shards[i].entries.all() {
			b.Write(e.key[:])
			factor(e.factor(nil))
			for _, c := range e.calls() {
				b.Write(c.id[:])
				if c.factor != nil {
					factor(*c.factor)
				}
			}
		}
	}
	return b.Bytes()
}

func TestADumpOfMemoryHoldsNeitherSecretNorAccount(t *testing.T) {
	t.Parallel()
	const account, secret, raw = "ada.lovelace", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "12345678901234567890"
	key := []byte("0123456789abcdef0123456789abcdef")
	store := new(MemoryStore)
	a, err := New(Config{Store: store, Keys: [][]byte{key}, Issuer: "Acme"})
	require.NoError(t, err)
	require.NoError(t, a.Import(t.Context(), account, "otpauth://totp/b?secret="+secret))
	require.Error(t, a.Check(t.Context(), account, "000000"))
	dump := store.dump()
	require.Greater(t, len(dump), 100)
	for _, word := range []string{account, secret, raw, string(key), "Acme"} {
		assert.NotContains(t, string(dump), word)
		assert.NotContains(t, hex.EncodeToString(dump), hex.EncodeToString([]byte(word)))
	}
	for i := range store.shards { // what is looked for would be found
		for e := range store.shards[i].entries.all() {
			e.set(Factor{Sealed: []byte(raw)})
		}
	}
	assert.Contains(t, string(store.dump()), raw)
}
