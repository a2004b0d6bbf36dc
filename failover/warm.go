package failover

import (
	"context"
	"slices"
	"sync"

	"github.com/sony/gobreaker/v2"

	"github.com/go2fa/verify"
)

var _ verify.Warmer = (*Verifier)(nil)

// Warm warms the backend that each route would ask first: the first one with a
// closed breaker for sends, if it can be warmed. It charges no breaker. Of several
// errors it returns the first.
func (v *Verifier) Warm(ctx context.Context) error {
	var first []*backend
	add := func(route []*backend) {
		i := slices.IndexFunc(route, (*backend).isUp)
		if i >= 0 && !slices.Contains(first, route[i]) {
			first = append(first, route[i])
		}
	}
	add(v.backends)
	for _, route := range v.routes {
		add(route)
	}

	errs := make([]error, len(first))
	var wait sync.WaitGroup
	for i, l := range first {
		if w, ok := verify.As[verify.Warmer](l.Verifier); ok {
			wait.Go(func() { errs[i] = w.Warm(ctx) })
		}
	}
	wait.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// isUp reports whether a breaker for sends is closed, on any channel.
func (l *backend) isUp() bool {
	for _, b := range l.sends {
		if b.two.State() == gobreaker.StateClosed {
			return true
		}
	}
	return false
}
