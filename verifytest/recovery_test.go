package verifytest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/recovery"
)

func TestMemoryStoreOfRecoveryCodesKeepsEveryPromise(t *testing.T) {
	for _, p := range recoveryPromises() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := RecoveryTarget{Store: new(recovery.MemoryStore), Advance: time.Sleep}
				assert.NoError(t, p.broken(t.Context(), target))
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

func TestBrokenStoresOfRecoveryCodesAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		store  recovery.Store
		breaks string
	}{
		"keeps a used code": {keepsUsed{new(recovery.MemoryStore), map[recovery.Key][]recovery.MAC{}}, "each_code_is_good_once"},
		"never waits":       {chargesNobody{new(recovery.MemoryStore)}, "ten_of_10000_attempts_are_compared"},
	} {
		for _, p := range recoveryPromises() {
			if p.name == tc.breaks {
				t.Run(name, func(t *testing.T) {
					assert.Error(t, p.broken(t.Context(), RecoveryTarget{Store: tc.store}), "the suite does not see it")
				})
			}
		}
	}
}
