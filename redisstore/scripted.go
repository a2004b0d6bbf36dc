package redisstore

import (
	"context"
	"io"

	"github.com/redis/go-redis/v9"
)

// scripted is what stores of one script each are made of.
type scripted struct {
	store  *Store
	script *redis.Script
}

// Closer closes the connections that were opened with the store, and nothing that
// was handed in.
func (s scripted) Closer() io.Closer { return s.store }

// Probe refuses a server that may forget; see [Store.Probe].
func (s scripted) Probe(ctx context.Context) error { return s.store.Probe(ctx) }

// list runs a script over one key.
func (s scripted) list(ctx context.Context, op, key string, args ...any) ([]any, error) {
	return s.over(ctx, op, []string{key}, args...)
}

// over runs a script over keys, whose answer is a list that is not empty.
func (s scripted) over(ctx context.Context, op string, keys []string, args ...any) ([]any, error) {
	if !s.store.made() {
		return nil, notMade(op)
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(ctx, op, err)
	}
	reply, err := s.store.eval(ctx, s.script, keys, args...)
	switch {
	case err != nil:
		return nil, failure(ctx, op, err)
	case len(reply) == 0:
		return nil, notUnderstood(op)
	case reply[0] == any(unreadable):
		return nil, otherLayout(op)
	}
	return reply, nil
}
