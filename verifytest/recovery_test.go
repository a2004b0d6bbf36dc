package verifytest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/recovery"
)

func TestMemoryStoreOfRecoveryCodesKeepsEveryPromise(t *testing.T) {
	RunRecovery(t, func(*testing.T) RecoveryTarget {
		return RecoveryTarget{Store: new(recovery.MemoryStore), Histories: *histories}
	})
	for _, p := range recoveryPromises() {
		if !p.waits && p.name != "random_histories_agree_with_the_model" && p.name != "a_wait_of_all_time_never_ends" {
			continue // a clock that stands makes no order of calls
		}
		t.Run(p.name+" in time", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := RecoveryTarget{Store: new(recovery.MemoryStore), Advance: time.Sleep, Histories: *histories}
				assert.NoError(t, p.broken(t, target))
			})
		})
	}
}

// keepsUsed approves a code without removing it.
type keepsUsed struct {
	*recovery.MemoryStore
	macs map[recovery.Key][]recovery.MAC
}

func (s keepsUsed) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	s.macs[k] = macs
	return s.MemoryStore.Replace(ctx, k, id, macs)
}

func (s keepsUsed) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, macs, l)
	if a.Verdict == recovery.Match {
		err = s.MemoryStore.Replace(ctx, k, recoveryID(), s.macs[k])
	}
	return a, err
}

// chargesNobody forgets each failure.
type chargesNobody struct{ *recovery.MemoryStore }

func (s chargesNobody) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, _ recovery.Limits) (recovery.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, macs, recovery.Limits{Wait: time.Nanosecond, MaxWait: time.Nanosecond})
	if a.Verdict == recovery.Waiting {
		a = recovery.Attempt{Verdict: recovery.Wrong, Left: 1}
	}
	return a, err
}

// looksFirst compares, and removes the code afterwards.
type looksFirst struct {
	*recovery.MemoryStore
	mu   sync.Mutex
	macs map[recovery.Key][]recovery.MAC
}

func (s *looksFirst) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	s.mu.Lock()
	s.macs[k] = macs
	s.mu.Unlock()
	return s.MemoryStore.Replace(ctx, k, id, macs)
}

func (s *looksFirst) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	s.mu.Lock()
	left := s.macs[k]
	s.mu.Unlock()
	if !slices.ContainsFunc(macs, func(m recovery.MAC) bool { return slices.Contains(left, m) }) {
		return s.MemoryStore.Attempt(ctx, k, id, macs, l)
	}
	time.Sleep(time.Millisecond) // the others have looked as well
	s.mu.Lock()
	s.macs[k] = slices.DeleteFunc(slices.Clone(s.macs[k]), func(m recovery.MAC) bool { return slices.Contains(macs, m) })
	s.mu.Unlock()
	_, err := s.MemoryStore.Attempt(ctx, k, id, macs, l)
	return recovery.Attempt{Verdict: recovery.Match}, err
}

// writesAlways makes a record of whoever attempts.
type writesAlways struct {
	*recovery.MemoryStore
	records *int
}

func (s writesAlways) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, macs, l)
	if a.Verdict == recovery.None {
		*s.records++
		err = s.Replace(ctx, k, recoveryID(), nil)
	}
	return a, err
}

// roundsWaitsUp asks for whole microseconds, of which the longest time there is has none above.
type roundsWaitsUp struct{ *recovery.MemoryStore }

func (s roundsWaitsUp) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	a, err := s.MemoryStore.Attempt(ctx, k, id, macs, l)
	a.Wait = overflowing(a.Wait)
	return a, err
}

func TestBrokenStoresOfRecoveryCodesAreRejected(t *testing.T) {
	records := 0
	for name, tc := range map[string]struct {
		store  func() recovery.Store
		breaks []string
	}{
		"keeps a used code": {
			func() recovery.Store {
				return keepsUsed{new(recovery.MemoryStore), map[recovery.Key][]recovery.MAC{}}
			},
			[]string{"each_code_is_good_once", "random_histories_agree_with_the_model"},
		},
		"removes a code after it has looked": {
			func() recovery.Store {
				return &looksFirst{MemoryStore: new(recovery.MemoryStore), macs: map[recovery.Key][]recovery.MAC{}}
			},
			[]string{"one_of_256_right_attempts_is_approved", "histories_of_16_callers_are_linearizable"},
		},
		"never waits": {
			func() recovery.Store { return chargesNobody{new(recovery.MemoryStore)} },
			[]string{"ten_of_a_storm_of_attempts_are_compared", "random_histories_agree_with_the_model"},
		},
		"overflows": {
			func() recovery.Store { return roundsWaitsUp{new(recovery.MemoryStore)} },
			[]string{"a_wait_of_all_time_never_ends"},
		},
		"writes for nobody": {
			func() recovery.Store { return writesAlways{new(recovery.MemoryStore), &records} },
			[]string{"nothing_is_written_without_codes"},
		},
	} {
		for _, p := range recoveryPromises() {
			if !slices.Contains(tc.breaks, p.name) {
				continue
			}
			t.Run(name+"/"+p.name, func(t *testing.T) {
				prove := func(t *testing.T) {
					target := RecoveryTarget{Store: tc.store(), Histories: 60, Records: func(*testing.T) int { return records }}
					assert.Error(t, p.broken(t, target), "the suite does not see it")
				}
				if p.name == "one_of_256_right_attempts_is_approved" {
					synctest.Test(t, prove) // on its clock all have looked before the first one goes on
					return
				}
				prove(t)
			})
		}
	}
}
