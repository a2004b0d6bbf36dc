package verifytest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/go2fa/verify/otp"
)

// The size of a history: 33 steps, of 8 or 16 clients, under limits low enough
// to be met.
const (
	historyOps      = 32
	historySends    = 5
	historyAttempts = 3
	historyFails    = 9

	// decision is how long the search for an order may take. It is exponential in
	// the number of calls that overlap, and mostly takes milliseconds.
	decision = 250 * time.Millisecond
)

// A history is what clients do to one key at once.
type history struct {
	*storeRun
	key   otp.Key
	codes []otp.MAC
	ids   []otp.ID
	start time.Time

	mu  sync.Mutex
	ops []porcupine.Operation
}

func storeLinearizable(r *storeRun) {
	want := r.Histories
	if want == 0 {
		want = 1000
	}
	bad, decided, first := 0, 0, ""
	for seed := 0; decided < want && r.err == nil; seed++ {
		if seed > 2*want+10 {
			r.breaks("more than half of %d histories could not be decided: too many calls overlap", seed)
		}
		h := newHistory(r)
		h.run(rand.New(rand.NewPCG(uint64(seed), 4))) //nolint:gosec // plans that a failure repeats, not secrets
		switch porcupine.CheckOperationsTimeout(storeModel(), h.ops, decision) {
		case porcupine.Unknown:
			continue
		case porcupine.Illegal:
			bad++
			first = cmp.Or(first, h.String())
		}
		decided++
	}
	if bad > 0 {
		r.breaks("%d of %d histories have no order in which each step happened at once; the first one:\n%s", bad, decided, first)
	}
}

func newHistory(r *storeRun) *history {
	h := &history{
		storeRun: r, key: random[otp.Key](), start: time.Now(),
		codes: make([]otp.MAC, historyOps), ids: make([]otp.ID, historyOps),
	}
	for i := range historyOps {
		h.codes[i], h.ids[i] = random[otp.MAC](), random[otp.ID]()
	}
	return h
}

// run starts all clients at once. A history either forgets, or has replies
// that are asked for again: what was forgotten answers anew.
func (h *history) run(rng *rand.Rand) {
	clients := []int{8, 8, 8, 16}[rng.IntN(4)]
	forgets := rng.IntN(4) == 0
	plans := make([][]step, clients)
	for number := range historyOps {
		c := number % clients
		plans[c] = append(plans[c], plan(rng, number, forgets))
	}
	// One code is alive from the start.
	h.call(0, step{kind: stepIssue, send: 0, id: h.ids[0]})
	together(clients, func(c int) {
		for _, x := range plans[c] {
			h.call(c, x)
		}
	})
}

// plan draws one step. Half of the attempts are aimed at the first code, the
// others at any, and some at none.
func plan(rng *rand.Rand, number int, forgets bool) step {
	x := step{kind: stepAttempt, id: random[otp.ID](), lost: !forgets && rng.IntN(20) == 0}
	switch n := rng.IntN(40); {
	case n < 5 && number > 0:
		x.kind, x.send = stepIssue, number
	case n < 9:
		x.kind, x.send = stepRevoke, rng.IntN(number+1)
	case n < 10 && !forgets:
		x.kind, x.send = stepRevoke, -1
	case n < 10 && forgets:
		x.kind, x.send = stepForget, -1
	case n < 25:
		x.send = rng.IntN(number+2) - 1
	}
	return x
}

// call makes one step and writes it down. A reply that is lost is asked for
// again, or stays unknown.
func (h *history) call(client int, x step) {
	began := time.Since(h.start)
	got, err := h.make(x)
	if x.lost && x.kind != stepRevoke {
		if got.unknown = x.id[0]&1 == 0; !got.unknown {
			got, err = h.make(x)
		}
	}
	ended := time.Since(h.start)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.breaks("%s, with many others: %w", x.kind, err)
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: x, Call: int64(began), Output: got, Return: int64(ended)})
}

func (h *history) make(x step) (result, error) {
	l := free()
	l.Sends, l.Attempts, l.Failures = historySends, historyAttempts, historyFails
	switch x.kind {
	case stepIssue:
		a, err := h.Store.Issue(h.ctx, h.key, h.ids[x.send], h.codes[x.send], storeTTL, l)
		return result{refused: a.Refused}, err
	case stepRevoke:
		id := otp.ID{} // of every one
		if x.send >= 0 {
			id = h.ids[x.send]
		}
		return result{}, h.Store.Revoke(h.ctx, h.key, id)
	case stepForget:
		return result{}, h.Store.Reset(h.ctx, h.key)
	}
	mac := otp.MAC{1}
	if x.send >= 0 {
		mac = h.codes[x.send]
	}
	v, left, err := h.Store.Attempt(h.ctx, h.key, x.id, []otp.MAC{mac}, l)
	return result{answer: answer{v, left}}, err
}

func (h *history) String() string {
	var b strings.Builder
	for _, op := range h.ops {
		x, got := op.Input.(step), op.Output.(result)
		fmt.Fprintf(&b, "  %8d-%8d ns, client %2d: %s %d: %s, %s\n", op.Call, op.Return, op.ClientId, x.kind, x.send, got.refused, got.answer)
	}
	return b.String()
}
