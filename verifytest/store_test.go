package verifytest

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
)

// histories is how many concurrent histories a MemoryStore is put through.
// -histories 10000 is the whole test.
var histories = flag.Int("histories", 0, "how many concurrent histories RunStore checks")

func TestMemoryStoreKeepsItsPromises(t *testing.T) {
	t.Parallel()
	RunStore(t, func(*testing.T) StoreTarget {
		return StoreTarget{Store: new(otp.MemoryStore), Histories: *histories}
	})
}

// TestMemoryStoreKeepsItsTimes runs what needs a clock in a bubble, whose clock
// moves as the suite likes.
func TestMemoryStoreKeepsItsTimes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"codes_expire", "cooldowns_hold", "the_window_holds", "failures_are_remembered_for_their_time",
		"what_comes_back_keeps_its_time", "an_attempt_made_again_answers_the_same",
	} {
		synctest.Test(t, func(t *testing.T) {
			require.NoError(t, brokenPromise(t, name, StoreTarget{Store: new(otp.MemoryStore), Advance: time.Sleep}), name)
		})
	}
}

// A slow store is one whose answers take longer than the spans that the suite
// waits for.
type slowStore struct {
	otp.Store
	takes func() time.Duration
}

func (s slowStore) Issue(ctx context.Context, k otp.Key, id otp.ID, code otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	a, err := s.Store.Issue(ctx, k, id, code, ttl, l)
	time.Sleep(s.takes())
	return a, err
}

func (s slowStore) Attempt(ctx context.Context, k otp.Key, id otp.ID, codes []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	v, left, err := s.Store.Attempt(ctx, k, id, codes, l)
	time.Sleep(s.takes())
	return v, left, err
}

// timed are the promises that take time on a clock that nobody moves.
var timed = []string{
	"codes_expire", "cooldowns_hold", "the_window_holds", "failures_are_remembered_for_their_time",
	"what_comes_back_keeps_its_time", "an_attempt_made_again_answers_the_same",
}

// On a clock that nobody moves a store that is slow, or slow at times, as on a busy
// machine, breaks no promise.
func TestRunStoreForgivesASlowStore(t *testing.T) {
	t.Parallel()
	for _, name := range timed {
		for how, takes := range map[string]func() time.Duration{
			"always": func() time.Duration { return 130 * time.Millisecond },
			"by turns": func() func() time.Duration {
				n := 0
				return func() time.Duration {
					n++
					return []time.Duration{0, 40, 0, 170, 3}[n%5] * time.Millisecond
				}
			}(),
		} {
			synctest.Test(t, func(t *testing.T) {
				require.NoError(t, brokenPromise(t, name, StoreTarget{Store: slowStore{new(otp.MemoryStore), takes}}), "%s, %s", name, how)
			})
		}
	}
}

// A lossy store loses each first reply of a send, and learns what became of it when the
// first wait is over.
type lossyStore struct{ slowStore }

func (s lossyStore) Issue(ctx context.Context, k otp.Key, id otp.ID, code otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	if _, err := s.slowStore.Issue(ctx, k, id, code, ttl, l); err != nil {
		return otp.Admission{}, err
	}
	return s.Store.Issue(ctx, k, id, code, ttl, l)
}

// A send whose reply was lost is made again, and a wait may be over by then.
func TestRunStoreForgivesAReplyThatComesAfterTheWait(t *testing.T) {
	t.Parallel()
	for _, name := range timed {
		synctest.Test(t, func(t *testing.T) {
			slow := slowStore{new(otp.MemoryStore), func() time.Duration { return 210 * time.Millisecond }}
			require.NoError(t, brokenPromise(t, name, StoreTarget{Store: lossyStore{slow}}), name)
		})
	}
}

func TestRunStorePassesAnHonestStore(t *testing.T) {
	t.Parallel()
	RunStore(t, func(*testing.T) StoreTarget { return naiveTarget("") })
}

func naiveTarget(defect string) StoreTarget {
	s := newNaive(defect)
	return StoreTarget{
		Store: s, Advance: s.advance, Histories: 200,
		Reopen: func(*testing.T) otp.Store {
			s = s.reopen()
			return s
		},
	}
}

func TestRunStoreFindsDefects(t *testing.T) {
	t.Parallel()
	for defect, promise := range map[string]string{
		"approves twice":                           "a_right_code_is_approved_once",
		"never locks":                              "a_wrong_attempt_is_counted",
		"leaves one attempt too many":              "a_wrong_attempt_is_counted",
		"compares one MAC":                         "every_key_in_use_is_compared",
		"compares half a MAC":                      "every_key_in_use_is_compared",
		"matches a zero MAC":                       "no_zero_mac_matches",
		"takes a zero MAC for a code":              "a_zero_mac_only_counts_a_send",
		"keeps the old code":                       "a_new_code_kills_the_old_one",
		"keeps the attempts of the old code":       "a_new_code_kills_the_old_one",
		"refills failures":                         "a_new_code_buys_no_failures",
		"sends to the blocked":                     "a_new_code_buys_no_failures",
		"counts attempts of the code only":         "a_new_code_buys_no_failures",
		"never blocks":                             "a_hundred_failures_block",
		"keeps failures after an approval":         "an_approval_forgets_failures",
		"knows one key":                            "keys_are_kept_apart",
		"lifts limits":                             "limits_are_never_lifted",
		"takes nothing back":                       "revoke_takes_back_send_and_code",
		"keeps a code that was taken back":         "revoke_takes_back_send_and_code",
		"takes back any send":                      "revoke_takes_back_nothing_else",
		"kills any code":                           "revoke_takes_back_nothing_else",
		"gives attempts back with a send":          "revoke_takes_back_nothing_else",
		"leaves the code before dead":              "revoke_brings_back_the_code_before",
		"brings back one code only":                "revoke_brings_back_the_code_before",
		"gives attempts to what comes back":        "revoke_brings_back_the_code_before",
		"forgets the attempts in between":          "revoke_brings_back_the_code_before",
		"brings back what was revoked":             "revoke_brings_back_nothing_else",
		"brings back after an approval":            "revoke_brings_back_nothing_else",
		"brings back after all were revoked":       "revoke_brings_back_nothing_else",
		"counts no send after all were revoked":    "revoke_brings_back_nothing_else",
		"brings back for ever":                     "what_comes_back_keeps_its_time",
		"hands no place on":                        "what_comes_back_keeps_its_time",
		"brings back with a new life":              "what_comes_back_keeps_its_time",
		"forgets nothing":                          "reset_removes_all",
		"forgets the code only":                    "reset_removes_all",
		"charges an attempt again":                 "an_attempt_made_again_answers_the_same",
		"loses an approval made again":             "an_attempt_made_again_answers_the_same",
		"makes a send again":                       "a_send_made_again_answers_the_same",
		"revives what was taken back":              "a_send_made_again_answers_the_same",
		"never says Repeated":                      "a_repeated_send_says_so_and_what_was_kept_of_it",
		"takes a lost reply for another call":      "a_repeated_send_says_so_and_what_was_kept_of_it",
		"keeps the first outcome":                  "a_repeated_send_says_so_and_what_was_kept_of_it",
		"forgets the outcome with the send":        "a_repeated_send_says_so_and_what_was_kept_of_it",
		"knows a send for ever":                    "what_was_kept_of_a_send_ends_with_its_two_minutes",
		"never expires":                            "codes_expire",
		"knows no cooldown":                        "cooldowns_hold",
		"knows one rung":                           "cooldowns_hold",
		"does not say how long to wait":            "cooldowns_hold",
		"counts no sends":                          "the_window_holds",
		"overflows":                                "a_limit_of_all_time_never_ends",
		"never forgets failures":                   "failures_are_remembered_for_their_time",
		"charges, then compares and forgets apart": "one_of_256_right_attempts_is_approved",
		"reads, then writes":                       "five_of_a_storm_of_attempts_are_compared",
		"checks sends, then counts":                "five_of_256_sends_are_admitted",
		"forgets all at a restart":                 "a_restart_forgets_nothing",
		"forgets attempts at a restart":            "a_restart_forgets_nothing",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			require.Error(t, brokenPromise(t, promise, naiveTarget(defect)), "the suite passed a broken store")
		})
	}
}

func brokenPromise(t *testing.T, name string, target StoreTarget) error {
	t.Helper()
	for _, p := range storePromises() {
		if p.name == name {
			return p.broken(t, target)
		}
	}
	t.Fatalf("there is no promise %q", name)
	return nil
}

// TestHistoriesRejectBrokenStores: the two ways in which stores have failed before
// (reading then writing; charging at once, but comparing and forgetting apart)
// must be seen in most histories, or the model proves little of a good one.
func TestHistoriesRejectBrokenStores(t *testing.T) {
	t.Parallel()
	for _, defect := range []string{"reads, then writes", "charges, then compares and forgets apart"} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			flagged := 0
			const n = 60
			for range n {
				target := naiveTarget(defect)
				target.Histories = 1
				if err := brokenPromise(t, "histories_are_linearizable", target); err != nil {
					require.ErrorContains(t, err, "have no order")
					flagged++
				}
			}
			t.Logf("%d of %d histories flagged", flagged, n)
			assert.Greater(t, flagged, n/2, "of %d histories", n)
		})
	}
}

func TestHistoriesNameWhatWentWrong(t *testing.T) {
	t.Parallel()
	err := brokenPromise(t, "histories_are_linearizable", naiveTarget("approves twice"))
	require.ErrorContains(t, err, "histories have no order")
	assert.Contains(t, err.Error(), "client")
}

// failing is a store that is down.
type failing struct{ otp.Store }

var errDown = errors.New("the store is down")

func (failing) Conclude(context.Context, otp.Key, otp.ID, string) error { return errDown }

func (failing) Issue(context.Context, otp.Key, otp.ID, otp.MAC, time.Duration, otp.Limits) (otp.Admission, error) {
	return otp.Admission{}, errDown
}

func (failing) Attempt(context.Context, otp.Key, otp.ID, []otp.MAC, otp.Limits) (otp.Verdict, int, error) {
	return otp.Match, 0, errDown
}

func (failing) Revoke(context.Context, otp.Key, otp.ID) error { return errDown }

func (failing) Reset(context.Context, otp.Key) error { return errDown }

func TestRunStoreTellsOfAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	for _, p := range storePromises() {
		target := StoreTarget{Store: failing{}, Reopen: func(*testing.T) otp.Store { return failing{} }}
		require.ErrorIs(t, p.broken(t, target), errDown, p.name)
	}
	down := func(name string) error { return brokenPromise(t, name, StoreTarget{Store: failing{}}) }
	require.Error(t, down("reset_removes_all"))
}

func TestRunStoreTellsOfAFullStore(t *testing.T) {
	t.Parallel()
	s := &otp.MemoryStore{MaxEntries: 1}
	_, err := s.Issue(t.Context(), otp.Key{1}, otp.ID{1}, otp.MAC{1}, time.Minute, otp.Limits{})
	require.NoError(t, err)
	err = brokenPromise(t, "a_right_code_is_approved_once", StoreTarget{Store: s})
	require.ErrorContains(t, err, "full")
}

func TestPromisesHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range storePromises() {
		assert.False(t, seen[p.name], p.name)
		assert.Empty(t, strings.Trim(p.name, "abcdefghijklmnopqrstuvwxyz_0123456789"), p.name)
		seen[p.name] = true
	}
}
