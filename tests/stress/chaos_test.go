package stress

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// The size of a world.
const (
	worldPeople = 8
	worldFlows  = 100
	day         = 24 * time.Hour
)

// TestChaos lets people log in while everything fails: the invariants are I1
// to I6 of docs/stress.md.
func TestChaos(t *testing.T) {
	worlds := size(16, 1000)
	var flows, faults, yes, calls atomic.Int64
	t.Run("all", func(t *testing.T) {
		const shards = 4
		for shard := range shards {
			t.Run(fmt.Sprintf("shard %d", shard), func(t *testing.T) {
				t.Parallel()
				for n := shard; n < worlds; n += shards {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, *seed*1_000_000+uint64(n))
						w.live100()
						flows.Add(worldFlows)
						faults.Add(int64(w.faults))
						yes.Add(int64(w.books.told["check "]))
						for _, n := range w.books.told {
							calls.Add(int64(n))
						}
					})
				}
			})
		}
	})
	assert.Positive(t, yes.Load())
	figure(t, "chaos: %v flows in %v worlds from seed %v: %v calls, %v approvals, %v faults, clients rebuilt %v times, clocks moved by a day either way; I1 to I6: 0 broken",
		int(flows.Load()), worlds, int(*seed), int(calls.Load()), int(yes.Load()), int(faults.Load()), worlds)
}

// live100 plays all flows of a world, and then closes its accounts (I5).
func (w *world) live100() {
	// A vendor's clock may be a day behind or ahead from the start. It never goes
	// back later, which would raise the dead: codes that are over at the vendor.
	for _, e := range w.emulators {
		e.Advance(time.Duration(w.rng.IntN(3)-1) * day)
	}
	for flow := range worldFlows {
		if flow == worldFlows/2 {
			w.rebuild()
		}
		w.jump()
		w.flow(phone(w.rng.IntN(worldPeople)))
	}
	require.Equal(w.t, w.books.events, w.books.told, "I5: each call is one event, seed %d", w.seed)
}

// jump moves the clocks: a minute or so, or a day, of a vendor alone or of all.
func (w *world) jump() {
	time.Sleep(time.Duration(w.rng.IntN(120)) * time.Second)
	switch w.rng.IntN(40) {
	case 0:
		time.Sleep(day)
	case 1, 2:
		w.emulators[0].Advance(day)
	}
}

// flow is one person who wants to log in.
func (w *world) flow(to string) {
	w.send(to)
	for range 1 + w.rng.IntN(4) {
		w.check(to, w.attempt(to))
	}
}

// attempt is what a person types: mostly what was sent last.
func (w *world) attempt(to string) string {
	all := w.letters[to]
	if len(all) == 0 {
		return "123456"
	}
	newest := all[len(all)-1].code
	switch w.rng.IntN(10) {
	case 0:
		return all[w.rng.IntN(len(all))].code
	case 1, 2, 3:
		return wrong(newest)
	case 4:
		return "../sms"
	case 5:
		if others := w.letters[phone(w.rng.IntN(worldPeople))]; len(others) > 0 {
			return others[len(others)-1].code
		}
	}
	return newest
}

// send sends, and holds the messages against what the caller is told (I3).
func (w *world) send(to string) {
	w.sends++
	before := w.effects()
	receipt, err := w.verifier.Send(w.t.Context(), to)
	kind := verify.OutcomeOf(w.books.tell("send", err))
	w.private(err, to, "")
	w.private(receipt, to, "")

	least, most := 0, 0
	switch {
	case kind == "" && receipt.PossibleDuplicate:
		least, most = 1, len(w.vendors)
	case kind == "":
		least, most = 1, 1
	case kind == unknown && w.next:
		most = len(w.vendors)
	case kind == unknown:
		most = 1
	}
	sent := w.effects() - before
	require.GreaterOrEqual(w.t, sent, least, "I3, seed %d: %v", w.seed, err)
	require.LessOrEqual(w.t, sent, most, "I3, seed %d: %v", w.seed, err)
	if kind != verify.ErrTooManySends { // a store may have begun anew, though its answer was lost
		w.last[to], w.attempts[to] = w.sends, 0
	}
}

// check checks, and holds the answer against the truth (I1, I2, I4).
func (w *world) check(to, code string) {
	w.yeses()
	err := w.verifier.Check(w.t.Context(), to, code)
	kind := verify.OutcomeOf(w.books.tell("check", err))
	w.private(err, to, code)
	yes := w.yeses()
	sent, live := w.live(to, code)

	switch {
	case kind == "":
		require.True(w.t, live, "I1: nobody has this code to use, seed %d", w.seed)
		require.NotZero(w.t, yes, "I1: nobody approved, seed %d", w.seed)
		// A backend that lost, and that no cancellation reached, still holds its code, and
		// a later send that may have gone through it makes that one good again.
		challenge := fmt.Sprint(to, sent.send)
		ended, over := w.approved[challenge]
		require.False(w.t, over && w.last[to] <= ended, "I2: one approval a send, seed %d", w.seed)
		w.approved[challenge] = w.sends
		if w.vendors[0] == "gatewayapi" && len(w.vendors) == 1 {
			require.LessOrEqual(w.t, time.Since(sent.at), 10*time.Minute, "R05, seed %d", w.seed)
		}
	case yes > 0:
		require.Equal(w.t, unknown, kind, "I4: an approval is told as such, or as unknown, seed %d: %v", w.seed, err)
	case kind == verify.ErrMismatch && codeIn(code) != "": // what cannot be a code is charged to nobody
		w.attempts[to]++
		if len(w.vendors) > 1 || w.vendors[0] == "gatewayapi" {
			require.LessOrEqual(w.t, w.attempts[to], 5, "R16, seed %d", w.seed)
		}
	}
	if yes > 0 {
		w.spent[to+" "+code] = true
	}
}
