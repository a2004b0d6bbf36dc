package verifytest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/go2fa/verify/failover"
)

const ledgerOps = 40

// ledgerHistories compares random calls with those of a failover.MemoryLedger. A
// reply in ten is lost, and the call made again under the same id.
func ledgerHistories(r *ledgerRun) {
	want := r.Histories
	if want == 0 {
		want = 1000
	}
	for seed := range uint64(want) {
		rng := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // plans that a failure repeats, not secrets
		k, model, ids := ledgerKey(), new(failover.MemoryLedger), ledgerIDs()
		var history []string
		var begun ledgerCall
		for range ledgerOps {
			call := randomCall(rng, ids, begun)
			if call.op == "begin" {
				begun = call
			}
			expected := call.make(r, model, k)
			if rng.IntN(10) == 0 {
				_ = call.make(r, r.Ledger, k) // this reply is lost
				expected = call.make(r, model, k)
			}
			got := call.make(r, r.Ledger, k)
			history = append(history, call.String()+": "+expected)
			if got != expected {
				r.breaks("history %d: %s, and not %s, after\n  %s", seed, got, expected, strings.Join(history, "\n  "))
				return
			}
		}
	}
}

func ledgerIDs() []failover.ID {
	ids := make([]failover.ID, 12)
	for i := range ids {
		ids[i] = ledgerID()
	}
	return ids
}

// A ledgerCall is one call of a history. Sends and Checks have ids of their own.
type ledgerCall struct {
	op      string
	number  int
	id      failover.ID
	backend string
	state   failover.State
	verdict failover.Verdict
}

// randomCall ends mostly what was begun last.
func randomCall(rng *rand.Rand, ids []failover.ID, begun ledgerCall) ledgerCall {
	c := ledgerCall{
		number: rng.IntN(len(ids)), backend: string(rune('a' + rng.IntN(3))), //nolint:gosec // one of three
		state: failover.State(rng.IntN(3)), verdict: failover.Verdict(rng.IntN(3)), //nolint:gosec // one of three
		op: []string{"begin", "begin", "end", "end", "attempt", "attempt", "attempt", "settle", "claim", "conclude"}[rng.IntN(10)],
	}
	if c.op == "end" && begun.op != "" && rng.IntN(4) > 0 {
		c.number, c.backend = begun.number, begun.backend
	}
	if rng.IntN(60) == 0 {
		c.op = "reset"
	}
	c.id = ids[c.number] // of a Send or a Check
	return c
}

func (c ledgerCall) String() string {
	return fmt.Sprintf("%s %d %q %d %d", c.op, c.number, c.backend, c.state, c.verdict)
}

// make says what came of the call. A wait is named without its length, which is
// real time.
func (c ledgerCall) make(r *ledgerRun, l failover.Ledger, k failover.Key) string {
	switch c.op {
	case "begin":
		busy, err := l.Begin(r.ctx, k, c.id, c.backend, ledgerLease)
		return fmt.Sprintf("busy %t, error %t", busy > 0, err != nil)
	case "end":
		return fmt.Sprintf("error %t", l.End(r.ctx, k, c.id, c.backend, c.state, ledgerTTL) != nil)
	case "attempt":
		a, err := l.Attempt(r.ctx, k, c.id, failover.ID{byte(c.verdict)}, failover.Limits{Attempts: 3, Failures: 9})
		return fmt.Sprintf("%v, error %t", a, err != nil)
	case "settle":
		won, err := l.Settle(r.ctx, k, c.id, c.verdict)
		return fmt.Sprintf("won %t, error %t", won, err != nil)
	case "claim":
		claim, err := l.Claim(r.ctx, k, c.id, failover.ID{byte(c.verdict)})
		return fmt.Sprintf("%v, error %t", claim, err != nil)
	case "conclude":
		return fmt.Sprintf("error %t", l.Conclude(r.ctx, k, c.id, strings.Repeat("x", int(c.state))) != nil)
	}
	return fmt.Sprintf("error %t", l.Reset(r.ctx, k) != nil)
}
