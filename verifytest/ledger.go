package verifytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go2fa/verify/failover"
)

// A LedgerTarget is one [failover.Ledger], and what the suite must do behind it.
type LedgerTarget struct {
	// Ledger is what is tested. Required. It may hold other entries: the suite uses
	// random keys.
	Ledger failover.Ledger

	// Advance moves the ledger's own clock. Defaults to nil, for a clock that nobody
	// can move: then the suite waits for short times to end.
	Advance func(time.Duration)

	// Reopen returns the ledger as another process finds it. Defaults to nil, for a
	// ledger that serves one process.
	Reopen func(t *testing.T) failover.Ledger

	// Histories is how many random histories are compared with a model. Defaults to
	// 1,000.
	Histories int
}

// RunLedger tests each promise of [failover.Ledger] as a subtest of its name,
// against a fresh target.
//
// Random histories of two Sends and several Checks over three backends, with
// replies that are lost and asked for again, are compared call by call with
// [failover.MemoryLedger].
func RunLedger(t *testing.T, open func(t *testing.T) LedgerTarget) {
	for _, p := range ledgerPromises() {
		t.Run(p.name, func(t *testing.T) {
			target := open(t)
			if target.Ledger == nil {
				t.Fatal("LedgerTarget.Ledger is missing")
			}
			if p.shared && target.Reopen == nil {
				t.Skip("LedgerTarget.Reopen is nil: this ledger serves one process")
			}
			if err := p.broken(t, target); err != nil {
				t.Error(err)
			}
		})
	}
}

// A ledgerPromise is one sentence of failover.Ledger, and the test that finds a
// ledger which does not keep it.
type ledgerPromise struct {
	name   string
	prove  func(*ledgerRun)
	shared bool
}

// broken returns how target breaks the promise, or nil.
func (p ledgerPromise) broken(t *testing.T, target LedgerTarget) error {
	r := &ledgerRun{LedgerTarget: target, t: t, ctx: t.Context(), k: ledgerKey()}
	p.prove(r)
	return r.err
}

func ledgerPromises() []ledgerPromise {
	return []ledgerPromise{
		{name: "a_send_holds_others_off", prove: ledgerHolds},
		{name: "a_lease_ends", prove: ledgerLeaseEnds},
		{name: "what_was_not_sent_changes_nothing", prove: ledgerNotSent},
		{name: "a_begin_does_not_shorten_the_life_of_a_code", prove: ledgerKeepsLife},
		{name: "the_two_newest_backends_are_asked", prove: ledgerTwoNewest},
		{name: "backends_die_with_their_codes", prove: ledgerCodesEnd},
		{name: "five_attempts_on_each_code", prove: ledgerAttempts},
		{name: "only_a_sure_send_starts_a_new_count", prove: ledgerUnknown},
		{name: "attempts_made_while_a_send_is_under_way_count", prove: ledgerDuring},
		{name: "a_hundred_failures_block", prove: ledgerBlocks},
		{name: "failures_are_remembered_for_their_time", prove: ledgerRemembers},
		{name: "a_lease_of_all_time_never_ends", prove: ledgerForEver},
		{name: "zero_limits_are_the_defaults", prove: ledgerDefaults},
		{name: "an_attempt_is_given_back_once_and_to_its_code", prove: ledgerGivesBack},
		{name: "one_approval_of_those_charged", prove: ledgerOneApproval},
		{name: "an_approval_ends_the_send_under_way", prove: ledgerApprovalEnds},
		{name: "an_unknown_id_is_an_error", prove: ledgerUnknownID},
		{name: "a_call_made_again_answers_the_same", prove: ledgerReplays},
		{name: "an_attempt_made_again_tells_what_was_settled", prove: ledgerTellsProgress},
		{name: "a_check_is_the_first_to_the_call_that_charged_it", prove: ledgerKnowsTheCall},
		{name: "one_of_64_calls_of_a_check_at_once_is_the_first", prove: ledgerOneFirst},
		{name: "a_claimed_call_is_told_to_every_other_send", prove: ledgerClaims},
		{name: "a_call_that_was_given_back_may_be_claimed_again", prove: ledgerGivesCallsBack},
		{name: "claims_end_after_two_minutes", prove: ledgerClaimsEnd},
		{name: "one_of_64_claims_at_once_is_the_first", prove: ledgerOneClaim},
		{name: "reset_forgets_all", prove: ledgerForgets},
		{name: "keys_are_kept_apart", prove: ledgerKeysApart},
		{name: "a_look_tells_and_changes_nothing", prove: ledgerLooks},
		{name: "one_of_64_sends_at_once_begins", prove: ledgerOneSend},
		{name: "five_of_256_attempts_at_once_are_charged", prove: ledgerAttemptStorm},
		{name: "one_of_five_approvals_at_once_wins", prove: ledgerOneWinner},
		{name: "random_histories_follow_the_model", prove: ledgerHistories},
		{name: "another_process_knows_all", prove: ledgerShared, shared: true},
	}
}

// A ledgerRun tests one promise against one ledger. It goes on after a broken promise,
// and returns the first one.
type ledgerRun struct {
	LedgerTarget
	t   *testing.T
	ctx context.Context
	k   failover.Key
	err error
}

const (
	ledgerLease = time.Minute
	ledgerTTL   = time.Hour
	shortTime   = time.Second // where nobody can move the clock
)

func ledgerKey() (k failover.Key) {
	_, _ = rand.Read(k[:]) // never fails: see crypto/rand
	return k
}

func ledgerID() failover.ID { return failover.ID(ledgerKey()) }

func (r *ledgerRun) breaks(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// short is d where the clock can be moved, or else a time that the suite can wait.
func (r *ledgerRun) short(d time.Duration) time.Duration {
	if r.Advance == nil {
		return shortTime
	}
	return d
}

// pass lets d and a little more go by.
func (r *ledgerRun) pass(d time.Duration) {
	if r.Advance != nil {
		r.Advance(d + time.Second)
		return
	}
	time.Sleep(d + shortTime/3)
}

func (r *ledgerRun) begin(id failover.ID, backend string, lease time.Duration) time.Duration {
	busy, err := r.Ledger.Begin(r.ctx, r.k, id, backend, lease)
	if err != nil {
		r.breaks("Begin: %w", err)
	}
	return busy
}

// begins demands that a Begin succeeds.
func (r *ledgerRun) begins(what string, id failover.ID, backend string) {
	if busy := r.begin(id, backend, ledgerLease); busy != 0 {
		r.breaks("%s: Begin is busy for %s", what, busy)
	}
}

func (r *ledgerRun) end(id failover.ID, backend string, s failover.State) {
	if err := r.Ledger.End(r.ctx, r.k, id, backend, s, ledgerTTL); err != nil {
		r.breaks("End: %w", err)
	}
}

// sent is a whole Send by one backend.
func (r *ledgerRun) sent(backend string) failover.ID { return r.became(backend, failover.Sent) }

func (r *ledgerRun) became(backend string, s failover.State) failover.ID {
	id := ledgerID()
	r.begins("a send", id, backend)
	r.end(id, backend, s)
	return id
}

func (r *ledgerRun) attemptAs(id failover.ID, l failover.Limits) failover.Attempt {
	return r.attemptBy(id, id, l)
}

func (r *ledgerRun) attemptBy(id, by failover.ID, l failover.Limits) failover.Attempt {
	a, err := r.Ledger.Attempt(r.ctx, r.k, id, by, l)
	if err != nil {
		r.breaks("Attempt: %w", err)
	}
	return a
}

func (r *ledgerRun) attempt() failover.Attempt { return r.attemptAs(ledgerID(), failover.Limits{}) }

func (r *ledgerRun) attempts(n int) (last failover.Attempt) {
	for range n {
		last = r.attempt()
	}
	return last
}

// asks demands that an Attempt names exactly these backends.
func (r *ledgerRun) asks(what string, a failover.Attempt, backends ...string) {
	if !slices.Equal(a.Backends, backends) || a.Locked || a.Blocked {
		r.breaks("%s: Attempt returns %+v, and not the backends %v", what, a, backends)
	}
}

func (r *ledgerRun) leaves(what string, a failover.Attempt, left int) {
	if a.Left != left || a.Locked {
		r.breaks("%s: Attempt returns %+v, and not %d left", what, a, left)
	}
}

// is demands one answer.
func (r *ledgerRun) is(what string, a, want failover.Attempt) {
	if !sameAttempt(a, want) {
		r.breaks("%s: Attempt returns %+v, and not %+v", what, a, want)
	}
}

func sameAttempt(a, b failover.Attempt) bool {
	return slices.Equal(a.Backends, b.Backends) && a.Left == b.Left && a.Locked == b.Locked && a.Blocked == b.Blocked
}

func (r *ledgerRun) settles(what string, id failover.ID, v failover.Verdict, want bool) {
	won, err := r.Ledger.Settle(r.ctx, r.k, id, v)
	if err != nil {
		r.breaks("%s: Settle: %w", what, err)
	}
	if won != want {
		r.breaks("%s: Settle says won: %t", what, won)
	}
}
