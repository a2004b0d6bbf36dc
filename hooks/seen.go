package hooks

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/go2fa/verify/internal/incoming"
)

// A State is what a [Seen] knows of a request. The zero State is none.
type State = incoming.State

// The states.
const (
	New  = incoming.New  // claimed by this call: deliver, then call Done or Release
	Busy = incoming.Busy // claimed by another call
	Done = incoming.Done // it was delivered, or may have been
)

// Seen remembers requests by keys. Each method is one atomic step. It is safe for
// concurrent use.
type Seen interface {
	// Begin claims a key for the length of a lease, unless it is claimed or done.
	Begin(ctx context.Context, key [16]byte, lease time.Duration) (State, error)
	// Done remembers for so long that the key was delivered.
	Done(ctx context.Context, key [16]byte, keep time.Duration) error
	// Release gives up a claim. It does nothing to a key that is done.
	Release(ctx context.Context, key [16]byte) error
}

// Limits of a [MemorySeen].
const (
	defaultMost = 100_000
)

// ErrFull says that nothing can be forgotten yet.
var ErrFull = errors.New("hooks: as many requests are remembered as Most allows")

// A MemorySeen remembers requests in this process. It forgets none before its time: a
// full one refuses new requests with [ErrFull]. Its zero value is ready.
type MemorySeen struct {
	// Most is how many requests are remembered, of about 200 bytes each. Defaults to
	// 100,000. Set it before first use.
	Most int

	memory incoming.Memory
}

// Begin is [Seen].Begin.
func (m *MemorySeen) Begin(_ context.Context, key [16]byte, lease time.Duration) (State, error) {
	state := m.memory.Begin(key, lease, lease, cmp.Or(m.Most, defaultMost))
	if state == 0 {
		return 0, ErrFull
	}
	return state, nil
}

// Done is [Seen].Done.
func (m *MemorySeen) Done(_ context.Context, key [16]byte, keep time.Duration) error {
	m.memory.Done(key, keep)
	return nil
}

// Release is [Seen].Release.
func (m *MemorySeen) Release(_ context.Context, key [16]byte) error {
	m.memory.Release(key)
	return nil
}
