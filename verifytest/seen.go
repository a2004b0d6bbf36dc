package verifytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
)

// A SeenTarget is one [delivery.Seen] or hooks.Seen, which have the same methods, and
// what [RunSeen] needs of it.
type SeenTarget struct {
	// Seen is empty. Required.
	Seen delivery.Seen
	// Reopen returns what another process sees of the same store. Defaults to Seen.
	Reopen func(*testing.T) delivery.Seen
	// Advance makes the store's clock go on. Scenarios of time are skipped without it.
	Advance func(time.Duration)
}

const (
	seenLease = 30 * time.Second
	seenKeep  = 10 * time.Minute
	seenLong  = 31 * 24 * time.Hour
)

// RunSeen checks what a [delivery.Seen] and a hooks.Seen promise: of many that begin
// one is told so, whatever the process; a claim ends with its lease or its release;
// what is done stays done for its time. The func makes an empty one.
func RunSeen(t *testing.T, open func(*testing.T) SeenTarget) {
	t.Helper()
	for name, scenario := range map[string]func(*testing.T, SeenTarget){
		"one of many begins":                          seenOnce,
		"what is done stays done":                     seenDone,
		"what is released begins anew":                seenReleased,
		"what never began may be done":                seenUnclaimed,
		"a caller who is gone claims nothing":         seenCanceled,
		"a claim ends with its lease":                 seenLeases,
		"what is done after its lease is done":        seenLate,
		"what is done is remembered for its time":     seenKeeps,
		"what is done is remembered for a month":      seenKeepsLong,
		"a release leaves the next claim its lease":   seenReclaimed,
		"another process sees what is claimed, ended": seenElsewhere,
	} {
		t.Run(name, func(t *testing.T) { scenario(t, open(t)) })
	}
}

func (s SeenTarget) begin(t *testing.T, key byte) delivery.State {
	t.Helper()
	state, err := s.Seen.Begin(t.Context(), [16]byte{key}, seenLease)
	require.NoError(t, err)
	return state
}

func (s SeenTarget) done(t *testing.T, key byte) {
	t.Helper()
	require.NoError(t, s.Seen.Done(t.Context(), [16]byte{key}, seenKeep))
}

func (s SeenTarget) release(t *testing.T, key byte) {
	t.Helper()
	require.NoError(t, s.Seen.Release(t.Context(), [16]byte{key}))
}

func (s SeenTarget) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if s.Advance == nil {
		t.Skip("no clock to advance")
	}
	s.Advance(d)
}

func seenOnce(t *testing.T, s SeenTarget) {
	states, ctx := make(chan delivery.State), t.Context()
	for range 64 {
		go func() {
			state, err := s.Seen.Begin(ctx, [16]byte{1}, seenLease)
			assert.NoError(t, err)
			states <- state
		}()
	}
	count := map[delivery.State]int{}
	for range 64 {
		count[<-states]++
	}
	assert.Equal(t, map[delivery.State]int{delivery.New: 1, delivery.Busy: 63}, count)
}

func seenDone(t *testing.T, s SeenTarget) {
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.done(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1))
	s.release(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1), "a release changes nothing of it")
	s.done(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1), "twice is once")
	assert.Equal(t, delivery.New, s.begin(t, 2), "another key")
}

func seenReleased(t *testing.T, s SeenTarget) {
	s.release(t, 1) // of nothing
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.release(t, 1)
	s.release(t, 1)
	assert.Equal(t, delivery.New, s.begin(t, 1))
	assert.Equal(t, delivery.Busy, s.begin(t, 1))
	s.release(t, 1)
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.done(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1))
}

func seenUnclaimed(t *testing.T, s SeenTarget) {
	s.done(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1))
	assert.Equal(t, delivery.New, s.begin(t, 2))
	s.release(t, 2)
	s.done(t, 2)
	assert.Equal(t, delivery.Done, s.begin(t, 2))
}

// seenCanceled lets a store in memory claim: it has nobody to ask.
func seenCanceled(t *testing.T, s SeenTarget) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	state, err := s.Seen.Begin(ctx, [16]byte{1}, seenLease)
	if err == nil {
		assert.Equal(t, delivery.New, state)
		return
	}
	assert.Zero(t, state)
	assert.Equal(t, delivery.New, s.begin(t, 1))
	require.Error(t, s.Seen.Done(ctx, [16]byte{1}, seenKeep))
	require.Error(t, s.Seen.Release(ctx, [16]byte{1}))
	assert.Equal(t, delivery.Busy, s.begin(t, 1))
}

func seenLeases(t *testing.T, s SeenTarget) {
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.advance(t, seenLease-margin)
	assert.Equal(t, delivery.Busy, s.begin(t, 1), "nobody's Begin makes it longer or shorter")
	s.advance(t, margin+time.Second)
	assert.Equal(t, delivery.New, s.begin(t, 1))
	assert.Equal(t, delivery.Busy, s.begin(t, 1))
}

func seenLate(t *testing.T, s SeenTarget) {
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.advance(t, seenLease+time.Second)
	s.done(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1))
}

func seenKeeps(t *testing.T, s SeenTarget) {
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.done(t, 1)
	s.advance(t, seenKeep-2*margin)
	assert.Equal(t, delivery.Done, s.begin(t, 1))
	s.advance(t, margin)
	assert.Equal(t, delivery.Done, s.begin(t, 1), "to the end")
	s.advance(t, margin)
	assert.Equal(t, delivery.New, s.begin(t, 1), "and no longer")
}

func seenKeepsLong(t *testing.T, s SeenTarget) {
	assert.Equal(t, delivery.New, s.begin(t, 1))
	require.NoError(t, s.Seen.Done(t.Context(), [16]byte{1}, seenLong))
	assert.Equal(t, delivery.New, s.begin(t, 2))
	s.done(t, 2)
	s.advance(t, seenLong-time.Minute)
	assert.Equal(t, delivery.Done, s.begin(t, 1), "each as long as it was told")
	assert.Equal(t, delivery.New, s.begin(t, 2))
}

func seenReclaimed(t *testing.T, s SeenTarget) {
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.advance(t, seenLease/2)
	s.release(t, 1)
	assert.Equal(t, delivery.New, s.begin(t, 1))
	s.advance(t, seenLease-margin)
	assert.Equal(t, delivery.Busy, s.begin(t, 1))
	s.advance(t, margin+time.Second)
	assert.Equal(t, delivery.New, s.begin(t, 1))
}

func seenElsewhere(t *testing.T, s SeenTarget) {
	if s.Reopen == nil {
		t.Skip("kept in one process")
	}
	other := SeenTarget{Seen: s.Reopen(t)}
	assert.Equal(t, delivery.New, s.begin(t, 1))
	assert.Equal(t, delivery.Busy, other.begin(t, 1))
	s.release(t, 1)
	assert.Equal(t, delivery.New, other.begin(t, 1))
	other.done(t, 1)
	assert.Equal(t, delivery.Done, s.begin(t, 1))
}
