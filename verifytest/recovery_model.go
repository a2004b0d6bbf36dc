package verifytest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/go2fa/verify/recovery"
)

// recoveryLimits are low enough to be met by a short history.
var recoveryLimits = recovery.Limits{Attempts: 3, MaxWait: time.Minute}

// The codes of a history: so many lists of so many each.
const (
	recoveryLists = 3
	recoveryList  = 4
)

// A recoveryState is recovery.Store's record of one account, in the plainest words.
type recoveryState struct {
	codes    uint16 // a bit for each that is left
	failures int
	charged  time.Duration // when the last one was
}

// A recoveryStep is one call of a history.
type recoveryStep struct {
	kind string
	list int // of Replace
	code int // of Attempt; -1: one that nobody has
	id   recovery.ID
}

// after is the call in the model: its answer in words.
func (s *recoveryState) after(x recoveryStep, now time.Duration) string {
	switch x.kind {
	case "replace":
		*s = recoveryState{codes: (1<<recoveryList - 1) << (recoveryList * x.list)}
		return "done"
	case "delete":
		*s = recoveryState{}
		return "done"
	case "left":
		n := 0
		for bits := s.codes; bits > 0; bits &= bits - 1 {
			n++
		}
		return fmt.Sprint(n)
	}
	l := recoveryLimits.WithDefaults()
	switch {
	case s.codes == 0:
		return "none"
	case now-s.charged < l.After(s.failures):
		return "waiting"
	case x.code >= 0 && s.codes&(1<<x.code) != 0:
		s.codes &^= 1 << x.code
		s.failures = 0
		return "match"
	}
	s.failures++
	s.charged = now
	return fmt.Sprintf("wrong, %d left, then %s", max(l.Attempts-s.failures, 0), l.After(s.failures))
}

// A recoveryHistory is what is done to one account.
type recoveryHistory struct {
	*recoveryRun
	key  recovery.Key
	macs []recovery.MAC
}

func newRecoveryHistory(r *recoveryRun) *recoveryHistory {
	h := &recoveryHistory{recoveryRun: r, key: recovery.Key(recoveryID())}
	for range recoveryLists * recoveryList {
		h.macs = append(h.macs, recoveryMAC())
	}
	return h
}

func (h *recoveryHistory) plan(rng *rand.Rand) recoveryStep {
	x := recoveryStep{kind: "attempt", id: recoveryID(), list: rng.IntN(recoveryLists), code: rng.IntN(len(h.macs)+6) - 6}
	switch n := rng.IntN(20); {
	case n < 2:
		x.kind = "replace"
	case n < 4:
		x.kind = "left"
	case n < 5:
		x.kind = "delete"
	}
	x.code = max(x.code, -1)
	return x
}

// make makes the call and returns its answer in words.
func (h *recoveryHistory) make(x recoveryStep) (string, error) {
	switch x.kind {
	case "replace":
		return "done", h.Store.Replace(h.ctx, h.key, x.id, h.macs[x.list*recoveryList:][:recoveryList])
	case "delete":
		return "done", h.Store.Delete(h.ctx, h.key)
	case "left":
		n, err := h.Store.Left(h.ctx, h.key)
		return fmt.Sprint(n), err
	}
	macs := []recovery.MAC{recoveryMAC()} // under another key
	if x.code >= 0 {
		macs = append(macs, h.macs[x.code])
	}
	a, err := h.Store.Attempt(h.ctx, h.key, x.id, macs, recoveryLimits)
	switch a.Verdict {
	case recovery.None:
		return "none", err
	case recovery.Waiting:
		return "waiting", err
	case recovery.Match:
		return "match", err
	}
	return fmt.Sprintf("wrong, %d left, then %s", a.Left, a.Wait), err
}

// recoveryHistories runs histories of 40 calls, with time between them where the clock
// can be moved, some made twice as after a lost reply, some after a restart, and
// compares each answer with the model's.
func recoveryHistories(r *recoveryRun) {
	var now time.Duration
	for seed := range cmp.Or(r.Histories, 1000) {
		rng := rand.New(rand.NewPCG(uint64(seed), 9)) //nolint:gosec // a plan that a failure repeats
		h, model := newRecoveryHistory(r), recoveryState{}
		text := ""
		for range 40 {
			if r.Reopen != nil && rng.IntN(200) == 0 {
				r.Store = r.Reopen(r.t)
			}
			x := h.plan(rng)
			if model.codes == 0 && rng.IntN(2) == 0 {
				x.kind = "replace"
			}
			got, err := h.make(x)
			if err == nil && rng.IntN(20) == 0 {
				again, errAgain := h.make(x)
				r.demand(errAgain == nil && again == got, "%v made again answers %q, not %q", x, again, got)
			}
			want := model.after(x, now)
			text += fmt.Sprintf("%v %v -> %s\n", now, x, got)
			if err != nil || got != want {
				r.demand(false, "history %d: the last answer should be %q (error: %v):\n%s", seed, want, err, text)
				return
			}
			if r.Advance != nil && rng.IntN(3) == 0 {
				by := []time.Duration{time.Second, 30*time.Second - margin, 31 * time.Second, time.Minute, time.Hour}[rng.IntN(5)]
				r.Advance(by)
				now += by
			}
		}
	}
}

// recoveryLinearizable lets 16 callers loose on one account whose clock stands: each
// call must look as if it had happened at one moment.
func recoveryLinearizable(r *recoveryRun) {
	want := cmp.Or(r.Histories, 1000)
	for seed, decided := 0, 0; decided < want && r.err == nil; seed++ {
		if seed > 2*want+10 {
			r.demand(false, "more than half of %d histories could not be decided: too many calls overlap", seed)
			return
		}
		ops := newRecoveryHistory(r).loose(rand.New(rand.NewPCG(uint64(seed), 10))) //nolint:gosec // a plan that a failure repeats
		switch porcupine.CheckOperationsTimeout(recoveryModel(), ops, decision) {
		case porcupine.Unknown:
			continue
		case porcupine.Illegal:
			r.demand(false, "history %d has no order in which each call happened at once:\n%v", seed, ops)
		}
		decided++
	}
}

// loose has 16 callers make two calls each at once.
func (h *recoveryHistory) loose(rng *rand.Rand) (ops []porcupine.Operation) {
	start, mu := time.Now(), sync.Mutex{}
	var plans [16][2]recoveryStep
	for c := range plans {
		for i := range plans[c] {
			plans[c][i] = h.plan(rng)
		}
	}
	plans[0][0] = recoveryStep{kind: "replace", id: recoveryID()}
	together(len(plans), func(c int) {
		for _, x := range plans[c] {
			began := time.Since(start)
			got, err := h.make(x)
			ended := time.Since(start)
			mu.Lock()
			h.demand(err == nil, "%s, with many others: %v", x.kind, err)
			ops = append(ops, porcupine.Operation{ClientId: c, Input: x, Call: int64(began), Output: got, Return: int64(ended)})
			mu.Unlock()
		}
	})
	return ops
}

// recoveryModel is recovery.Store while its clock stands.
func recoveryModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return recoveryState{} },
		Step: func(state, input, output any) (bool, any) {
			s := state.(recoveryState)
			want := s.after(input.(recoveryStep), 0)
			return want == output.(string), s
		},
	}
}
