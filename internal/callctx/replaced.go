package callctx

import (
	"context"
	"sync/atomic"
)

// A Mark is set once credentials are of the past: a call under way then makes no
// further request with them.
type Mark struct{ set atomic.Bool }

// Set says that they are.
func (m *Mark) Set() { m.set.Store(true) }

type key struct{}

// With returns a context for a call with the credentials of m.
func With(ctx context.Context, m *Mark) context.Context { return context.WithValue(ctx, key{}, m) }

// Replaced reports whether the credentials of the call that ctx belongs to were replaced.
func Replaced(ctx context.Context) bool {
	m, ok := ctx.Value(key{}).(*Mark)
	return ok && m.set.Load()
}
