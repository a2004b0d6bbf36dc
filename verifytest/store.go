package verifytest

import (
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
)

// A StoreTarget is one [otp.Store], and what the suite must see and do behind
// it.
type StoreTarget struct {
	// Store is what is put to the test. Required. It may hold other records: the
	// suite uses random keys.
	Store otp.Store

	// Advance moves the store's own clock. Defaults to nil, which means a clock
	// that nobody can move: then codes live for 100 milliseconds, and the suite
	// asks until they are gone.
	Advance func(time.Duration)

	// Reopen returns the store as a process finds it that starts now, with the
	// clock where it was. Defaults to nil, for a store that forgets: then nothing
	// is said about restarts.
	Reopen func(t *testing.T) otp.Store

	// Histories is how many concurrent histories are checked. Defaults to 1,000.
	Histories int
	// Storm is how many calls a storm makes, in hundreds. Defaults to 10,000.
	Storm int
}

// RunStore proves each promise of [otp.Store] as a subtest of its name, against a
// fresh target. What a single answer of the store breaks is said in the words of
// the promise. A store need not know [otp.Full].
//
// Concurrent histories are checked for linearizability against a model of the
// store, with replies that are lost and asked for again: each step must look as
// if it had happened at one moment between call and answer.
func RunStore(t *testing.T, open func(t *testing.T) StoreTarget) {
	for _, p := range storePromises() {
		t.Run(p.name, func(t *testing.T) {
			target := open(t)
			if target.Store == nil {
				t.Fatal("StoreTarget.Store is missing")
			}
			if p.restarts && target.Reopen == nil {
				t.Skip("StoreTarget.Reopen is nil: this store forgets")
			}
			if err := p.broken(t, target); err != nil {
				t.Error(err)
			}
		})
	}
}

// A storePromise is one sentence of otp.Store, and the test that a store which
// does not keep it fails.
type storePromise struct {
	name     string
	prove    func(*storeRun)
	restarts bool
}

// broken returns how target breaks the promise, or nil.
func (p storePromise) broken(t *testing.T, target StoreTarget) error {
	r := &storeRun{StoreTarget: target, t: t, ctx: t.Context()}
	p.prove(r)
	return r.err
}

func storePromises() []storePromise {
	return []storePromise{
		{name: "a_right_code_is_approved_once", prove: storeApprovesOnce},
		{name: "a_wrong_attempt_is_counted", prove: storeCountsAttempts},
		{name: "the_last_attempt_may_be_right", prove: storeLastAttempt},
		{name: "every_key_in_use_is_compared", prove: storeComparesAll},
		{name: "no_zero_mac_matches", prove: storeZeroMAC},
		{name: "a_zero_mac_only_counts_a_send", prove: storeCountsOnly},
		{name: "a_new_code_kills_the_old_one", prove: storeNewCode},
		{name: "a_new_code_buys_no_failures", prove: storeFailures},
		{name: "a_hundred_failures_block", prove: storeBlocks},
		{name: "an_approval_forgets_failures", prove: storeApprovalForgets},
		{name: "keys_are_kept_apart", prove: storeKeysApart},
		{name: "limits_are_never_lifted", prove: storeLimitsHold},
		{name: "revoke_takes_back_send_and_code", prove: storeRevoke},
		{name: "revoke_takes_back_nothing_else", prove: storeRevokeOnlyOwn},
		{name: "revoke_brings_back_the_code_before", prove: storeRestores},
		{name: "revoke_brings_back_nothing_else", prove: storeRestoresNothingElse},
		{name: "what_comes_back_keeps_its_time", prove: storeRestoresInTime},
		{name: "reset_removes_all", prove: storeForgets},
		{name: "an_attempt_made_again_answers_the_same", prove: storeReplaysAttempt},
		{name: "a_send_made_again_answers_the_same", prove: storeReplaysIssue},
		{name: "a_repeated_send_says_so_and_what_was_kept_of_it", prove: storeRepeats},
		{name: "what_was_kept_of_a_send_ends_with_its_two_minutes", prove: storeRepeatsEnd},
		{name: "one_of_64_sends_of_one_id_is_not_repeated", prove: storeRepeatStorm},
		{name: "codes_expire", prove: storeExpires},
		{name: "cooldowns_hold", prove: storeCoolsDown},
		{name: "the_window_holds", prove: storeWindow},
		{name: "failures_are_remembered_for_their_time", prove: storeRemembers},
		{name: "a_limit_of_all_time_never_ends", prove: storeForEver},
		{name: "one_of_256_right_attempts_is_approved", prove: storeOneWinner},
		{name: "five_of_a_storm_of_attempts_are_compared", prove: storeAttemptStorm},
		{name: "five_of_256_sends_are_admitted", prove: storeSendStorm},
		{name: "histories_are_linearizable", prove: storeLinearizable},
		{name: "a_restart_forgets_nothing", prove: storeRestarts, restarts: true},
	}
}
