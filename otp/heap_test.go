package otp

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// mask turns what this test looks for into what it does not.
func mask(b []byte) []byte {
	masked := bytes.Clone(b)
	for i := range masked {
		masked[i] ^= 0x55
	}
	return masked
}

// witness is a messenger that remembers codes masked.
type witness struct {
	void
	masked []byte
}

func (w *witness) Deliver(_ context.Context, m Message) (string, error) {
	code := []byte(digitsOnly.FindString(m.Text))
	w.masked = mask(code)
	clear(code)
	return "", nil
}

// TestNeitherCodeNorPhoneStaysInMemory searches the whole heap for what was sent,
// while store and engine are in use.
func TestNeitherCodeNorPhoneStaysInMemory(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("dumps the heap, where the race detector's pools leave what others clear")
	}
	// What is masked here is a number, an amount and a payee.
	to := mask([]byte("~d`ee```lbfd")) // +15005559731
	store, messenger := new(MemoryStore), new(witness)
	e, err := New(Config{Messenger: messenger, Store: store, Keys: [][]byte{keyA}, Digits: 10})
	require.NoError(t, err)
	maskedKey := recording(t, e, messenger, to)
	clear(to)

	scratch := e.keys.get() // the one that was used, which a collection would throw away
	dump := heapDump(t)
	require.True(t, bytes.Contains(dump, mask(maskedKey)), "the dump does not show the store: this test proves nothing")
	for what, masked := range map[string][]byte{"the phone number": []byte("~d`ee```lbfd")[1:], "the code": messenger.masked} {
		assert.False(t, bytes.Contains(dump, mask(masked)), "%s is in memory", what)
	}
	runtime.KeepAlive(store)
	runtime.KeepAlive(e)
	runtime.KeepAlive(scratch)
}

// recording sends a code and attempts it wrong. It returns the masked key of the
// record.
//
//go:noinline
func recording(t *testing.T, e *Engine, w *witness, to []byte) []byte {
	t.Helper()
	number := string(to)
	_, err := e.Send(t.Context(), number, verify.WithTransaction("EUR 1", "Acme"))
	require.NoError(t, err)
	code := mask(w.masked)
	err = e.Check(t.Context(), number, string(code), verify.WithTransaction("EUR 2", "Acme"))
	require.ErrorIs(t, err, verify.ErrMismatch)
	clear(code)
	k := e.keyOf(verify.CheckRequest{To: number})
	return mask(k[:])
}

func heapDump(t *testing.T) []byte {
	t.Helper()
	for range 3 {
		runtime.GC()
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "heap"))
	require.NoError(t, err)
	debug.WriteHeapDump(f.Fd())
	require.NoError(t, f.Close())
	dump, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	return dump
}
