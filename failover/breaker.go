package failover

import (
	"context"
	"errors"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/sent"
	"github.com/go2fa/verify/observe"
)

// A breaker opens for breakerPause when at least breakerCalls calls were counted
// within breakerWindow and half of them failed. Then one call probes.
const (
	breakerWindow = 30 * time.Second
	breakerBucket = 3 * time.Second
	breakerPause  = 30 * time.Second
	breakerCalls  = 10
	maxFailing    = 1024 // recipients remembered, so that each counts once
)

var (
	errNotCounted = errors.New("failover: not the vendor's fault")
	errPanicked   = errors.New("failover: a backend panicked")
)

// A breaker keeps calls away from a vendor that is down. Nothing that one person
// chooses opens it for everybody: not the code and the number that they type, not
// the channel (each has a breaker of its own), and not an address that fails
// again and again, because a recipient's failures count once within the window.
type breaker struct {
	two      *gobreaker.TwoStepCircuitBreaker[struct{}]
	told     observe.Event
	observer observe.Observer

	seed    maphash.Seed
	mu      sync.Mutex
	failing map[uint64]time.Time // recipients, and when a failure of theirs was counted
	changes []string             // not yet observed
}

func newBreaker(told observe.Event, observer observe.Observer) *breaker {
	b := &breaker{told: told, observer: observer, seed: maphash.MakeSeed(), failing: map[uint64]time.Time{}}
	b.two = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Interval:     breakerWindow,
		BucketPeriod: breakerBucket,
		Timeout:      breakerPause,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			counted := n.TotalSuccesses + n.TotalFailures
			return counted >= breakerCalls && 2*n.TotalFailures >= counted
		},
		IsSuccessful:  func(err error) bool { return !isVendorsFault(err) },
		IsExcluded:    func(err error) bool { return errors.Is(err, errNotCounted) },
		OnStateChange: func(_ string, _, to gobreaker.State) { b.changed(to) },
	})
	return b
}

// isVendorsFault keeps what a person does wrong from closing a vendor for
// everybody else.
func isVendorsFault(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrOutcomeUnknown, verify.ErrUnauthorized:
		return true
	}
	return false
}

// A report says once what became of a call that the breaker allowed.
type report func(err error)

// allow says whether a call for a recipient may be made. If so, the report must be
// called, whatever happens: a probe that is never reported closes the vendor for good.
func (b *breaker) allow(ctx context.Context, to string) (report, bool) {
	done, err := b.two.Allow()
	b.tell(ctx)
	if err != nil {
		return nil, false
	}
	return func(err error) {
		if isVendorsFault(err) && !errors.Is(err, errNotCounted) && !b.first(to) {
			err = errNotCounted
		}
		done(err)
		b.tell(ctx)
	}, true
}

// first reports whether this is the recipient's first failure within the window,
// and remembers it.
func (b *breaker) first(to string) bool {
	who, now := maphash.String(b.seed, strings.ToLower(to)), time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.failing[who]; ok && now.Sub(at) < breakerWindow {
		return false
	}
	if len(b.failing) >= maxFailing {
		for other, at := range b.failing {
			if now.Sub(at) >= breakerWindow {
				delete(b.failing, other)
			}
		}
	}
	if len(b.failing) < maxFailing { // more than that fail at once: it is the vendor
		b.failing[who] = now
	}
	return true
}

// changed is called under gobreaker's lock, so the observer gets it later.
func (b *breaker) changed(to gobreaker.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, strings.ReplaceAll(to.String(), "-", "_"))
}

func (b *breaker) tell(ctx context.Context) {
	b.mu.Lock()
	changes := b.changes
	b.changes = nil
	b.mu.Unlock()
	for _, change := range changes {
		e := b.told
		e.Time, e.Breaker = time.Now(), change
		b.observer.Observe(ctx, e)
	}
}

// reported wraps a backend so that the observer gets each of its requests.
func reported(l Backend, observer observe.Observer) verify.Verifier {
	if observer == nil {
		return l.Verifier
	}
	return observe.New(l.Verifier, func(ctx context.Context, e observe.Event) {
		e.Backend = l.Name
		e.Subject = observe.Subject{} // it would not be the one of the whole call
		observer(ctx, e)
	})
}

// counted is what a breaker may count of err: not what the caller's own context
// ended. The backend's share of it may end at the same moment, and be seen first. Nor
// an answer about the recipient that says nothing about the vendor.
func counted(ctx context.Context, err error) error {
	deadline, _ := ctx.Deadline()
	if err != nil && (ctx.Err() != nil || !time.Now().Before(deadline) || sent.Elsewhere(err)) {
		return errNotCounted
	}
	return err
}

func breakerOpen() *verify.Error {
	return &verify.Error{Outcome: verify.ErrUnavailable, Detail: "breaker open", RetryAfter: breakerPause}
}
