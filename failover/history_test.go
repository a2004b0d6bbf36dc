package failover_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/require"
)

var histories = flag.Int("histories", 10_000, "random histories of two vendors")

// An answer is what a Send or a Check came to. Of a Send it says which codes may
// have been sent: that of a vendor whose answer was lost too.
type answer struct {
	kind   verify.Outcome
	vendor string // who sent for sure
	a, b   string
	before live // the codes of before it
	raced  bool // an approval was under way with this Send, and may have ended it
}

// A live pair of codes is all that the model knows of a recipient.
type live struct{ a, b string }

func (k live) without(code string) live {
	if k.a == code {
		k.a = ""
	}
	if k.b == code {
		k.b = ""
	}
	return k
}

// twoCodes says what a Send and a Check may answer, and which codes are good
// after it. The input of a Check is its code, and that of a Send is "".
var twoCodes = porcupine.NondeterministicModel{
	Init: func() []any { return []any{live{}} },
	Step: func(state, input, output any) []any {
		k, code, out := state.(live), input.(string), output.(answer)
		if code == "" {
			return afterSend(k, out)
		}
		good := code == k.a || code == k.b
		switch {
		case out.kind == "" && good:
			return []any{live{}} // one approval ends both
		case out.kind == verify.ErrNotPending && good:
			// The code is spent by a Check that is still under way, or that lost
			// against another one: denied, and safely so.
			return []any{k, k.without(code)}
		case out.kind == verify.ErrTooManyAttempts, out.kind == verify.ErrNotPending,
			out.kind == verify.ErrMismatch && !good:
			return []any{k}
		}
		return nil
	},
}

// afterSend lists what may be good now: a code that was sent for sure is, one
// that may have been sent may be, and none is if an approval came in between. While a Send
// is under way its vendors are asked again, though one approval could not cancel their
// codes, which are then good once (docs/rules.md, Failover, 4): so even if it fails.
func afterSend(k live, out answer) []any {
	as, bs := []string{k.a}, []string{k.b}
	failed := out.kind != "" && out.kind != verify.ErrOutcomeUnknown // surely nothing, or an approval ended it
	if failed && !out.raced {
		return []any{k}
	}
	if out.raced {
		as, bs = append(as, out.before.a), append(bs, out.before.b)
	}
	if out.a != "" {
		as = append(as, out.a)
	}
	if out.b != "" {
		bs = append(bs, out.b)
	}
	switch {
	case out.raced:
	case out.vendor == "a":
		as = []string{out.a}
	case out.vendor == "b":
		bs = []string{out.b}
	}
	var states []any
	if out.raced {
		states = append(states, live{})
	}
	for _, a := range as {
		for _, b := range bs {
			states = append(states, live{a, b})
		}
	}
	return states
}

// A player makes random calls to one recipient, with three others at once.
type player struct {
	t    *testing.T
	v    verify.Verifier
	a, b *double

	mu    sync.Mutex
	began time.Time
	log   []porcupine.Operation
}

func newPlayer(t *testing.T, next bool) *player {
	p := &player{t: t, began: time.Now()}
	p.v, p.a, p.b = pair(t, func(c *failover.Config) {
		if next {
			c.OnUnknown = failover.Next
		}
		c.Limits.Attempts = 10
	})
	p.a.fresh = func(n int) string { return fmt.Sprintf("1%05d", n) }
	p.b.fresh = func(n int) string { return fmt.Sprintf("2%05d", n) }
	return p
}

// code is the newest of a vendor's, or a wrong one.
func (p *player) code(which int) string {
	d := []*double{p.a, p.b}[which%2]
	d.mu.Lock()
	defer d.mu.Unlock()
	if which > 1 || d.sends == 0 {
		return wrong
	}
	return d.codes["code"]
}

func (p *player) send() answer {
	before := live{p.code(0), p.code(1)}
	receipt, err := p.v.Send(p.t.Context(), phone)
	out := answer{kind: verify.OutcomeOf(err), vendor: receipt.Vendor, before: before}
	out.a, out.b = p.code(0), p.code(1)
	return out
}

func (p *player) move(client, what int) {
	call, code := time.Since(p.began), ""
	var out answer
	if what == 0 {
		p.mu.Lock() // one Send after the other, so that its codes are known
		out = p.send()
		p.mu.Unlock()
	} else {
		code = p.code(what - 1)
		out.kind = verify.OutcomeOf(p.v.Check(p.t.Context(), phone, code))
	}
	back := time.Since(p.began)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, porcupine.Operation{
		ClientId: client, Input: code, Output: out, Call: int64(call), Return: int64(back),
	})
}

// weather changes what the vendors do.
func (p *player) weather(r *rand.Rand) {
	for _, d := range []*double{p.a, p.b} {
		d.fails("send", []verify.Outcome{"", "", verify.ErrUnavailable, verify.ErrOutcomeUnknown}[r.IntN(4)])
		d.mu.Lock()
		d.effect = r.IntN(2) == 0
		d.mu.Unlock()
	}
}

// play has four clients make a dozen calls.
func play(t *testing.T, seed uint64) []porcupine.Operation {
	r := rand.New(rand.NewPCG(seed, 1))
	p := newPlayer(t, r.IntN(2) == 0)
	var group sync.WaitGroup
	for client := range 4 {
		mine := rand.New(rand.NewPCG(seed, uint64(client)+2))
		group.Go(func() {
			for range 3 {
				if client == 0 {
					p.weather(mine)
				}
				p.move(client, mine.IntN(4))
				runtime.Gosched()
			}
		})
	}
	group.Wait()
	return races(p.log)
}

// races marks each Send that an approved Check was under way with.
func races(log []porcupine.Operation) []porcupine.Operation {
	for i, send := range log {
		for _, check := range log {
			sent, checked := send.Output.(answer), check.Output.(answer)
			if send.Input == "" && check.Input != "" && checked.kind == "" &&
				check.Call <= send.Return && send.Call <= check.Return {
				sent.raced = true
				log[i].Output = sent
			}
		}
	}
	return log
}

func TestRandomHistoriesOfTwoVendors(t *testing.T) {
	t.Parallel()
	n := *histories
	if testing.Short() {
		n /= 10
	}
	model := twoCodes.ToModel()
	for seed := range n {
		history := play(t, uint64(seed))
		require.True(t, porcupine.CheckOperations(model, history), "seed %d: %v", seed, history)
	}
}

// The model must ring.
func TestTheModelRejects(t *testing.T) {
	t.Parallel()
	type step struct {
		code string
		out  answer
	}
	follows := func(steps ...step) bool {
		var history []porcupine.Operation
		for i, s := range steps {
			history = append(history, porcupine.Operation{
				Input: s.code, Output: s.out, Call: int64(2 * i), Return: int64(2*i + 1),
			})
		}
		return porcupine.CheckOperations(twoCodes.ToModel(), history)
	}
	sent := step{"", answer{vendor: "a", a: codeA}}
	both := step{"", answer{vendor: "b", a: codeA, b: codeB}}
	right := step{codeA, answer{}}
	require.True(t, follows(sent, right))
	require.True(t, follows(both, step{codeB, answer{}}))
	require.True(t, follows(both, step{codeA, answer{kind: verify.ErrMismatch}}), "nobody knows whether a has sent")
	require.False(t, follows(sent, right, right), "a code is approved once")
	require.False(t, follows(both, right, step{codeB, answer{}}), "one approval of two codes")
	require.False(t, follows(sent, step{codeB, answer{}}), "a code that nobody sent")
	require.False(t, follows(sent, step{codeA, answer{kind: verify.ErrMismatch}}), "the right code is not wrong")
	require.False(t, follows(right), "nothing was sent")

	other := step{codeB, answer{}}
	ended := step{"", answer{kind: verify.ErrTooManySends, a: codeA, b: codeB, raced: true}}
	require.True(t, follows(both, other, ended, right), "a send that met an approval may make a's code good once more")
	require.False(t, follows(both, other, ended, right, right), "and no more than once")
	ended.out.raced = false
	require.False(t, follows(both, other, ended, right), "one that met none does not")

	raced := step{"", answer{vendor: "a", a: codeA, raced: true}}
	require.True(t, follows(raced, step{codeA, answer{kind: verify.ErrMismatch}}), "an approval ended that send")
	require.False(t, follows(raced, right, right), "and gives nobody a second one")
}
