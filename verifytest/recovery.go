package verifytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify/recovery"
)

// A RecoveryTarget is one [recovery.Store], and what the suite must do behind it.
type RecoveryTarget struct {
	// Store is what is put to the test. Required. It may hold other records: the
	// suite uses random keys.
	Store recovery.Store

	// Advance moves the store's own clock. Defaults to nil, which means a clock that
	// nobody can move: then nothing that takes time is tested.
	Advance func(time.Duration)

	// Reopen returns the store as a process finds it that starts now, with the clock
	// where it was. Defaults to nil, for a store that forgets.
	Reopen func(t *testing.T) recovery.Store

	// Records counts the records that the store holds of all accounts. Defaults to nil:
	// then it is believed where it says that nothing is written.
	Records func(t *testing.T) int

	// Histories is how many random histories are compared with a model, and how many
	// concurrent ones are checked. Defaults to 1,000.
	Histories int
	// Storm is how many calls a storm makes, in hundreds. Defaults to 10,000.
	Storm int
}

// RunRecovery proves each promise of [recovery.Store] as a subtest of its name,
// against a fresh target. Random histories are compared with a model step by step,
// and concurrent ones of 16 callers are checked for linearizability.
func RunRecovery(t *testing.T, open func(t *testing.T) RecoveryTarget) {
	for _, p := range recoveryPromises() {
		t.Run(p.name, func(t *testing.T) {
			target := open(t)
			switch {
			case target.Store == nil:
				t.Fatal("RecoveryTarget.Store is missing")
			case p.restarts && target.Reopen == nil:
				t.Skip("RecoveryTarget.Reopen is nil: this store forgets")
			case p.waits && target.Advance == nil:
				t.Skip("RecoveryTarget.Advance is nil: nobody can move this clock")
			}
			if err := p.broken(t, target); err != nil {
				t.Error(err)
			}
		})
	}
}

type recoveryPromise struct {
	name            string
	prove           func(*recoveryRun)
	waits, restarts bool
}

// broken returns how target breaks the promise, or nil.
func (p recoveryPromise) broken(t *testing.T, target RecoveryTarget) error {
	r := &recoveryRun{RecoveryTarget: target, t: t, ctx: t.Context()}
	p.prove(r)
	return r.err
}

func recoveryPromises() []recoveryPromise {
	return []recoveryPromise{
		{name: "each_code_is_good_once", prove: recoveryOnce},
		{name: "one_of_256_right_attempts_is_approved", prove: recoveryOneWinner},
		{name: "every_key_in_use_is_compared", prove: recoveryComparesAll},
		{name: "new_codes_end_the_old_ones", prove: recoveryReplace},
		{name: "nothing_is_written_without_codes", prove: recoveryNobody},
		{name: "ten_of_a_storm_of_attempts_are_compared", prove: recoveryStorm},
		{name: "waits_double_to_their_longest_and_nothing_blocks", prove: recoveryWaits, waits: true},
		{name: "a_wait_of_all_time_never_ends", prove: recoveryForEver},
		{name: "a_call_made_again_answers_the_same", prove: recoveryAgain},
		{name: "accounts_are_kept_apart", prove: recoveryApart},
		{name: "random_histories_agree_with_the_model", prove: recoveryHistories},
		{name: "histories_of_16_callers_are_linearizable", prove: recoveryLinearizable},
		{name: "a_restart_forgets_nothing", prove: recoveryRestarts, restarts: true},
	}
}

type recoveryRun struct {
	RecoveryTarget
	t   *testing.T
	ctx context.Context
	err error
}

// writes reports whether doing made the store hold another number of records, where
// it can be seen.
func (r *recoveryRun) writes(doing func()) bool {
	if r.Records == nil {
		doing()
		return false
	}
	before := r.Records(r.t)
	doing()
	return r.Records(r.t) != before
}

func (r *recoveryRun) demand(ok bool, format string, args ...any) {
	if !ok && r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func recoveryMAC() (mac recovery.MAC) {
	_, _ = rand.Read(mac[:])
	return mac
}

func recoveryID() (id recovery.ID) {
	_, _ = rand.Read(id[:])
	return id
}

// issued keeps ten new codes under a new key.
func (r *recoveryRun) issued() (recovery.Key, []recovery.MAC) {
	k := recovery.Key(recoveryID())
	return k, r.replaced(k)
}

func (r *recoveryRun) replaced(k recovery.Key) []recovery.MAC {
	macs := make([]recovery.MAC, 10)
	for i := range macs {
		macs[i] = recoveryMAC()
	}
	err := r.Store.Replace(r.ctx, k, recoveryID(), macs)
	r.demand(err == nil, "Replace: %v", err)
	return macs
}

func (r *recoveryRun) attempt(k recovery.Key, macs ...recovery.MAC) recovery.Attempt {
	a, err := r.Store.Attempt(r.ctx, k, recoveryID(), macs, recovery.Limits{})
	r.demand(err == nil, "Attempt: %v", err)
	return a
}

func (r *recoveryRun) leaves(k recovery.Key, want int) {
	n, err := r.Store.Left(r.ctx, k)
	r.demand(err == nil && n == want, "%d codes are left and not %d, error %v", n, want, err)
}

func recoveryOnce(r *recoveryRun) {
	k, macs := r.issued()
	r.leaves(k, 10)
	for i, mac := range macs {
		r.demand(r.attempt(k, mac).Verdict == recovery.Match, "code %d was not approved", i)
		want := recovery.Wrong
		if i == 9 {
			want = recovery.None
		}
		a := r.attempt(k, mac)
		r.demand(a.Verdict == want, "code %d, used before, answers %+v", i, a)
		r.leaves(k, 9-i)
	}
}

func recoveryOneWinner(r *recoveryRun) {
	k, macs := r.issued()
	var approved atomic.Int32
	together(256, func(int) {
		if a, err := r.Store.Attempt(r.ctx, k, recoveryID(), macs[:1], recovery.Limits{}); err == nil && a.Verdict == recovery.Match {
			approved.Add(1)
		}
	})
	r.demand(approved.Load() == 1, "of 256 right attempts at once %d were approved", approved.Load())
	r.leaves(k, 9)
}

func recoveryComparesAll(r *recoveryRun) {
	k, macs := r.issued()
	a := r.attempt(k, recoveryMAC(), macs[3])
	r.demand(a.Verdict == recovery.Match, "the MAC under the second key answers %+v", a)
}

func recoveryReplace(r *recoveryRun) {
	k, old := r.issued()
	for range 9 {
		r.attempt(k, recoveryMAC())
	}
	fresh := r.replaced(k)
	a := r.attempt(k, old[0])
	r.demand(a.Verdict == recovery.Wrong && a.Left == 9, "an old code after new ones answers %+v", a)
	r.demand(r.attempt(k, fresh[0]).Verdict == recovery.Match, "a new code was not approved")
	err := r.Store.Delete(r.ctx, k)
	r.demand(err == nil, "Delete: %v", err)
	r.demand(r.attempt(k, fresh[1]).Verdict == recovery.None, "a code outlives Delete")
}

func recoveryNobody(r *recoveryRun) {
	k := recovery.Key(recoveryID())
	r.demand(!r.writes(func() {
		for range 20 {
			a := r.attempt(k, recoveryMAC())
			r.demand(a == recovery.Attempt{}, "an attempt without codes answers %+v", a)
		}
		r.leaves(k, 0)
		err := r.Store.Delete(r.ctx, k)
		r.demand(err == nil, "Delete without codes: %v", err)
	}), "a record was written for an account without codes")
}

func recoveryStorm(r *recoveryRun) {
	k, macs := r.issued()
	var wrong atomic.Int32
	together(100, func(int) {
		for range storm(r.Storm) / 100 {
			if a, err := r.Store.Attempt(r.ctx, k, recoveryID(), []recovery.MAC{recoveryMAC()}, recovery.Limits{}); err == nil && a.Verdict == recovery.Wrong {
				wrong.Add(1)
			}
		}
	})
	r.demand(wrong.Load() == 10, "of %d attempts at once %d were compared, not 10", storm(r.Storm), wrong.Load())
	a := r.attempt(k, macs[0])
	r.demand(a.Verdict == recovery.Waiting && a.Wait > 0 && a.Wait <= 30*time.Second, "the right code within the wait answers %+v", a)
}

func recoveryWaits(r *recoveryRun) {
	k, macs := r.issued()
	want := time.Duration(0)
	for n := 1; n <= 30; n++ {
		if n >= 10 {
			want = min(max(2*want, 30*time.Second), 15*time.Minute)
		}
		a := r.attempt(k, recoveryMAC())
		r.demand(a.Verdict == recovery.Wrong && a.Wait == want && a.Left == max(10-n, 0), "failure %d answers %+v, not a wait of %s", n, a, want)
		if want > 0 {
			r.Advance(want - margin)
			a = r.attempt(k, macs[0])
			r.demand(a.Verdict == recovery.Waiting, "%s before the end of wait %d the answer is %+v", margin, n, a)
			r.Advance(margin + time.Millisecond)
		}
	}
	r.demand(r.attempt(k, macs[0]).Verdict == recovery.Match, "the right code after thirty failures was not approved")
	a := r.attempt(k, recoveryMAC())
	r.demand(a.Verdict == recovery.Wrong && a.Left == 9, "a failure after an approval answers %+v", a)
}

func recoveryForEver(r *recoveryRun) {
	l := recovery.Limits{Attempts: 1, Wait: allTime, MaxWait: allTime}
	k, macs := r.issued()
	a, err := r.Store.Attempt(r.ctx, k, recoveryID(), []recovery.MAC{recoveryMAC()}, l)
	r.demand(err == nil && a.Verdict == recovery.Wrong && a.Wait >= ninetyYears, "a wrong code, with a wait of all time to follow, answers %+v, error %v", a, err)
	for range 3 {
		a, err = r.Store.Attempt(r.ctx, k, recoveryID(), macs[:1], l)
		r.demand(err == nil && a.Verdict == recovery.Waiting && a.Wait >= ninetyYears, "within a wait of all time a right code answers %+v, error %v", a, err)
		if r.Advance != nil {
			r.Advance(aYear)
		}
	}
}

func recoveryAgain(r *recoveryRun) {
	k, macs := r.issued()
	for _, mac := range []recovery.MAC{macs[0], recoveryMAC()} {
		id := recoveryID()
		first, err := r.Store.Attempt(r.ctx, k, id, []recovery.MAC{mac}, recovery.Limits{})
		r.demand(err == nil, "Attempt: %v", err)
		for range 3 {
			again, err := r.Store.Attempt(r.ctx, k, id, []recovery.MAC{mac}, recovery.Limits{})
			r.demand(err == nil && again == first, "Attempt made again answers %+v, not %+v", again, first)
		}
	}
	r.leaves(k, 9)
	id := recoveryID()
	err := r.Store.Replace(r.ctx, k, id, macs)
	r.demand(err == nil, "Replace: %v", err)
	r.demand(r.attempt(k, macs[0]).Verdict == recovery.Match, "a code was not approved")
	err = r.Store.Replace(r.ctx, k, id, macs)
	r.demand(err == nil, "Replace made again: %v", err)
	r.leaves(k, 9)
}

func recoveryApart(r *recoveryRun) {
	a, macs := r.issued()
	b, _ := r.issued()
	r.demand(r.attempt(b, macs[0]).Verdict == recovery.Wrong, "a code of one account is another's")
	for range 20 {
		r.attempt(a, recoveryMAC())
	}
	r.demand(r.attempt(b, recoveryMAC()).Verdict == recovery.Wrong, "the failures of one account are another's")
}

func recoveryRestarts(r *recoveryRun) {
	k, macs := r.issued()
	id := recoveryID()
	for range 2 {
		a, err := r.Store.Attempt(r.ctx, k, id, macs[:1], recovery.Limits{})
		r.demand(err == nil && a.Verdict == recovery.Match, "a code answers %+v, error %v", a, err)
		r.Store = r.Reopen(r.t)
	}
	r.leaves(k, 9)
	r.demand(r.attempt(k, macs[0]).Verdict == recovery.Wrong, "after a restart a used code is approved")
	for range 9 {
		r.attempt(k, recoveryMAC())
	}
	r.Store = r.Reopen(r.t)
	r.demand(r.attempt(k, macs[1]).Verdict == recovery.Waiting, "after a restart the wait is over")
}
