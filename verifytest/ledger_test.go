package verifytest

import (
	"context"
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
)

// -ledger-histories 10000 is the whole test.
var ledgerPlays = flag.Int("ledger-histories", 0, "how many random histories RunLedger compares")

func TestMemoryLedgerKeepsItsPromises(t *testing.T) {
	t.Parallel()
	RunLedger(t, func(*testing.T) LedgerTarget {
		return LedgerTarget{Ledger: new(failover.MemoryLedger), Histories: *ledgerPlays}
	})
}

// A brokenLedger has one defect.
type brokenLedger struct {
	failover.MemoryLedger
	defect string
}

func (b *brokenLedger) has(defect string) bool { return b.defect == defect }

func (b *brokenLedger) Begin(ctx context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (time.Duration, error) {
	switch b.defect {
	case "begins at any time":
		id = ledgerID()
		busy, err := b.MemoryLedger.Begin(ctx, k, id, backend, time.Nanosecond)
		time.Sleep(2 * time.Nanosecond)
		return busy * 0, err
	case "never lets a lease end":
		lease *= 1000
	case "overflows":
		lease = overflowing(lease)
	case "knows one key":
		k = failover.Key{}
	}
	busy, err := b.MemoryLedger.Begin(ctx, k, id, backend, lease)
	if b.has("is busy without end") && busy > 0 {
		busy *= 1000
	}
	if b.has("sends after an approval") && busy == ledgerLease {
		busy = 0
	}
	return busy, err
}

func (b *brokenLedger) End(ctx context.Context, k failover.Key, id failover.ID, backend string, s failover.State, ttl time.Duration) error {
	switch b.defect {
	case "keeps what was not sent":
		if s == failover.NotSent {
			s = failover.Unknown
		}
	case "starts a new count after unknown":
		if s == failover.Unknown {
			s = failover.Sent
		}
	case "never starts a new count":
		if s == failover.Sent {
			s = failover.Unknown
		}
	case "keeps codes for ever":
		ttl *= 1000
	case "knows one key":
		k = failover.Key{}
	}
	return b.MemoryLedger.End(ctx, k, id, backend, s, ttl)
}

func (b *brokenLedger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, l failover.Limits) (failover.Attempt, error) {
	switch b.defect {
	case "charges an attempt again":
		id = ledgerID()
	case "takes a lost reply for another call":
		by = ledgerID()
	case "ignores limits":
		l = failover.Limits{Attempts: 10}
	case "takes zero limits as they are":
		if l.Attempts <= 0 {
			return failover.Attempt{Locked: true}, nil
		}
	case "forgets failures at once":
		l.Remember = time.Nanosecond
	case "remembers failures for ever":
		l.Remember = 0
	case "knows one key":
		k = failover.Key{}
	}
	a, err := b.MemoryLedger.Attempt(ctx, k, id, by, l)
	switch {
	case b.has("asks one backend") && len(a.Backends) > 1:
		a.Backends = a.Backends[:1]
	case b.has("asks the oldest first") && len(a.Backends) > 1:
		a.Backends[0], a.Backends[1] = a.Backends[1], a.Backends[0]
	case b.has("does not tell what was settled"):
		a.Progress = failover.First
	case b.has("takes a call without an id for all") && by == failover.ID{} && a.Progress == failover.Pending:
		a.Progress = failover.First
	case b.has("takes every call for the first") && a.Progress == failover.Pending:
		a.Progress = failover.First
	case b.has("takes a denial for pending") && a.Progress == failover.WasDenied:
		a.Progress = failover.Pending
	case b.has("approves what was denied") && a.Progress == failover.WasDenied:
		a.Progress = failover.WasApproved
	case b.has("does not say blocked"):
		a.Blocked = false
	case b.has("says one attempt too many is left") && len(a.Backends) > 0:
		a.Left++
	}
	return a, err
}

func (b *brokenLedger) Claim(ctx context.Context, k failover.Key, call, id failover.ID) (failover.Claim, error) {
	if b.has("forgets claims") {
		call = id
	}
	if b.has("takes a lost reply for another send") {
		id = ledgerID()
	}
	return b.MemoryLedger.Claim(ctx, k, call, id)
}

func (b *brokenLedger) Conclude(ctx context.Context, k failover.Key, id failover.ID, outcome string) error {
	if b.has("gives no call back") && outcome == "" {
		return nil
	}
	if b.has("keeps a part of the outcome") && len(outcome) > 100 {
		outcome = outcome[:100]
	}
	return b.MemoryLedger.Conclude(ctx, k, id, outcome)
}

func (b *brokenLedger) Settle(ctx context.Context, k failover.Key, id failover.ID, v failover.Verdict) (bool, error) {
	if b.has("knows one key") {
		k = failover.Key{}
	}
	if b.has("gives nothing back") && v == failover.NotAsked {
		v = failover.Denied
	}
	won, err := b.MemoryLedger.Settle(ctx, k, id, v)
	switch {
	case b.has("takes forgotten for lost"):
		err = nil
	case b.has("lets everybody win") && v == failover.Approved:
		won = true
	case b.has("takes an approval back") && v == failover.Denied:
		won = false
	case b.has("lets nobody win"):
		won = false
	}
	return won, err
}

func (b *brokenLedger) Reset(ctx context.Context, k failover.Key) error {
	if b.has("never forgets") {
		return nil
	}
	return b.MemoryLedger.Reset(ctx, k)
}

func (b *brokenLedger) Look(ctx context.Context, k failover.Key) (failover.Seen, error) {
	if b.has("looks at another key") {
		k = failover.Key{}
	}
	seen, err := b.MemoryLedger.Look(ctx, k)
	switch b.defect {
	case "sees no send under way":
		seen.Busy = 0
	case "sees codes that have ended":
		seen.Live = seen.Live || seen.Failures > 0
	case "sees no failures without a code":
		if !seen.Live {
			seen.Failures = 0
		}
	}
	return seen, err
}

func TestRunLedgerFindsDefects(t *testing.T) {
	t.Parallel()
	for defect, promise := range map[string]string{
		"begins at any time":                  "a_send_holds_others_off",
		"is busy without end":                 "a_send_holds_others_off",
		"never lets a lease end":              "a_lease_ends",
		"keeps what was not sent":             "what_was_not_sent_changes_nothing",
		"asks one backend":                    "the_two_newest_backends_are_asked",
		"asks the oldest first":               "the_two_newest_backends_are_asked",
		"keeps codes for ever":                "backends_die_with_their_codes",
		"ignores limits":                      "five_attempts_on_each_code",
		"says one attempt too many is left":   "five_attempts_on_each_code",
		"never starts a new count":            "five_attempts_on_each_code",
		"starts a new count after unknown":    "only_a_sure_send_starts_a_new_count",
		"does not say blocked":                "a_hundred_failures_block",
		"forgets failures at once":            "failures_are_remembered_for_their_time",
		"remembers failures for ever":         "failures_are_remembered_for_their_time",
		"overflows":                           "a_lease_of_all_time_never_ends",
		"takes zero limits as they are":       "zero_limits_are_the_defaults",
		"gives nothing back":                  "an_attempt_is_given_back_once_and_to_its_code",
		"lets everybody win":                  "one_approval_of_those_charged",
		"lets nobody win":                     "one_approval_of_those_charged",
		"sends after an approval":             "an_approval_ends_the_send_under_way",
		"takes forgotten for lost":            "an_unknown_id_is_an_error",
		"charges an attempt again":            "a_call_made_again_answers_the_same",
		"takes an approval back":              "a_call_made_again_answers_the_same",
		"does not tell what was settled":      "an_attempt_made_again_tells_what_was_settled",
		"takes a denial for pending":          "an_attempt_made_again_tells_what_was_settled",
		"approves what was denied":            "an_attempt_made_again_tells_what_was_settled",
		"takes a lost reply for another call": "a_check_is_the_first_to_the_call_that_charged_it",
		"takes a call without an id for all":  "a_check_is_the_first_to_the_call_that_charged_it",
		"takes every call for the first":      "one_of_64_calls_of_a_check_at_once_is_the_first",
		"forgets claims":                      "a_claimed_call_is_told_to_every_other_send",
		"takes a lost reply for another send": "a_claimed_call_is_told_to_every_other_send",
		"keeps a part of the outcome":         "a_claimed_call_is_told_to_every_other_send",
		"gives no call back":                  "a_call_that_was_given_back_may_be_claimed_again",
		"never forgets":                       "reset_forgets_all",
		"knows one key":                       "keys_are_kept_apart",
		"sees no send under way":              "a_look_tells_and_changes_nothing",
		"sees codes that have ended":          "a_look_tells_and_changes_nothing",
		"sees no failures without a code":     "a_look_tells_and_changes_nothing",
		"looks at another key":                "a_look_tells_and_changes_nothing",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			assert.Error(t, brokenIn(t, promise, func() failover.Ledger { return &brokenLedger{defect: defect} }))
			assert.NoError(t, brokenIn(t, promise, func() failover.Ledger { return new(failover.MemoryLedger) }))
		})
	}
}

// brokenIn tests one promise in a bubble, whose clock moves by itself.
func brokenIn(t *testing.T, promise string, open func() failover.Ledger) (err error) {
	synctest.Test(t, func(t *testing.T) {
		for _, p := range ledgerPromises() {
			if p.name == promise {
				l := open()
				advance := func(d time.Duration) { time.Sleep(d) }
				err = p.broken(t, LedgerTarget{Ledger: l, Advance: advance, Histories: 500})
				return
			}
		}
		t.Fatal("there is no promise of this name")
	})
	return err
}

func TestRandomHistoriesOfLedgersRing(t *testing.T) {
	t.Parallel()
	for _, defect := range []string{
		"starts a new count after unknown", "never starts a new count", "asks one backend", "ignores limits",
		"takes forgotten for lost", "lets everybody win", "gives nothing back", "charges an attempt again", "never forgets",
		"takes a lost reply for another call", "takes every call for the first",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			require.Error(t, brokenIn(t, "random_histories_follow_the_model", func() failover.Ledger { return &brokenLedger{defect: defect} }))
		})
	}
}
