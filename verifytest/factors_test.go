package verifytest

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/totp"
)

func TestMemoryStoreOfFactorsKeepsEveryPromise(t *testing.T) {
	RunFactors(t, func(*testing.T) FactorTarget {
		return FactorTarget{Store: new(totp.MemoryStore), Histories: *histories}
	})
	for _, p := range factorPromises() {
		if !p.waits && p.name != "random_histories_agree_with_the_model" && p.name != "a_wait_of_all_time_never_ends" {
			continue // a clock that stands makes no order of calls
		}
		t.Run(p.name+" in time", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := FactorTarget{Store: new(totp.MemoryStore), Advance: time.Sleep, Histories: *histories}
				if err := p.broken(t, target); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// sameStep accepts every step that is another one than the last.
type sameStep struct {
	*totp.MemoryStore
	mu    sync.Mutex
	steps map[totp.Key]uint64
}

func (s *sameStep) Accept(ctx context.Context, k totp.Key, id, enrolment totp.ID, step uint64, r *totp.Resealed) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, found, err := s.Get(ctx, k)
	if err != nil || !found || f.Enrolment != enrolment || s.steps[k] == step {
		return false, err
	}
	s.steps[k] = step
	_, err = s.MemoryStore.Accept(ctx, k, id, enrolment, step, r)
	return true, err
}

// chargesLate looks whether an attempt may be made, and charges it after.
type chargesLate struct{ *totp.MemoryStore }

func (s chargesLate) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, l)
	if err == nil && charged(a) {
		err = s.Refund(ctx, k, id)
		time.Sleep(time.Nanosecond) // the others have looked as well
		_, _ = s.MemoryStore.Attempt(ctx, k, randomFactorID(), l)
	}
	return a, err
}

// forgetsIDs never knows a call again.
type knowsNoAge struct{ totp.Store }

func (s knowsNoAge) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.Store.Attempt(ctx, k, id, l)
	a.Age, a.Accepted = 0, false
	return a, err
}

type forgetsIDs struct{ *totp.MemoryStore }

func (s forgetsIDs) Attempt(ctx context.Context, k totp.Key, _ totp.ID, l totp.Limits) (totp.Attempt, error) {
	return s.MemoryStore.Attempt(ctx, k, randomFactorID(), l)
}

// waitsNever has no wait after failures.
type waitsNever struct{ *totp.MemoryStore }

func (s waitsNever) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, l)
	if a.Wait > 0 {
		f, _, _ := s.Get(ctx, k)
		return totp.Attempt{Found: true, Factor: f, Failures: 5}, err
	}
	return a, err
}

// blocksNever forgets all failures when they would block.
type blocksNever struct{ *totp.MemoryStore }

func (s blocksNever) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, l)
	if a.Blocked {
		_ = s.Reset(ctx, k)
		return s.MemoryStore.Attempt(ctx, k, id, l)
	}
	return a, err
}

// writesForNobody keeps a record for whoever attempts.
type writesForNobody struct{ *totp.MemoryStore }

func (s writesForNobody) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, l)
	if !a.Found {
		_, err = s.Create(ctx, k, id, randomFactor())
	}
	return a, err
}

// roundsUp asks for whole microseconds, of which the longest time there is has none above.
type roundsUp struct{ *totp.MemoryStore }

func (s roundsUp) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, l)
	a.Next = overflowing(a.Next)
	return a, err
}

// overflowing rounds up to microseconds, as a store in a database must, without a bound.
func overflowing(d time.Duration) time.Duration {
	if d%time.Microsecond == 0 {
		return d
	}
	return (d/time.Microsecond + 1) * time.Microsecond
}

func TestBrokenStoresOfFactorsAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		store  func() totp.Store
		breaks []string
	}{
		"accepts by another step, not by a later one": {
			func() totp.Store { return &sameStep{MemoryStore: new(totp.MemoryStore), steps: map[totp.Key]uint64{}} },
			[]string{"a_step_is_accepted_once_and_only_forward", "random_histories_agree_with_the_model"},
		},
		"charges after it has looked": {
			func() totp.Store { return chargesLate{new(totp.MemoryStore)} },
			[]string{"five_of_a_storm_of_attempts_are_admitted", "one_of_256_right_codes_is_approved_and_five_compared"},
		},
		"forgets ids": {
			func() totp.Store { return forgetsIDs{new(totp.MemoryStore)} },
			[]string{"a_call_made_again_answers_the_same", "a_refund_takes_back_one_charge"},
		},
		"knows no age": {
			func() totp.Store { return knowsNoAge{new(totp.MemoryStore)} },
			[]string{"an_attempt_made_again_tells_its_age_and_whether_it_was_accepted"},
		},
		"never waits": {
			func() totp.Store { return waitsNever{new(totp.MemoryStore)} },
			[]string{"five_of_a_storm_of_attempts_are_admitted", "waits_double_and_a_hundred_failures_block", "random_histories_agree_with_the_model"},
		},
		"overflows": {
			func() totp.Store { return roundsUp{new(totp.MemoryStore)} },
			[]string{"a_wait_of_all_time_never_ends"},
		},
		"never blocks": {
			func() totp.Store { return blocksNever{new(totp.MemoryStore)} },
			[]string{"a_hundred_attempts_are_admitted_past_each_wait", "two_hundred_failures_in_thirty_days_block"},
		},
		"keeps what is charged to nobody": {
			func() totp.Store { return writesForNobody{new(totp.MemoryStore)} },
			[]string{"nothing_is_written_without_a_factor"},
		},
	} {
		for _, p := range factorPromises() {
			for _, want := range tc.breaks {
				if p.name != want {
					continue
				}
				t.Run(name+"/"+p.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						err := p.broken(t, FactorTarget{Store: tc.store(), Advance: time.Sleep, Histories: 100})
						assert.Error(t, err, "the suite does not see it")
					})
				})
			}
		}
	}
}
