package verifytest

import (
	"sync/atomic"
	"time"

	"github.com/go2fa/verify/failover"
)

var (
	attemptLocked  = failover.Attempt{Locked: true}
	attemptBlocked = failover.Attempt{Locked: true, Blocked: true}
)

func ledgerHolds(r *ledgerRun) {
	id := ledgerID()
	r.begins("the first send", id, "a")
	r.begins("the same send again", id, "a")
	if busy := r.begin(ledgerID(), "b", ledgerLease); busy <= 0 || busy > ledgerLease {
		r.breaks("a second send while one is under way: busy is %s, of a lease of %s", busy, ledgerLease)
	}
	r.asks("a code that may have been sent", r.attempt(), "a")
	r.end(id, "a", failover.Sent)
	r.begins("a send after the first has ended", ledgerID(), "b")
}

func ledgerLeaseEnds(r *ledgerRun) {
	lease := r.short(20 * time.Second)
	r.begin(ledgerID(), "a", lease)
	r.pass(lease)
	r.begins("a send after the lease of one that never ended", ledgerID(), "b")
	r.asks("what that one may have sent is not asked any more", r.attempt(), "b")
}

func ledgerForEver(r *ledgerRun) {
	id := ledgerID()
	if busy := r.begin(id, "a", allTime); busy != 0 {
		r.breaks("a first send with a lease of all time: busy is %s", busy)
	}
	for range 3 {
		if busy := r.begin(ledgerID(), "b", allTime); busy < ninetyYears {
			r.breaks("a second send within a lease of all time: busy is %s", busy)
		}
		if r.Advance != nil {
			r.Advance(aYear)
		}
	}
	if err := r.Ledger.End(r.ctx, r.k, id, "a", failover.Sent, allTime); err != nil {
		r.breaks("End: %w", err)
	}
	r.asks("a code that lives for all time", r.attempt(), "a")
}

func ledgerNotSent(r *ledgerRun) {
	r.sent("a")
	r.attempts(2)
	r.became("b", failover.NotSent)
	r.asks("b has not sent", r.attempt(), "a")
	id := ledgerID()
	r.begins("a resend", id, "a")
	r.attempt()
	r.end(id, "a", failover.NotSent)
	a := r.attempt()
	r.asks("the resend was not sent", a, "a")
	r.leaves("five attempts, one of them during the resend", a, 0)
	r.is("the sixth", r.attempt(), attemptLocked)
}

func ledgerKeepsLife(r *ledgerRun) {
	r.sent("a")
	lease := r.short(20 * time.Second)
	r.begin(ledgerID(), "a", lease)
	r.pass(lease)
	r.asks("the code before, after a Begin that never ended", r.attempt(), "a")
}

func ledgerTwoNewest(r *ledgerRun) {
	r.sent("a")
	r.sent("b")
	r.sent("c")
	r.asks("after a, b and c", r.attempt(), "c", "b")
	r.sent("b")
	r.asks("after b again", r.attempt(), "b", "c")
}

func ledgerCodesEnd(r *ledgerRun) {
	ttl, id := r.short(10*time.Minute), ledgerID()
	r.begin(id, "a", r.short(time.Second))
	if err := r.Ledger.End(r.ctx, r.k, id, "a", failover.Sent, ttl); err != nil {
		r.breaks("End: %w", err)
	}
	r.asks("a live code", r.attempt(), "a")
	r.pass(ttl)
	r.is("a code that has ended", r.attempt(), failover.Attempt{})
}

// ledgerAttempts is R16: a code that has had its attempts is not asked again,
// whatever another backend has sent since.
func ledgerAttempts(r *ledgerRun) {
	r.sent("a")
	for left := 4; left >= 0; left-- {
		r.leaves("an attempt", r.attempt(), left)
	}
	r.is("the sixth attempt on a code", r.attempt(), attemptLocked)
	r.sent("b")
	a := r.attempts(3)
	r.asks("a newer code of another backend", a, "b")
	r.leaves("three attempts on it", a, 2)
	r.sent("b")
	a = r.attempt()
	r.asks("and a newer one", a, "b")
	r.leaves("one attempt on it", a, 4)
	r.sent("a")
	a = r.attempt()
	r.asks("a has sent again", a, "a", "b")
	r.leaves("the code that has more attempts", a, 4)
	a = r.attemptAs(ledgerID(), failover.Limits{Attempts: 1})
	r.is("a lower limit", a, attemptLocked)
}

func ledgerUnknown(r *ledgerRun) {
	r.sent("a")
	r.attempts(3)
	r.became("a", failover.Unknown)
	r.leaves("an attempt after a resend that may have failed", r.attempt(), 1)
	r.attempt()
	r.became("a", failover.Unknown)
	r.is("the sixth attempt on what may be one code", r.attempt(), attemptLocked)
	r.became("b", failover.Unknown)
	a := r.attempt()
	r.asks("another backend may have sent", a, "b")
	r.leaves("an attempt on that", a, 4)
}

func ledgerDuring(r *ledgerRun) {
	r.sent("a")
	r.attempt()
	id := ledgerID()
	r.begins("a resend", id, "a")
	r.attempt()
	given := ledgerID()
	r.attemptAs(given, failover.Limits{})
	r.settles("one that nobody compared", given, failover.NotAsked, false)
	r.end(id, "a", failover.Sent)
	r.leaves("one attempt was made while the code may have arrived", r.attempt(), 3)
}

func ledgerBlocks(r *ledgerRun) {
	l := failover.Limits{Failures: 7, Remember: 24 * time.Hour}
	r.sent("a")
	for range 5 {
		r.attemptAs(ledgerID(), l)
	}
	r.sent("a")
	r.leaves("the sixth failure of seven", r.attemptAs(ledgerID(), l), 1)
	r.leaves("the seventh", r.attemptAs(ledgerID(), l), 0)
	r.is("the eighth", r.attemptAs(ledgerID(), l), attemptBlocked)
	r.sent("b")
	r.is("a new code lifts no block", r.attemptAs(ledgerID(), l), attemptBlocked)
}

func ledgerRemembers(r *ledgerRun) {
	l := failover.Limits{Failures: 1, Remember: r.short(24 * time.Hour)}
	r.sent("a")
	r.attemptAs(ledgerID(), l)
	r.pass(l.Remember / 4)
	r.sent("a")
	r.is("while the failure is remembered", r.attemptAs(ledgerID(), l), attemptBlocked)
	r.pass(l.Remember)
	r.sent("a")
	r.asks("when it is not any more", r.attemptAs(ledgerID(), l), "a")
}

func ledgerDefaults(r *ledgerRun) {
	r.sent("a")
	r.leaves("an attempt under no limits", r.attemptAs(ledgerID(), failover.Limits{}), 4)
	r.leaves("an attempt under negative limits", r.attemptAs(ledgerID(), failover.Limits{Attempts: -1, Failures: -1, Remember: -1}), 3)
	r.leaves("an attempt under limits beyond the highest", r.attemptAs(ledgerID(), failover.Limits{Attempts: 1000, Failures: 1000}), 7)
}

func ledgerGivesBack(r *ledgerRun) {
	r.sent("a")
	first, second := ledgerID(), ledgerID()
	r.attemptAs(first, failover.Limits{})
	r.attemptAs(second, failover.Limits{})
	r.settles("given back", first, failover.NotAsked, false)
	r.settles("given back again", first, failover.NotAsked, false)
	r.leaves("two attempts are left", r.attempt(), 3)
	r.sent("a")
	r.attempt()
	r.settles("given back after a new code was sent", second, failover.NotAsked, false)
	r.leaves("the new code has had two attempts", r.attempt(), 3)
}

func ledgerOneApproval(r *ledgerRun) {
	r.sent("a")
	first, second := ledgerID(), ledgerID()
	r.attemptAs(first, failover.Limits{})
	r.attemptAs(second, failover.Limits{})
	r.settles("the first approval", first, failover.Approved, true)
	r.settles("the second of two that were charged", second, failover.Approved, false)
	r.is("after an approval", r.attempt(), failover.Attempt{})
	r.sent("b")
	third := ledgerID()
	a := r.attemptAs(third, failover.Limits{Failures: 3})
	r.asks("a new code", a, "b")
	r.leaves("an approval forgets failures", a, 2)
	r.settles("its approval", third, failover.Approved, true)
	r.sent("b")
	denied := ledgerID()
	r.attemptAs(denied, failover.Limits{})
	r.settles("a denial", denied, failover.Denied, false)
	r.settles("a denial that became an approval", denied, failover.Approved, false)
}

func ledgerApprovalEnds(r *ledgerRun) {
	id, check := ledgerID(), ledgerID()
	r.begins("a send", id, "a")
	r.end(id, "a", failover.Unknown)
	r.attemptAs(check, failover.Limits{})
	r.settles("the code arrived all the same", check, failover.Approved, true)
	if busy := r.begin(id, "b", ledgerLease); busy == 0 {
		r.breaks("Begin of the next backend after the first one's code was approved: busy is zero")
	}

	r.k = ledgerKey()
	id, check = ledgerID(), ledgerID()
	r.begins("a send", id, "a")
	r.end(id, "a", failover.Unknown)
	r.begins("its next backend", id, "b")
	r.attemptAs(check, failover.Limits{})
	r.settles("the code of the first one", check, failover.Approved, true)
	r.end(id, "b", failover.Sent)
	r.is("two codes of one send, one of them approved", r.attempt(), failover.Attempt{})

	r.k = ledgerKey()
	r.sent("a")
	id, check = ledgerID(), ledgerID()
	r.attemptAs(check, failover.Limits{})
	r.begins("another send", id, "b")
	r.settles("the older code", check, failover.Approved, true)
	r.end(id, "b", failover.Sent)
	r.asks("a code that was sent after the approved one", r.attempt(), "b")
}

func ledgerUnknownID(r *ledgerRun) {
	if won, err := r.Ledger.Settle(r.ctx, r.k, ledgerID(), failover.Approved); err == nil || won {
		r.breaks("Settle of a key that nobody used: won %t, without an error", won)
	}
	r.sent("a")
	r.attempt()
	if won, err := r.Ledger.Settle(r.ctx, r.k, ledgerID(), failover.Approved); err == nil || won {
		r.breaks("Settle of an id that was never charged: won %t, without an error: a ledger that forgot would deny an approval", won)
	}
	r.asks("after that", r.attempt(), "a")
}

func ledgerReplays(r *ledgerRun) {
	send := r.sent("a")
	check := ledgerID()
	first := r.attemptAs(check, failover.Limits{})
	r.is("an attempt made again", r.attemptAs(check, failover.Limits{}), first)
	r.attempts(3)
	r.is("an attempt made again after others", r.attemptAs(check, failover.Limits{}), first)
	r.leaves("none of those was charged", r.attempt(), 0)
	r.settles("an approval", check, failover.Approved, true)
	r.settles("an approval made again", check, failover.Approved, true)
	r.settles("an approval that became a denial", check, failover.Denied, true)
	r.end(send, "a", failover.Sent)
	r.begins("a Begin made again after its End", send, "a")
	r.is("what was approved does not come back", r.attempt(), failover.Attempt{})

	id := ledgerID()
	r.begins("a send", id, "b")
	r.begins("made again", id, "b")
	r.end(id, "b", failover.NotSent)
	r.end(id, "b", failover.Sent)
	r.is("an End made again with another state", r.attempt(), failover.Attempt{})
}

func ledgerForgets(r *ledgerRun) {
	r.sent("a")
	r.attemptAs(ledgerID(), failover.Limits{Failures: 1})
	for range 2 {
		if err := r.Ledger.Reset(r.ctx, r.k); err != nil {
			r.breaks("Reset: %w", err)
		}
	}
	r.is("after Reset", r.attempt(), failover.Attempt{})
	r.sent("a")
	r.asks("a new code after Reset", r.attemptAs(ledgerID(), failover.Limits{Failures: 1}), "a")
}

func ledgerKeysApart(r *ledgerRun) {
	r.sent("a")
	mine := r.k
	r.k = ledgerKey()
	r.is("another key", r.attempt(), failover.Attempt{})
	r.sent("b")
	r.k = mine
	r.asks("the first key", r.attempt(), "a")
}

func ledgerOneSend(r *ledgerRun) {
	var begun atomic.Int32
	together(64, func(int) {
		if busy, err := r.Ledger.Begin(r.ctx, r.k, ledgerID(), "a", ledgerLease); err == nil && busy == 0 {
			begun.Add(1)
		}
	})
	if n := begun.Load(); n != 1 {
		r.breaks("%d of 64 sends at once have begun", n)
	}
}

func ledgerAttemptStorm(r *ledgerRun) {
	r.sent("a")
	var charged atomic.Int32
	together(32, func(int) {
		for range 8 {
			if a, err := r.Ledger.Attempt(r.ctx, r.k, ledgerID(), ledgerID(), failover.Limits{}); err == nil && len(a.Backends) > 0 {
				charged.Add(1)
			}
		}
	})
	if n := charged.Load(); n != 5 {
		r.breaks("%d of 256 attempts at once were charged, and not 5", n)
	}
}

func ledgerOneWinner(r *ledgerRun) {
	r.sent("a")
	var ids [5]failover.ID
	for i := range ids {
		ids[i] = ledgerID()
		r.attemptAs(ids[i], failover.Limits{})
	}
	var won atomic.Int32
	together(len(ids), func(i int) {
		if ok, err := r.Ledger.Settle(r.ctx, r.k, ids[i], failover.Approved); err == nil && ok {
			won.Add(1)
		}
	})
	if n := won.Load(); n != 1 {
		r.breaks("%d of 5 approvals at once have won", n)
	}
}

func ledgerShared(r *ledgerRun) {
	r.sent("a")
	r.attempts(4)
	check := ledgerID()
	r.Ledger = r.Reopen(r.t)
	a := r.attemptAs(check, failover.Limits{})
	r.asks("what another process has sent", a, "a")
	r.leaves("attempts are counted over all processes", a, 0)
	r.Ledger = r.Reopen(r.t)
	r.settles("an approval of another process's attempt", check, failover.Approved, true)
}
