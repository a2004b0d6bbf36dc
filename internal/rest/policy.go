package rest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	firstWait = 200 * time.Millisecond
	mostWait  = 2 * time.Second
	mostAsked = 5 * time.Second // of a Retry-After that we wait for: a person is waiting too
)

// checkRetry and backoff are the policies of go-retryablehttp; what they are
// handed says less than the state does.
func checkRetry(ctx context.Context, _ *http.Response, _ error) (bool, error) {
	s, ok := stateOf(ctx)
	return ok && s.another(), nil
}

func backoff(_, _ time.Duration, _ int, resp *http.Response) time.Duration {
	s, ok := stateOf(resp.Request.Context())
	if !ok {
		return 0
	}
	return s.wait
}

// another decides whether there is a next try, and when.
func (s *callState) another() bool {
	if !s.last.again || s.tries >= s.allowed() || s.Err() != nil {
		return false
	}
	s.wait = max(s.last.retryAfter, jitter(s.tries-1))
	if s.last.retryAfter > mostAsked || time.Until(s.deadline) <= s.wait {
		return false
	}
	return s.client.budget.spend()
}

// jitter is a random part of 200 ms doubled n times, 2 s at most.
func jitter(n int) time.Duration {
	return rand.N(min(firstWait<<n, mostWait)) //nolint:gosec // spreads load; nothing to guess
}

// A budget keeps a dead vendor from being hammered: each call earns a tenth of
// a repeat, and at most twenty are saved up.
type budget struct{ spent atomic.Int64 } // in tenths; zero is full

const (
	saved = 20 * price
	price = 10
)

func (b *budget) earn() {
	for {
		spent := b.spent.Load()
		if spent <= 0 || b.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}

func (b *budget) spend() bool {
	for {
		spent := b.spent.Load()
		if spent+price > saved {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+price) {
			return true
		}
	}
}
