package verifytest

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/go2fa/verify/failover"
)

func (r *ledgerRun) concludes(id failover.ID, outcome string) {
	if err := r.Ledger.Conclude(r.ctx, r.k, id, outcome); err != nil {
		r.breaks("Conclude: %w", err)
	}
}

// claims demands an answer to a Claim.
func (r *ledgerRun) claims(what string, call, id failover.ID, want failover.Claim) {
	c, err := r.Ledger.Claim(r.ctx, r.k, call, id)
	if err != nil {
		r.breaks("%s: Claim: %w", what, err)
	}
	if c != want {
		r.breaks("%s: Claim returns %+v, and not %+v", what, c, want)
	}
}

// progresses demands what a call with an id of its own is told of a Check, which is
// charged no second time.
func (r *ledgerRun) progresses(what string, id failover.ID, want failover.Progress, outcome string) {
	r.progressesBy(what, id, ledgerID(), want, outcome)
}

func (r *ledgerRun) progressesBy(what string, id, by failover.ID, want failover.Progress, outcome string) {
	a := r.attemptBy(id, by, failover.Limits{})
	if a.Progress != want || a.Outcome != outcome {
		r.breaks("%s: Attempt says progress %d, outcome %q, and not %d, %q", what, a.Progress, a.Outcome, want, outcome)
	}
}

func ledgerTellsProgress(r *ledgerRun) {
	r.sent("a")
	won, lost, denied, back := ledgerID(), ledgerID(), ledgerID(), ledgerID()
	for _, id := range []failover.ID{won, lost, denied, back} {
		r.progresses("a Check", id, failover.First, "")
		r.progresses("a Check that is made again before it is settled", id, failover.Pending, "")
	}
	r.concludes(denied, "mismatch 3")
	r.progresses("one that was concluded first", denied, failover.Pending, "mismatch 3")
	r.settles("a denial", denied, failover.Denied, false)
	r.settles("one given back", back, failover.NotAsked, false)
	r.concludes(back, "unavailable 0")
	r.progresses("a denial", denied, failover.WasDenied, "mismatch 3")
	r.progresses("one given back", back, failover.WasDenied, "unavailable 0")
	r.settles("an approval", won, failover.Approved, true)
	r.settles("an approval too late", lost, failover.Approved, false)
	r.progresses("an approval", won, failover.WasApproved, "")
	r.progresses("an approval too late", lost, failover.WasDenied, "")
	r.concludes(ledgerID(), "of an unknown id")
	r.progresses("the denial after the approval", denied, failover.WasDenied, "mismatch 3")
	r.is("another Check", r.attempt(), failover.Attempt{})

	r.sent("b")
	r.progresses("the approval after another Send", won, failover.WasApproved, "")
	r.leaves("a Check of the new code: none of those made again was charged", r.attempt(), 4)
	mine := r.k
	r.k = ledgerKey()
	r.sent("a")
	r.progresses("the same id of another key", won, failover.First, "")
	r.k = mine
	if r.Reopen != nil {
		r.Ledger = r.Reopen(r.t)
		r.progresses("the approval in another process", won, failover.WasApproved, "")
	}
}

// ledgerKnowsTheCall: two Checks of one idempotency key have the same id, and by which
// call it was charged is all that tells a lost reply from the other browser's call.
func ledgerKnowsTheCall(r *ledgerRun) {
	r.sent("a")
	check, mine := ledgerID(), ledgerID()
	r.progressesBy("a Check", check, mine, failover.First, "")
	r.progressesBy("the same call, whose reply was lost", check, mine, failover.First, "")
	for what, by := range map[string]failover.ID{
		"another call": ledgerID(), "a call that has the id of the Check for its own": check, "a call without an id": {},
	} {
		r.progressesBy(what, check, by, failover.Pending, "")
		r.progressesBy(what+", made again", check, by, failover.Pending, "")
	}
	r.progressesBy("another Check of the same call", ledgerID(), mine, failover.First, "")
	if r.Reopen != nil {
		r.Ledger = r.Reopen(r.t)
	}
	r.progressesBy("the same call, after others", check, mine, failover.First, "")
	r.leaves("two Checks were charged so far", r.attempt(), 2)
	r.settles("a denial", check, failover.Denied, false)
	r.concludes(check, "mismatch 4")
	r.progressesBy("the same call after a denial", check, mine, failover.WasDenied, "mismatch 4")
	r.progressesBy("another call after a denial", check, ledgerID(), failover.WasDenied, "mismatch 4")
	won := ledgerID()
	r.progressesBy("a Check", won, mine, failover.First, "")
	r.settles("an approval", won, failover.Approved, true)
	r.progressesBy("the same call after an approval", won, mine, failover.WasApproved, "")
}

func ledgerOneFirst(r *ledgerRun) {
	r.sent("a")
	check := ledgerID()
	var first, changed atomic.Int32
	together(64, func(int) {
		mine := ledgerID()
		a, err := r.Ledger.Attempt(r.ctx, r.k, check, mine, failover.Limits{})
		again, errAgain := r.Ledger.Attempt(r.ctx, r.k, check, mine, failover.Limits{})
		if err != nil || errAgain != nil {
			return
		}
		if a.Progress == failover.First {
			first.Add(1)
		}
		if again.Progress != a.Progress {
			changed.Add(1)
		}
	})
	if n := first.Load(); n != 1 {
		r.breaks("%d of 64 calls of one Check at once are the first", n)
	}
	if n := changed.Load(); n != 0 {
		r.breaks("%d of 64 calls of one Check are told another progress when made again", n)
	}
}

func ledgerClaims(r *ledgerRun) {
	call, first := ledgerID(), ledgerID()
	kept := `{"receipt":{"id":"` + strings.Repeat("é", 400) + `"}}`
	r.claims("a call", call, first, failover.Claim{})
	r.claims("the same Send, whose reply was lost", call, first, failover.Claim{})
	r.claims("another Send of the call, while it is under way", call, ledgerID(), failover.Claim{Repeated: true})
	r.sent("a")
	r.concludes(call, kept)
	r.claims("another Send of the call that has ended", call, ledgerID(), failover.Claim{Repeated: true, Outcome: kept})
	r.asks("a claim holds nobody off and is no Check", r.attempt(), "a")
	r.claims("another call", ledgerID(), ledgerID(), failover.Claim{})
	r.progresses("a Check by the id of the call", call, failover.First, "")
	r.claims("the call after that", call, ledgerID(), failover.Claim{Repeated: true, Outcome: kept})
	mine := r.k
	r.k = ledgerKey()
	r.claims("the call of another key", call, ledgerID(), failover.Claim{})
	r.k = mine
	if r.Reopen != nil {
		r.Ledger = r.Reopen(r.t)
		r.claims("another Send of the call in another process", call, ledgerID(), failover.Claim{Repeated: true, Outcome: kept})
	}
}

func ledgerGivesCallsBack(r *ledgerRun) {
	call := ledgerID()
	r.concludes(call, "of a call that nobody claimed")
	r.claims("a call", call, ledgerID(), failover.Claim{})
	r.concludes(call, "")
	next := ledgerID()
	r.claims("a call that was given back", call, next, failover.Claim{})
	r.claims("the next Send of it", call, ledgerID(), failover.Claim{Repeated: true})
	r.concludes(call, "sent")
	r.claims("one after that", call, ledgerID(), failover.Claim{Repeated: true, Outcome: "sent"})
}

func ledgerClaimsEnd(r *ledgerRun) {
	if r.Advance == nil {
		r.t.Skip("LedgerTarget.Advance is nil: the suite cannot wait for two minutes")
	}
	call := ledgerID()
	r.claims("a call", call, ledgerID(), failover.Claim{})
	r.concludes(call, "sent")
	r.Advance(110 * time.Second)
	r.claims("after 110 seconds", call, ledgerID(), failover.Claim{Repeated: true, Outcome: "sent"})
	r.Advance(15 * time.Second)
	r.claims("after 125 seconds", call, ledgerID(), failover.Claim{})
}

func ledgerOneClaim(r *ledgerRun) {
	call := ledgerID()
	var first atomic.Int32
	together(64, func(int) {
		if c, err := r.Ledger.Claim(r.ctx, r.k, call, ledgerID()); err == nil && !c.Repeated {
			first.Add(1)
		}
	})
	if n := first.Load(); n != 1 {
		r.breaks("%d of 64 claims of one call at once are the first", n)
	}
}
