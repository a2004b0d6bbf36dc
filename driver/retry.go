package driver

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	minWait      = 200 * time.Millisecond
	maxWait      = 2 * time.Second
	maxWaitAsked = 5 * time.Second // of a Retry-After that we wait for: a person is waiting too
)

// checkRetry and backoff are the policies of go-retryablehttp. The state knows
// more than what they are given.
func checkRetry(ctx context.Context, _ *http.Response, _ error) (bool, error) {
	s, ok := stateOf(ctx)
	return ok && s.shouldRetry(), nil
}

func backoff(_, _ time.Duration, _ int, resp *http.Response) time.Duration {
	s, ok := stateOf(resp.Request.Context())
	if !ok {
		return 0
	}
	return s.wait
}

// shouldRetry decides whether there is another request, and when.
func (s *callState) shouldRetry() bool {
	if !s.last.retryable || s.requests >= s.maxRequests() || s.Err() != nil {
		return false
	}
	s.wait = max(s.last.retryAfter, jitter(s.requests-1))
	if s.last.retryAfter > maxWaitAsked || time.Until(s.deadline) <= s.wait {
		return false
	}
	return s.client.budget.spend()
}

// jitter is a random part of 200 ms doubled n times, 2 s at most.
func jitter(n int) time.Duration {
	return rand.N(min(minWait<<n, maxWait)) //nolint:gosec // spreads load; nothing to guess
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
