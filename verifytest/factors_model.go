package verifytest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/go2fa/verify/totp"
)

// factorLimits are low enough to be met by a short history.
var factorLimits = totp.Limits{Attempts: 3, Failures: 8, Total: 20}

// A factorState is totp.Store's record of one account, in the plainest words. It
// keeps all times, and no window is cut.
type factorState struct {
	found   bool
	factor  int // which of the history's factors
	step    uint64
	row     []time.Duration // charges in this row
	settled int             // how many of them an approval has forgiven
	total   []time.Duration // charges that were not approved
	since   time.Duration   // when the first of them was
}

// attempt is what an attempt at a moment answers: its word, and the failures after
// it.
func (s *factorState) attempt(now time.Duration) string {
	if !s.found {
		return "nobody"
	}
	l := factorLimits.WithDefaults()
	last := time.Duration(0)
	if n := len(s.row); n > 0 {
		last = s.row[n-1]
	}
	if s.settled > 0 && now-last >= l.Wait {
		s.row, s.settled = s.row[s.settled:], 0
	}
	failures := len(s.row) - s.settled
	wait := l.After(failures)
	if wait == 0 && len(s.row) >= l.Attempts {
		wait = l.Wait
	}
	switch {
	case failures >= l.Failures || s.recent(now) >= l.Total:
		return "blocked"
	case len(s.row) > 0 && now-last < wait:
		return "waits"
	}
	s.row, s.total = append(s.row[:len(s.row):len(s.row)], now), append(s.total[:len(s.total):len(s.total)], now)
	return fmt.Sprintf("factor %d, step %d, %d failures, %d left", s.factor, s.step, failures+1, max(l.Attempts-len(s.row), 0))
}

// recent counts charges by windows of fifteen days, the present one and two before.
// The first one begins with the first charge.
func (s *factorState) recent(now time.Duration) int {
	const half = 15 * 24 * time.Hour
	n := 0
	for _, at := range s.total {
		if (now-s.since)/half-(at-s.since)/half <= 2 {
			n++
		}
	}
	if n == 0 {
		s.total, s.since = nil, now
	}
	return n
}

func (s *factorState) settle(factor int, step uint64) bool {
	if !s.found || s.factor != factor || step <= s.step {
		return false
	}
	s.settled = len(s.row)
	if n := len(s.total); n > 0 {
		s.total = s.total[:n-1]
	}
	s.step = step
	return true
}

// A factorStep is one call of a history.
type factorStep struct {
	kind   string
	factor int    // of Create and Swap, the new one; of Accept, the one that is settled
	old    int    // of Swap, the one that goes
	step   uint64 // of Accept and Swap
	id     totp.ID
}

// A factorHistory is what is done to one account.
type factorHistory struct {
	*factorRun
	key     totp.Key
	factors []totp.Factor
}

func newFactorHistory(r *factorRun) *factorHistory {
	h := &factorHistory{factorRun: r, key: totp.Key(randomFactorID())}
	for range 4 {
		h.factors = append(h.factors, randomFactor())
	}
	return h
}

func (h *factorHistory) plan(rng *rand.Rand) factorStep {
	x := factorStep{id: randomFactorID(), factor: rng.IntN(4), old: rng.IntN(4), step: uint64(rng.IntN(30))} //nolint:gosec // small
	switch n := rng.IntN(40); {
	case n < 4:
		x.kind = "create"
	case n < 12:
		x.kind = "accept"
	case n < 14:
		x.kind = "swap"
	case n < 15:
		x.kind = "delete"
	case n < 16:
		x.kind = "reset"
	default:
		x.kind = "attempt"
	}
	return x
}

// make makes the call and returns its answer in words.
func (h *factorHistory) make(x factorStep) (string, error) {
	switch x.kind {
	case "create":
		created, err := h.Store.Create(h.ctx, h.key, x.id, h.factors[x.factor])
		return fmt.Sprint(created), err
	case "attempt":
		a, err := h.Store.Attempt(h.ctx, h.key, x.id, factorLimits)
		switch {
		case err != nil || !a.Found:
			return "nobody", err
		case a.Blocked:
			return "blocked", nil
		case a.Wait > 0:
			return "waits", nil
		}
		return fmt.Sprintf("factor %d, step %d, %d failures, %d left", h.number(a.Factor), a.Factor.Step, a.Failures, a.Left), nil
	case "accept":
		won, err := h.Store.Accept(h.ctx, h.key, x.id, h.factors[x.factor].Enrolment, x.step, nil)
		return fmt.Sprint(won), err
	case "swap":
		won, err := h.Store.Swap(h.ctx, h.key, x.id, h.factors[x.old].Enrolment, x.step, h.factors[x.factor])
		return fmt.Sprint(won), err
	case "delete":
		return "done", h.Store.Delete(h.ctx, h.key)
	}
	return "done", h.Store.Reset(h.ctx, h.key)
}

func (h *factorHistory) number(f totp.Factor) int {
	for i := range h.factors {
		if h.factors[i].Enrolment == f.Enrolment {
			return i
		}
	}
	return -1
}

// after is the same call in the model.
func (s *factorState) after(x factorStep, now time.Duration) string {
	switch x.kind {
	case "create":
		if s.found {
			return "false"
		}
		*s = factorState{found: true, factor: x.factor}
		return "true"
	case "attempt":
		return s.attempt(now)
	case "accept":
		return fmt.Sprint(s.settle(x.factor, x.step))
	case "swap":
		won := s.settle(x.old, x.step)
		if won {
			s.factor, s.step = x.factor, 0
		}
		return fmt.Sprint(won)
	case "delete":
		*s = factorState{}
	case "reset":
		s.row, s.settled, s.total = nil, 0, nil
	}
	return "done"
}

// factorHistories runs histories of 40 calls, with time between them where the clock
// can be moved, some made twice as after a lost reply, some after a restart, and
// compares each answer with the model's.
func factorHistories(r *factorRun) {
	var now time.Duration
	for seed := range cmp.Or(r.Histories, 1000) {
		rng := rand.New(rand.NewPCG(uint64(seed), 7)) //nolint:gosec // a plan that a failure repeats
		h, model := newFactorHistory(r), factorState{}
		text := ""
		for range 40 {
			if r.Reopen != nil && rng.IntN(200) == 0 {
				r.Store = r.Reopen(r.t)
			}
			x := h.plan(rng)
			if !model.found && rng.IntN(2) == 0 {
				x.kind = "create"
			}
			got, err := h.make(x)
			if err == nil && rng.IntN(20) == 0 && (x.kind == "attempt" && got != "blocked" && got != "waits" || got == "true") {
				again, errAgain := h.make(x)
				r.demand(errAgain == nil && again == got, "%v made again answers %q, not %q", x, again, got)
			}
			want := model.after(x, now)
			text += fmt.Sprintf("%v %v -> %s\n", now, x, got)
			if err != nil || got != want {
				r.breaks("history %d: the last answer should be %q (error: %v):\n%s", seed, want, err, text)
				return
			}
			if r.Advance != nil && rng.IntN(3) == 0 {
				steps := []time.Duration{time.Second, 30*time.Second - margin, 31 * time.Second, 2 * time.Minute, time.Hour, 16 * 24 * time.Hour}
				if seed%5 > 0 {
					steps = steps[:5] // ten thousand histories are not to take longer than clocks go: to 2262
				}
				by := steps[rng.IntN(len(steps))]
				r.Advance(by)
				now += by
			}
		}
	}
}

// factorLinearizable lets 16 callers loose on one account whose clock stands: each
// call must look as if it had happened at one moment.
func factorLinearizable(r *factorRun) {
	want := cmp.Or(r.Histories, 1000)
	bad, decided, first := 0, 0, ""
	for seed := 0; decided < want && r.err == nil; seed++ {
		if seed > 2*want+10 {
			r.breaks("more than half of %d histories could not be decided: too many calls overlap", seed)
			return
		}
		h, ops := newFactorHistory(r), []porcupine.Operation(nil)
		start, mu := time.Now(), sync.Mutex{}
		rng := rand.New(rand.NewPCG(uint64(seed), 8)) //nolint:gosec // a plan that a failure repeats
		var plans [16][2]factorStep
		for c := range plans {
			for i := range plans[c] {
				plans[c][i] = h.plan(rng)
			}
		}
		plans[0][0] = factorStep{kind: "create", id: randomFactorID()}
		together(len(plans), func(c int) {
			for _, x := range plans[c] {
				began := time.Since(start)
				got, err := h.make(x)
				ended := time.Since(start)
				mu.Lock()
				if err != nil {
					h.breaks("%s, with many others: %w", x.kind, err)
				}
				ops = append(ops, porcupine.Operation{ClientId: c, Input: x, Call: int64(began), Output: got, Return: int64(ended)})
				mu.Unlock()
			}
		})
		switch porcupine.CheckOperationsTimeout(factorModel(), ops, decision) {
		case porcupine.Unknown:
			continue
		case porcupine.Illegal:
			bad++
			first = cmp.Or(first, fmt.Sprint(ops))
		}
		decided++
	}
	if bad > 0 {
		r.breaks("%d of %d histories have no order in which each call happened at once; the first one:\n%s", bad, decided, first)
	}
}

// factorModel is totp.Store while its clock stands.
func factorModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return factorState{} },
		Step: func(state, input, output any) (bool, any) {
			s := state.(factorState)
			want := s.after(input.(factorStep), 0)
			return want == output.(string), s
		},
		Equal: func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) },
	}
}
