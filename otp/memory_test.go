package otp

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A rig calls a MemoryStore with as few words as possible.
type rig struct {
	*MemoryStore
	t  testing.TB
	id uint64
}

func newRig(t testing.TB, room int) *rig { return &rig{&MemoryStore{MaxEntries: room}, t, 0} }

func (r *rig) next() ID {
	r.id++
	return someID(r.id)
}

// send puts code n under key k, and returns the id.
func (r *rig) send(k, n uint64, l Limits) (ID, Admission) {
	r.t.Helper()
	id := r.next()
	a, err := r.Issue(r.t.Context(), someKey(k), id, someMAC(n), 10*time.Minute, l)
	require.NoError(r.t, err)
	return id, a
}

func (r *rig) mustSend(k, n uint64, l Limits) ID {
	r.t.Helper()
	id, a := r.send(k, n, l)
	require.Equal(r.t, Admitted, a.Refused)
	return id
}

func (r *rig) attempt(k, n uint64, l Limits) Verdict {
	r.t.Helper()
	v, _, err := r.Attempt(r.t.Context(), someKey(k), r.next(), []MAC{someMAC(n)}, l)
	require.NoError(r.t, err)
	return v
}

func TestAZeroMACIsNoCode(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	attempt := func(macs ...MAC) Verdict {
		v, _, err := r.Attempt(t.Context(), someKey(1), r.next(), macs, Limits{})
		require.NoError(t, err)
		return v
	}
	_, err := r.Issue(t.Context(), someKey(1), r.next(), MAC{}, time.Minute, Limits{})
	require.NoError(t, err)
	require.Equal(t, Gone, attempt(MAC{}))
	_, a := r.send(1, 1, Limits{})
	require.Equal(t, TooSoon, a.Refused, "it counts as a send")

	r.mustSend(2, 1, Limits{})
	v, _, _ := r.Attempt(t.Context(), someKey(2), r.next(), []MAC{{}}, Limits{})
	require.Equal(t, Wrong, v)
	v, left, _ := r.Attempt(t.Context(), someKey(2), r.next(), nil, Limits{})
	require.Equal(t, Gone, v, "nothing to compare")
	require.Zero(t, left)
	v, left, _ = r.Attempt(t.Context(), someKey(2), r.next(), []MAC{{}, someMAC(7), someMAC(1)}, Limits{})
	require.Equal(t, Match, v, "any of the MACs")
	require.Equal(t, 3, left)
}

func TestEachBitOfAMACCounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	for bit := range 256 {
		k := uint64(bit)
		r.mustSend(k, 1, Limits{})
		m := someMAC(1)
		m[bit/8] ^= 1 << (bit % 8)
		v, _, _ := r.Attempt(t.Context(), someKey(k), r.next(), []MAC{m}, Limits{})
		require.Equal(t, Wrong, v, "bit %d", bit)
	}
}

func TestForgetRemovesAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	l := Limits{Failures: 1}
	id := r.mustSend(1, 1, l)
	require.Equal(t, Locked, r.attempt(1, 9, l))
	require.Equal(t, Blocked, r.attempt(1, 1, l))
	require.NoError(t, r.Reset(t.Context(), someKey(1)))
	assert.Zero(t, r.entries.Load())
	require.Equal(t, Gone, r.attempt(1, 1, l))
	require.NoError(t, r.Revoke(t.Context(), someKey(1), id))
	r.mustSend(1, 1, l)
	require.Equal(t, Match, r.attempt(1, 1, l))
	require.NoError(t, r.Reset(t.Context(), someKey(9)), "nothing to forget")
}

func TestAContextThatIsDoneChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRig(t, 0)
	id := r.mustSend(1, 1, Limits{})
	_, err := r.Issue(ctx, someKey(2), r.next(), someMAC(1), time.Minute, Limits{})
	require.ErrorIs(t, err, context.Canceled)
	v, left, err := r.Attempt(ctx, someKey(1), r.next(), []MAC{someMAC(1)}, Limits{})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, Gone, v)
	assert.Zero(t, left)
	require.ErrorIs(t, r.Revoke(ctx, someKey(1), id), context.Canceled)
	require.ErrorIs(t, r.Reset(ctx, someKey(1)), context.Canceled)
	assert.EqualValues(t, 1, r.entries.Load())
	require.Equal(t, Match, r.attempt(1, 1, Limits{}))
}

// TestAStoreOlderThanTheBubble: a clock of the package, started outside, would be
// ahead of the bubble's by a quarter of a century.
func TestAStoreOlderThanTheBubble(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	synctest.Test(t, func(*testing.T) {
		r.mustSend(1, 1, Limits{})
		time.Sleep(10*time.Minute - 1)
		require.Equal(t, Match, r.attempt(1, 1, Limits{}))
	})
}

func TestOneWinner(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	for round := range uint64(atLength(10_000, 200, 20)) {
		r.mustSend(round, 1, Limits{Attempts: 10})
		var verdicts [Match + 1]atomic.Int64
		together(256, func(n int) {
			v, _, _ := r.Attempt(t.Context(), someKey(round), someID(1<<40+round<<20+uint64(n)), []MAC{someMAC(1)}, Limits{Attempts: 10})
			verdicts[v].Add(1)
		})
		require.EqualValues(t, 1, verdicts[Match].Load())
		require.EqualValues(t, 255, verdicts[Gone].Load())
	}
}

func TestFiveAttemptsOfAMillion(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	each := atLength(4000, 4000, 400)
	r.mustSend(1, 1, Limits{})
	var verdicts [Match + 1]atomic.Int64
	together(256, func(n int) {
		for i := range each {
			v, _, _ := r.Attempt(t.Context(), someKey(1), someID(1<<40+uint64(n)<<20+uint64(i)), []MAC{someMAC(2)}, Limits{})
			verdicts[v].Add(1)
		}
	})
	assert.EqualValues(t, 4, verdicts[Wrong].Load())
	assert.EqualValues(t, 256*each-4, verdicts[Locked].Load())
	assert.Equal(t, Locked, r.attempt(1, 1, Limits{}), "the right code, after them")
}

// together starts n calls at one moment, and waits for them.
func together(n int, call func(int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-gate
			call(i)
		}()
	}
	close(gate)
	wg.Wait()
}

func TestAnEntryIsSmall(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, unsafe.Sizeof(entry{}), uintptr(168))
	assert.LessOrEqual(t, unsafe.Sizeof([chunkSize]entry{}), uintptr(32<<10), "beyond, Go rounds up to whole pages")
	assert.Greater(t, unsafe.Sizeof([chunkSize + 1]entry{}), uintptr(32<<10))
}
