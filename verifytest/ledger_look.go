package verifytest

import (
	"github.com/go2fa/verify/failover"
)

// ledgerLooks is of a ledger that can be looked at.
func ledgerLooks(r *ledgerRun) {
	l, ok := r.Ledger.(failover.Looker)
	if !ok {
		r.t.Skip("the ledger is no failover.Looker: a failover over it has one key")
	}
	sees := func(what string, failures int, live, held bool) {
		for range 2 { // what is looked at does not change
			seen, err := l.Look(r.ctx, r.k)
			switch {
			case err != nil:
				r.breaks("Look: %w", err)
			case seen.Failures != failures || seen.Live != live || seen.Busy > 0 != held || seen.Busy > max(ledgerLease, ledgerTTL):
				r.breaks("%s: Look returns %+v, and not %d failures, live %t, held %t", what, seen, failures, live, held)
			}
		}
	}

	sees("nothing", 0, false, false)
	id := ledgerID()
	r.begins("a send", id, "a")
	sees("a send under way", 0, true, true)
	r.end(id, "a", failover.Sent)
	sees("a code", 0, true, false)
	r.attempts(2)
	back := ledgerID()
	r.attemptAs(back, failover.Limits{})
	sees("three attempts", 3, true, false)
	r.settles("one given back", back, failover.NotAsked, false)
	sees("one given back", 2, true, false)
	won := ledgerID()
	r.leaves("after being looked at", r.attemptAs(won, failover.Limits{}), 2)
	r.settles("an approval", won, failover.Approved, true)
	sees("an approval", 0, false, false)

	r.k = ledgerKey()
	sees("another key", 0, false, false)
	short := r.short(ledgerTTL)
	id = ledgerID()
	if busy := r.begin(id, "a", short); busy != 0 {
		r.breaks("another key: Begin is busy for %s", busy)
	}
	r.asks("a send under way", r.attempt(), "a")
	r.pass(short)
	sees("a code and a send that have ended", 1, false, false)
}
