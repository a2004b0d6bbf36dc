package verifytest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify/guard"
)

// A GuardTarget is one [guard.Store], and what the suite must see and do behind it.
type GuardTarget struct {
	// Store is what is put to the test. Required. It may hold other records: the
	// suite uses random names.
	Store guard.Store

	// Advance moves the store's own clock. Defaults to nil, which means a clock that
	// nobody can move: then nothing that takes time is tested.
	Advance func(time.Duration)

	// Now is the store's own clock, if it stands still between two calls of Advance:
	// then random histories are compared with a model. Defaults to nil.
	Now func() time.Time

	// Histories is how many there are. Defaults to 300.
	Histories int
	// Storm is how many calls a storm makes, in hundreds. Defaults to 10,000.
	Storm int
}

// RunGuard proves each promise of [guard.Store] as a subtest of its name, against a
// fresh target. Random histories are compared with [guard.Decide] step by step.
func RunGuard(t *testing.T, open func(t *testing.T) GuardTarget) {
	for _, p := range guardPromises() {
		t.Run(p.name, func(t *testing.T) {
			target := open(t)
			switch {
			case target.Store == nil:
				t.Fatal("GuardTarget.Store is missing")
			case p.waits && target.Advance == nil:
				t.Skip("GuardTarget.Advance is nil: nobody can move this clock")
			case p.models && target.Now == nil:
				t.Skip("GuardTarget.Now is nil: this clock does not stand still")
			}
			if err := p.broken(t.Context(), target); err != nil {
				t.Error(err)
			}
		})
	}
}

// A guardPromise is one sentence of guard.Store, and the test that a store which
// does not keep it fails.
type guardPromise struct {
	name          string
	prove         func(*guardRun)
	waits, models bool
}

// broken returns how target breaks the promise, or nil.
func (p guardPromise) broken(ctx context.Context, target GuardTarget) error {
	r := &guardRun{GuardTarget: target, ctx: ctx}
	p.prove(r)
	return r.err
}

func guardPromises() []guardPromise {
	return []guardPromise{
		{name: "a_limit_admits_so_many_and_no_more", prove: guardLimits},
		{name: "twenty_of_a_storm_of_sends_are_admitted", prove: guardStorm},
		{name: "a_refused_send_is_counted_nowhere", prove: guardRefused},
		{name: "the_longest_wait_is_told", prove: guardLongestWait},
		{name: "a_price_is_added_as_it_is", prove: guardPrices},
		{name: "known_recipients_are_bound_by_their_own_counts_only", prove: guardKnown},
		{name: "a_recipient_is_known_for_ninety_days", prove: guardKnownFor, waits: true},
		{name: "the_last_ids_asked_again_are_counted_once", prove: guardAgain},
		{name: "a_send_that_is_revoked_counts_nowhere", prove: guardRevokes},
		{name: "a_send_that_is_revoked_leaves_the_others", prove: guardLeaves},
		{name: "a_send_that_is_revoked_leaves_the_window_of_its_time", prove: guardRevokesInTime, waits: true},
		{name: "no_window_holds_more_than_its_limit", prove: guardWindows, waits: true},
		{name: "a_wait_is_long_enough_and_not_much_longer", prove: guardWaits, waits: true},
		{name: "a_floor_closes_what_nobody_approves", prove: guardFloor, waits: true},
		{name: "closures_double_and_a_probe_opens", prove: guardProbe, waits: true},
		{name: "each_send_is_approved_once", prove: guardApprovedOnce},
		{name: "an_approval_is_that_of_the_newest_send", prove: guardNewest, waits: true},
		{name: "a_report_tells_sends_approvals_refusals_and_spend", prove: guardReports},
		{name: "a_reset_forgets_one_record", prove: guardResets},
		{name: "random_histories_agree_with_the_model", prove: guardHistories, waits: true, models: true},
	}
}

// A guardRun tests one promise against one store, and tells the first breach.
type guardRun struct {
	GuardTarget
	ctx context.Context
	err error
}

func (r *guardRun) demand(ok bool, format string, args ...any) {
	if !ok && r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func guardID() (id guard.ID) {
	_, _ = rand.Read(id[:])
	return id
}

// guardName makes a name that no other test uses. A clear one has digits behind its
// kind, as stores keep them.
func guardName(kind byte) (n guard.Name) {
	_, _ = rand.Read(n[:])
	if n[0] = kind; !n.IsClear() {
		return n
	}
	return guard.ClearName(fmt.Sprintf("%c%015d", kind, binary.LittleEndian.Uint64(n[1:])%1e15)[:14])
}

func guardCount(kind byte, sends int64) guard.Count {
	return guard.Count{Name: guardName(kind), Limit: guard.Limit{Sends: sends, Window: time.Hour}, Adds: 1, Keep: time.Hour}
}

// sendTo counts one send to a new recipient, without a limit of its own.
func sendTo(counts ...guard.Count) guard.Send {
	recipient := guard.Count{Name: guardName(guard.NameRecipient), Everybody: true, Keep: time.Hour}
	return guard.Send{ID: guardID(), Counts: append([]guard.Count{recipient}, counts...)}
}

// resent is another Send to the recipient of s, counted as s is.
func resent(s guard.Send) guard.Send {
	s.ID = guardID()
	return s
}

func (r *guardRun) admit(s guard.Send) guard.Decision {
	d, err := r.Store.Admit(r.ctx, s)
	r.demand(err == nil, "Admit: %w", err)
	return d
}

// admitted sends n times to new recipients, and returns how many were admitted.
func (r *guardRun) admitted(n int, counts ...guard.Count) (admitted int) {
	for range n {
		if r.admit(sendTo(counts...)).Admitted {
			admitted++
		}
	}
	return admitted
}

func (r *guardRun) revoke(s guard.Send) {
	err := r.Store.Revoke(r.ctx, s)
	r.demand(err == nil, "Revoke: %w", err)
}

func (r *guardRun) approve(s guard.Send) {
	a := guard.Approval{Recipient: s.Counts[0].Name}
	for _, c := range s.Counts[1:] {
		a.Counts = append(a.Counts, c.Name)
	}
	err := r.Store.Approve(r.ctx, a)
	r.demand(err == nil, "Approve: %w", err)
}

// tally finds the numbers of one record.
func (r *guardRun) tally(n guard.Name) guard.Tally {
	all, err := r.Store.Report(r.ctx)
	r.demand(err == nil, "Report: %w", err)
	for _, t := range all {
		if t.Name == n {
			return t
		}
	}
	return guard.Tally{}
}

func guardLimits(r *guardRun) {
	c := guardCount(guard.NamePrefix, 5)
	r.demand(r.admitted(5, c) == 5, "fewer than the limit of five were admitted")
	d := r.admit(sendTo(c))
	r.demand(!d.Admitted && d.Reason == guard.OverLimit && d.By == 1, "the sixth of five answers %+v", d)
	r.demand(d.Wait > 0 && d.Wait <= time.Hour*9/8, "it is to wait %s", d.Wait)
	r.demand(r.admitted(3, c) == 0, "later ones were admitted")
	d = r.admit(sendTo(guardCount(guard.NamePrefix, 0)))
	r.demand(!d.Admitted, "a limit of zero admitted one")
}

func guardStorm(r *guardRun) {
	c, same := guardCount(guard.NameAddress, 20), sendTo(guardCount(guard.NameTotal, 30000))
	same.Counts[0].Limit = guard.Limit{Sends: 3, Window: time.Hour}
	same.Counts[0].Adds = 1
	var admitted, toOne atomic.Int64
	var failed atomic.Value
	count := func(s guard.Send, n *atomic.Int64) {
		d, err := r.Store.Admit(r.ctx, s)
		if err != nil {
			failed.CompareAndSwap(nil, err)
		}
		if d.Admitted {
			n.Add(1)
		}
	}
	together(50, func(int) {
		for range storm(r.Storm) / 100 {
			count(sendTo(c), &admitted)
			again := same
			again.ID = guardID()
			count(again, &toOne)
		}
	})
	r.demand(failed.Load() == nil, "Admit: %v", failed.Load())
	r.demand(admitted.Load() == 20, "%d of %d were admitted and not 20", admitted.Load(), storm(r.Storm)/2)
	r.demand(toOne.Load() == 3, "%d of %d to one recipient were admitted and not 3", toOne.Load(), storm(r.Storm)/2)
}

func guardRefused(r *guardRun) {
	wide, narrow := guardCount(guard.NameTotal, 10), guardCount(guard.NameCountry, 2)
	r.demand(r.admitted(20, wide, narrow) == 2, "the narrow limit did not hold")
	r.demand(r.admitted(20, wide) == 8, "what was refused has used up the wide limit")
}

func guardLongestWait(r *guardRun) {
	long, short := guardCount(guard.NameCountry, 1), guardCount(guard.NamePrefix, 1)
	long.Limit.Window = 24 * time.Hour
	r.admitted(1, long, short)
	for i, counts := range [][]guard.Count{{long, short}, {short, long}} {
		d := r.admit(sendTo(counts...))
		r.demand(d.By == 1+i && d.Wait > 20*time.Hour, "the wait is %s by count %d", d.Wait, d.By)
	}
}

func guardPrices(r *guardRun) {
	c := guardCount(guard.NameBudget, 1000)
	c.Adds, c.Everybody = 300, true
	r.demand(r.admitted(9, c) == 3, "three of 300 fit into 1000")
	c.Adds = 100
	r.demand(r.admitted(9, c) == 1, "one of 100 is left")
	c.Adds = 5000
	c.Name = guardName(guard.NameBudget)
	r.demand(r.admitted(1, c) == 0, "one price above the whole budget was admitted")
}

func guardKnown(r *guardRun) {
	c, own := guardCount(guard.NameCountry, 3), sendTo()
	own.Counts[0].Limit, own.Counts[0].Adds = guard.Limit{Sends: 4, Window: time.Hour}, 1
	own.Counts = append(own.Counts, c)
	d := r.admit(own)
	r.demand(d.Admitted && !d.Known, "a stranger answers %+v", d)
	r.approve(own)
	r.demand(r.admitted(9, c) == 2, "the limit of three holds for strangers")
	for range 3 {
		own.ID = guardID()
		d = r.admit(own)
		r.demand(d.Admitted && d.Known, "one who is known answers %+v behind a full country", d)
	}
	own.ID = guardID()
	d = r.admit(own)
	r.demand(!d.Admitted && d.By == 0 && d.Known, "its own limit is passed: %+v", d)
}

func guardKnownFor(r *guardRun) {
	s := sendTo(guardCount(guard.NameCountry, 0))
	s.Counts[0].Adds = 1
	r.approve(s)
	r.Advance(guard.KnownFor - time.Minute)
	r.demand(r.admit(s).Admitted, "one minute before the end it is not known")
	r.approve(sendTo()) // somebody else is known from now on
	r.Advance(2 * time.Minute)
	s.ID = guardID()
	r.demand(!r.admit(s).Known, "one minute after the end it is known")
	r.approve(s)
	r.Advance(guard.KnownFor / 2)
	r.approve(s)
	r.Advance(guard.KnownFor - time.Minute)
	s.ID = guardID()
	r.demand(r.admit(s).Known, "a second approval does not count from its own time")
}
