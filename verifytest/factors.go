package verifytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify/totp"
)

// A FactorTarget is one [totp.Store], and what the suite must see and do behind it.
type FactorTarget struct {
	// Store is what is put to the test. Required. It may hold other records: the
	// suite uses random keys.
	Store totp.Store

	// Advance moves the store's own clock. Defaults to nil, which means a clock that
	// nobody can move: then nothing that takes time is tested.
	Advance func(time.Duration)

	// Reopen returns the store as a process finds it that starts now, with the clock
	// where it was. Defaults to nil, for a store that forgets.
	Reopen func(t *testing.T) totp.Store

	// Records counts the records that the store holds of all accounts. Defaults to nil:
	// then it is believed where it says that nothing is written.
	Records func(t *testing.T) int

	// Histories is how many random histories are compared with a model, and how many
	// concurrent ones are checked. Defaults to 1,000.
	Histories int
	// Storm is how many calls a storm makes, in hundreds. Defaults to 10,000.
	Storm int
}

// RunFactors proves each promise of [totp.Store] as a subtest of its name, against
// a fresh target. Random histories are compared with a model step by step, and
// concurrent ones of 16 callers are checked for linearizability.
func RunFactors(t *testing.T, open func(t *testing.T) FactorTarget) {
	for _, p := range factorPromises() {
		t.Run(p.name, func(t *testing.T) {
			target := open(t)
			switch {
			case target.Store == nil:
				t.Fatal("FactorTarget.Store is missing")
			case p.restarts && target.Reopen == nil:
				t.Skip("FactorTarget.Reopen is nil: this store forgets")
			case p.waits && target.Advance == nil:
				t.Skip("FactorTarget.Advance is nil: nobody can move this clock")
			}
			if err := p.broken(t, target); err != nil {
				t.Error(err)
			}
		})
	}
}

// A factorPromise is one sentence of totp.Store, and the test that a store which
// does not keep it fails.
type factorPromise struct {
	name            string
	prove           func(*factorRun)
	waits, restarts bool
}

// broken returns how target breaks the promise, or nil.
func (p factorPromise) broken(t *testing.T, target FactorTarget) error {
	r := &factorRun{FactorTarget: target, t: t, ctx: t.Context()}
	p.prove(r)
	return r.err
}

func factorPromises() []factorPromise {
	return []factorPromise{
		{name: "create_keeps_the_first_factor_only", prove: factorCreate},
		{name: "nothing_is_written_without_a_factor", prove: factorNobody},
		{name: "an_attempt_is_charged_before_it_is_compared", prove: factorCharges},
		{name: "five_of_a_storm_of_attempts_are_admitted", prove: factorStorm},
		{name: "a_step_is_accepted_once_and_only_forward", prove: factorForward},
		{name: "one_of_256_right_codes_is_approved_and_five_compared", prove: factorOneWinner},
		{name: "an_approval_forgives_failures", prove: factorForgives, waits: true},
		{name: "waits_double_and_a_hundred_failures_block", prove: factorWaits, waits: true},
		{name: "a_wait_of_all_time_never_ends", prove: factorForEver},
		{name: "a_hundred_attempts_are_admitted_past_each_wait", prove: factorPatient, waits: true},
		{name: "two_hundred_failures_in_thirty_days_block", prove: factorTotal, waits: true},
		{name: "a_call_made_again_answers_the_same", prove: factorAgain},
		{name: "an_attempt_made_again_tells_its_age_and_whether_it_was_accepted", prove: factorAge, waits: true},
		{name: "an_old_enrolment_settles_nothing", prove: factorOldEnrolment},
		{name: "a_refund_takes_back_one_charge", prove: factorRefund},
		{name: "reset_keeps_the_factor_and_its_step", prove: factorReset},
		{name: "reseal_changes_nothing_else", prove: factorReseal},
		{name: "accounts_are_kept_apart", prove: factorApart},
		{name: "random_histories_agree_with_the_model", prove: factorHistories},
		{name: "histories_of_16_callers_are_linearizable", prove: factorLinearizable},
		{name: "a_restart_forgets_nothing", prove: factorRestarts, restarts: true},
	}
}

// A factorRun tests one promise against one store. It goes on after a broken promise, and
// tells the first one.
type factorRun struct {
	FactorTarget
	t   *testing.T
	ctx context.Context
	err error
}

func (r *factorRun) breaks(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func randomFactor() totp.Factor {
	f := totp.Factor{Sealed: make([]byte, 60)}
	_, _ = rand.Read(f.Enrolment[:])
	_, _ = rand.Read(f.KeyID[:])
	_, _ = rand.Read(f.Sealed)
	return f
}

func randomFactorID() (id totp.ID) {
	_, _ = rand.Read(id[:])
	return id
}

// enrolled keeps a new factor under a new key.
func (r *factorRun) enrolled() (totp.Key, totp.Factor) {
	k, f := totp.Key(randomFactorID()), randomFactor()
	if created, err := r.Store.Create(r.ctx, k, randomFactorID(), f); err != nil || !created {
		r.breaks("Create of the first factor: created %t, error %v", created, err)
	}
	return k, f
}

func (r *factorRun) attempt(k totp.Key, l totp.Limits) totp.Attempt {
	return r.attemptAs(k, randomFactorID(), l)
}

func (r *factorRun) attemptAs(k totp.Key, id totp.ID, l totp.Limits) totp.Attempt {
	a, err := r.Store.Attempt(r.ctx, k, id, l)
	if err != nil {
		r.breaks("Attempt: %w", err)
	}
	return a
}

func (r *factorRun) accept(k totp.Key, id totp.ID, f totp.Factor, step uint64) bool {
	won, err := r.Store.Accept(r.ctx, k, id, f.Enrolment, step, nil)
	if err != nil {
		r.breaks("Accept: %w", err)
	}
	return won
}

func (r *factorRun) get(k totp.Key) (totp.Factor, bool) {
	f, found, err := r.Store.Get(r.ctx, k)
	if err != nil {
		r.breaks("Get: %w", err)
	}
	return f, found
}

func (r *factorRun) demand(ok bool, format string, args ...any) {
	if !ok {
		r.breaks(format, args...)
	}
}

func sameFactor(a, b totp.Factor) bool {
	return a.Enrolment == b.Enrolment && a.KeyID == b.KeyID && a.Step == b.Step && string(a.Sealed) == string(b.Sealed)
}

// charged reports whether an attempt was admitted.
func charged(a totp.Attempt) bool { return a.Found && !a.Blocked && a.Wait <= 0 }

func factorCreate(r *factorRun) {
	k, f := r.enrolled()
	created, err := r.Store.Create(r.ctx, k, randomFactorID(), randomFactor())
	r.demand(err == nil && !created, "a second Create: created %t, error %v", created, err)
	got, found := r.get(k)
	r.demand(found && sameFactor(got, f), "after a second Create the factor is another one")

	fresh := totp.Key(randomFactorID())
	var won atomic.Int32
	together(16, func(int) {
		if created, err := r.Store.Create(r.ctx, fresh, randomFactorID(), randomFactor()); err == nil && created {
			won.Add(1)
		}
	})
	r.demand(won.Load() == 1, "of 16 factors created at once %d were kept", won.Load())
}

// records is how many the store holds, or zero where it cannot be seen.
func (r *factorRun) records() int {
	if r.Records == nil {
		return 0
	}
	return r.Records(r.t)
}

func factorNobody(r *factorRun) {
	k, f := totp.Key(randomFactorID()), randomFactor()
	before := r.records()
	a := r.attempt(k, totp.Limits{})
	r.demand(!a.Found && !a.Blocked && a.Wait == 0, "an attempt without a factor answers %+v", a)
	r.demand(!r.accept(k, randomFactorID(), f, 1), "a step was accepted without a factor")
	won, err := r.Store.Swap(r.ctx, k, randomFactorID(), f.Enrolment, 1, f)
	r.demand(err == nil && !won, "a factor was swapped in where there was none: %t, %v", won, err)
	for _, err := range []error{r.Store.Refund(r.ctx, k, randomFactorID()), r.Store.Reset(r.ctx, k)} {
		r.demand(err == nil, "a call without a factor fails: %v", err)
	}
	_, found := r.get(k)
	r.demand(!found && r.records() == before, "a record came to be without a factor")
	err = r.Store.Delete(r.ctx, k)
	r.demand(err == nil && r.records() == before, "Delete without a factor: %v", err)
}

func factorCharges(r *factorRun) {
	k, f := r.enrolled()
	for n := 1; n <= 5; n++ {
		a := r.attempt(k, totp.Limits{})
		next := time.Duration(0)
		if n == 5 {
			next = 30 * time.Second
		}
		r.demand(charged(a) && sameFactor(a.Factor, f), "attempt %d was not admitted, or names another factor: %+v", n, a)
		r.demand(a.Failures == n && a.Left == 5-n && a.Next == next, "attempt %d answers %d failures, %d left and a wait of %s", n, a.Failures, a.Left, a.Next)
	}
	a := r.attempt(k, totp.Limits{})
	r.demand(a.Found && a.Wait > 0 && a.Wait <= 30*time.Second, "the sixth attempt within the wait answers %+v", a)
}

func factorStorm(r *factorRun) {
	k, _ := r.enrolled()
	var admitted atomic.Int32
	together(100, func(int) {
		for range storm(r.Storm) / 100 {
			if a, err := r.Store.Attempt(r.ctx, k, randomFactorID(), totp.Limits{}); err == nil && charged(a) {
				admitted.Add(1)
			}
		}
	})
	r.demand(admitted.Load() == 5, "of %d attempts at once %d were admitted, not 5", storm(r.Storm), admitted.Load())
}

// factorPatient waits as long as it is told to before each attempt, and an hour where
// it is told nothing.
func factorPatient(r *factorRun) {
	k, _ := r.enrolled()
	admitted := 0
	for range storm(r.Storm) {
		a := r.attempt(k, totp.Limits{})
		if charged(a) {
			admitted++
		}
		wait := max(a.Next, a.Wait)
		if a.Blocked {
			wait = time.Hour
		}
		r.Advance(wait + time.Millisecond)
	}
	r.demand(admitted == 100, "of %d attempts, each after the wait, %d were admitted, not 100", storm(r.Storm), admitted)
}

func factorForward(r *factorRun) {
	k, f := r.enrolled()
	r.demand(r.accept(k, randomFactorID(), f, 10), "the first step was not accepted")
	for _, step := range []uint64{10, 9, 1, 0} {
		r.demand(!r.accept(k, randomFactorID(), f, step), "step %d was accepted after step 10", step)
	}
	r.demand(r.accept(k, randomFactorID(), f, 1<<40), "a later step was not accepted")
	got, _ := r.get(k)
	r.demand(got.Step == 1<<40, "the last accepted step is %d", got.Step)
}

func factorOneWinner(r *factorRun) {
	k, _ := r.enrolled()
	var approved, compared atomic.Int32
	together(256, func(int) {
		id := randomFactorID()
		a, err := r.Store.Attempt(r.ctx, k, id, totp.Limits{})
		if err != nil || !charged(a) {
			return
		}
		compared.Add(1)
		if won, err := r.Store.Accept(r.ctx, k, id, a.Factor.Enrolment, 7, nil); err == nil && won {
			approved.Add(1)
		}
	})
	r.demand(approved.Load() == 1, "of 256 right codes at once %d were approved", approved.Load())
	r.demand(compared.Load() <= 5, "of 256 right codes at once %d were compared", compared.Load())
	if r.Advance != nil {
		r.Advance(time.Minute)
		r.demand(charged(r.attempt(k, totp.Limits{})), "after one of 256 right codes was approved, the account waits or is blocked")
	}
}

func factorForgives(r *factorRun) {
	k, f := r.enrolled()
	for step := uint64(1); step <= 60; step++ {
		for range 3 {
			r.attempt(k, totp.Limits{Total: 200})
		}
		id := randomFactorID()
		a := r.attemptAs(k, id, totp.Limits{})
		r.demand(charged(a) && a.Failures == 4, "attempt 4 after approval %d answers %+v", step-1, a)
		r.demand(r.accept(k, id, f, step), "step %d was not accepted", step)
		r.Advance(time.Minute)
	}
}

func factorWaits(r *factorRun) {
	k, _ := r.enrolled()
	want := time.Duration(0)
	for n := 1; n <= 100; n++ {
		a := r.attempt(k, totp.Limits{})
		if n >= 5 {
			want = min(max(2*want, 30*time.Second), time.Hour)
		}
		if !charged(a) || a.Failures != n || a.Next != want {
			r.breaks("failure %d answers %+v, not a wait of %s", n, a, want)
			return
		}
		if want == 0 {
			continue
		}
		r.Advance(want - margin)
		a = r.attempt(k, totp.Limits{})
		r.demand(a.Found && (a.Wait > 0 && a.Wait <= margin || n == 100 && a.Blocked), "%s before the end of wait %d the answer is %+v", margin, n, a)
		r.Advance(margin + time.Millisecond)
	}
	r.Advance(24 * time.Hour)
	r.demand(r.attempt(k, totp.Limits{}).Blocked, "a hundred failures do not block")
}

func factorForEver(r *factorRun) {
	l := totp.Limits{Attempts: 1, Wait: allTime, MaxWait: allTime}
	k, _ := r.enrolled()
	a := r.attempt(k, l)
	r.demand(charged(a) && a.Next >= ninetyYears, "a first attempt, with a wait of all time to follow, answers %+v", a)
	for range 3 {
		a = r.attempt(k, l)
		r.demand(a.Found && !a.Blocked && a.Wait >= ninetyYears, "within a wait of all time an attempt answers %+v", a)
		if r.Advance != nil {
			r.Advance(aYear)
		}
	}
}

func factorTotal(r *factorRun) {
	k, f := r.enrolled()
	step, failures := uint64(0), 0
	for !r.attempt(k, totp.Limits{}).Blocked {
		if failures++; failures > 200 {
			r.breaks("200 failures within thirty days do not block")
			return
		}
		if failures%4 == 0 && failures < 200 {
			id := randomFactorID()
			r.attemptAs(k, id, totp.Limits{})
			step++
			r.demand(r.accept(k, id, f, step), "step %d was not accepted", step)
			r.Advance(time.Minute)
		}
	}
	r.demand(failures == 200, "%d failures within thirty days block", failures)
	r.Advance(46 * 24 * time.Hour)
	r.demand(charged(r.attempt(k, totp.Limits{})), "after 46 days it is still blocked")
}

func factorAgain(r *factorRun) {
	k, f := totp.Key(randomFactorID()), randomFactor()
	create, id := randomFactorID(), randomFactorID()
	for range 3 {
		created, err := r.Store.Create(r.ctx, k, create, f)
		r.demand(err == nil && created, "Create made again: created %t, error %v", created, err)
	}
	first := r.attemptAs(k, id, totp.Limits{})
	for range 3 {
		again := r.attemptAs(k, id, totp.Limits{})
		r.demand(charged(again) && again.Failures == first.Failures && again.Left == first.Left && sameFactor(again.Factor, first.Factor),
			"Attempt made again answers %+v, not %+v", again, first)
	}
	for range 3 {
		r.demand(r.accept(k, id, f, 5), "Accept made again loses")
	}
	r.demand(!r.accept(k, randomFactorID(), f, 5), "Accept of the same step under another id wins")
	swap, next := randomFactorID(), randomFactor()
	for range 3 {
		won, err := r.Store.Swap(r.ctx, k, swap, f.Enrolment, 6, next)
		r.demand(err == nil && won, "Swap made again: won %t, error %v", won, err)
	}
}

func factorOldEnrolment(r *factorRun) {
	k, f := r.enrolled()
	next := randomFactor()
	won, err := r.Store.Swap(r.ctx, k, randomFactorID(), f.Enrolment, 5, next)
	r.demand(err == nil && won, "Swap: won %t, error %v", won, err)
	got, _ := r.get(k)
	r.demand(sameFactor(got, next), "Swap keeps another factor")
	r.demand(!r.accept(k, randomFactorID(), f, 100), "Accept of an enrolment that was swapped out wins")
	won, err = r.Store.Swap(r.ctx, k, randomFactorID(), f.Enrolment, 100, randomFactor())
	r.demand(err == nil && !won, "Swap of an enrolment that was swapped out wins")
	won, err = r.Store.Swap(r.ctx, k, randomFactorID(), next.Enrolment, next.Step, randomFactor())
	r.demand(err == nil && !won, "Swap with a step that is not later wins")

	r.demand(r.Store.Delete(r.ctx, k) == nil, "Delete fails")
	r.demand(!r.accept(k, randomFactorID(), next, 100), "Accept after Delete wins")
	created, err := r.Store.Create(r.ctx, k, randomFactorID(), f)
	r.demand(err == nil && created, "Create after Delete: created %t, error %v", created, err)
	r.demand(!r.accept(k, randomFactorID(), next, 100), "Accept of an enrolment before Delete wins")
}

func factorRefund(r *factorRun) {
	k, _ := r.enrolled()
	r.attempt(k, totp.Limits{})
	for range 20 {
		id := randomFactorID()
		a := r.attemptAs(k, id, totp.Limits{})
		r.demand(charged(a) && a.Failures == 2, "an attempt after a refund answers %+v", a)
		for range 3 {
			r.demand(r.Store.Refund(r.ctx, k, id) == nil, "Refund fails")
		}
	}
	r.demand(r.Store.Refund(r.ctx, k, randomFactorID()) == nil, "Refund of an unknown id fails")
	a := r.attempt(k, totp.Limits{})
	r.demand(charged(a) && a.Failures == 2, "after refunds, one of them of an unknown id, an attempt answers %+v", a)
}

func factorReset(r *factorRun) {
	k, f := r.enrolled()
	r.demand(r.accept(k, randomFactorID(), f, 50), "a step was not accepted")
	for range 10 {
		r.attempt(k, totp.Limits{})
	}
	r.demand(r.Store.Reset(r.ctx, k) == nil, "Reset fails")
	a := r.attempt(k, totp.Limits{})
	r.demand(charged(a) && a.Failures == 1 && a.Factor.Step == 50, "after Reset an attempt answers %+v", a)
	r.demand(!r.accept(k, randomFactorID(), f, 50), "after Reset a used step is accepted")
}

func factorReseal(r *factorRun) {
	k, f := r.enrolled()
	r.attempt(k, totp.Limits{})
	other := randomFactor()
	done, err := r.Store.Reseal(r.ctx, k, other.Enrolment, totp.Resealed{KeyID: other.KeyID, Sealed: other.Sealed})
	r.demand(err == nil && !done, "Reseal of another enrolment: done %t, error %v", done, err)
	done, err = r.Store.Reseal(r.ctx, k, f.Enrolment, totp.Resealed{KeyID: other.KeyID, Sealed: other.Sealed})
	r.demand(err == nil && done, "Reseal: done %t, error %v", done, err)
	a := r.attempt(k, totp.Limits{})
	f.KeyID, f.Sealed = other.KeyID, other.Sealed
	r.demand(a.Failures == 2 && sameFactor(a.Factor, f), "after Reseal an attempt answers %+v", a)
	won, err := r.Store.Accept(r.ctx, k, randomFactorID(), f.Enrolment, 3, &totp.Resealed{KeyID: totp.KeyID{1}, Sealed: []byte("sealed anew, and long enough to be one")})
	got, _ := r.get(k)
	r.demand(err == nil && won && got.KeyID == totp.KeyID{1} && string(got.Sealed) == "sealed anew, and long enough to be one" && got.Step == 3,
		"Accept with a secret sealed anew keeps %+v", got)
}

func factorApart(r *factorRun) {
	a, f := r.enrolled()
	b, _ := r.enrolled()
	for range 10 {
		r.attempt(a, totp.Limits{})
	}
	r.demand(charged(r.attempt(b, totp.Limits{})), "the failures of one account are another's")
	r.demand(!r.accept(b, randomFactorID(), f, 9), "a step of one account's enrolment was accepted for another")
	r.demand(r.Store.Delete(r.ctx, a) == nil, "Delete fails")
	_, found := r.get(b)
	r.demand(found, "Delete of one account took another's factor")
}

func factorRestarts(r *factorRun) {
	k, f := r.enrolled()
	id := randomFactorID()
	r.attempt(k, totp.Limits{})
	r.attemptAs(k, id, totp.Limits{})
	r.demand(r.accept(k, id, f, 5), "a step was not accepted")
	for range 4 {
		r.attempt(k, totp.Limits{})
	}
	r.Store = r.Reopen(r.t)
	got, found := r.get(k)
	f.Step = 5
	r.demand(found && sameFactor(got, f), "after a restart the factor is %+v", got)
	r.demand(r.accept(k, id, f, 5), "an Accept made again after a restart loses")
	r.demand(!r.accept(k, randomFactorID(), f, 5), "after a restart a used step is accepted")
	a := r.attempt(k, totp.Limits{})
	r.demand(a.Found && a.Wait > 0, "after a restart the wait is over: %+v", a)
}

// factorAge is of a form that is submitted twice: what was right a minute ago is not
// compared with the codes of now.
func factorAge(r *factorRun) {
	k, f := r.enrolled()
	id, other := randomFactorID(), randomFactorID()
	for _, x := range []totp.ID{id, other} {
		first := r.attemptAs(k, x, totp.Limits{})
		r.demand(first.Age == 0 && !first.Accepted, "an attempt answers %+v, though nobody made it before", first)
	}
	for range 3 {
		r.Advance(35 * time.Second)
	}
	again := r.attemptAs(k, id, totp.Limits{})
	off := again.Age - 105*time.Second
	r.demand(off > -time.Second && off < 10*time.Second && !again.Accepted, "an attempt made again after 105 seconds answers %+v", again)
	r.demand(r.accept(k, id, f, 5), "Accept loses")
	r.demand(r.attemptAs(k, id, totp.Limits{}).Accepted, "an attempt that was accepted does not say so when it is made again")
	r.demand(!r.attemptAs(k, other, totp.Limits{}).Accepted, "an attempt is said to be accepted, and another one was")
}
