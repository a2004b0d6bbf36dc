// Package pump plays an attack on a guard: a pump among honest people, on a clock of
// its own. The guard is the real one, over a Verifier that sends nothing.
package pump

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
)

// What is the same in all settings.
const (
	Logins    = 2000   // honest ones
	Known     = 0.9    // of the honest
	Messages  = 20_000 // that the pump asks for
	addresses = 500    // that it asks from
	types     = 0.9    // of honest strangers type their code back
)

// A Setting is one attack.
type Setting struct {
	Lasts       time.Duration
	Subscribers int     // of the pump's range: a power of ten
	Approves    float64 // how many of its own codes the pump types back
	Attacked    float64 // how many of the honest are of the country that is attacked
	Seed        uint64
}

// Settings are all of one seed; the first four are those with a goal.
func Settings(seed uint64) (all []Setting) {
	for _, attacked := range []float64{0.05, 0.5} {
		for _, approves := range []float64{0, 0.25} {
			for _, subscribers := range []int{1e4, 1e7} {
				for _, lasts := range []time.Duration{time.Hour, 24 * time.Hour} {
					all = append(all, Setting{lasts, subscribers, approves, attacked, seed})
				}
			}
		}
	}
	return all
}

// A Result says what became of all sends.
type Result struct {
	Left         int // messages of the pump that were sent
	Refused      int // honest people
	KnownRefused int // those of them who are known
}

// LeftShare is how many of the pump's messages were sent.
func (r Result) LeftShare() float64 { return float64(r.Left) / Messages }

// RefusedShare is how many of the honest were refused.
func (r Result) RefusedShare() float64 { return float64(r.Refused) / Logins }

// An Open puts a guard around v, on a store that a play has the clock of.
type Open func(v verify.Verifier, s guard.Store) (verify.Verifier, error)

// Configured is a guard of this configuration.
func Configured(cfg guard.Config) Open {
	return func(v verify.Verifier, s guard.Store) (verify.Verifier, error) {
		cfg.Verifier, cfg.Store = v, s
		return guard.New(cfg)
	}
}

// Play plays one attack.
func Play(s Setting, open Open) (Result, error) {
	p := &play{now: time.Unix(1_800_000_000, 0), dice: rand.New(rand.NewPCG(s.Seed, 7))} //nolint:gosec // it must be the same in each run
	var err error
	if p.guard, err = open(Nobody{}, &guard.MemoryStore{Clock: func() time.Time { return p.now }}); err != nil {
		return Result{}, err
	}
	if err := p.invite(s); err != nil {
		return Result{}, err
	}
	for len(p.queue) > 0 {
		v := heap.Pop(&p.queue).(visit)
		p.now = v.at
		p.visit(v, s)
	}
	return p.result, nil
}

// A play is under way.
type play struct {
	guard  verify.Verifier
	dice   *rand.Rand
	now    time.Time
	queue  visits
	result Result
}

// A visit is a Send, or the Check after it.
type visit struct {
	at      time.Time
	to      string
	from    netip.Addr
	pump    bool
	known   bool
	checks  bool
	ordinal int // of those at the same time
}

// invite has everybody come at a random time; who is known has approved a day before.
func (p *play) invite(s Setting) error {
	for i := range Logins {
		c := p.dice.IntN(attacked)
		if p.dice.Float64() < s.Attacked {
			c = attacked
		}
		v := visit{to: countries[c].number(p.dice), from: address(p.dice), known: i < Logins*Known}
		if v.known {
			if err := p.guard.Check(context.Background(), v.to, code); err != nil {
				return err
			}
		}
		p.come(v, s)
	}
	var from [addresses]netip.Addr
	for i := range from {
		from[i] = address(p.dice)
	}
	for range Messages {
		p.come(visit{to: ranged(p.dice, s.Subscribers), from: from[p.dice.IntN(addresses)], pump: true}, s)
	}
	return nil
}

func (p *play) come(v visit, s Setting) {
	v.at = p.now.Add(24*time.Hour + time.Duration(p.dice.Int64N(int64(s.Lasts))))
	p.push(v)
}

func (p *play) push(v visit) {
	v.ordinal = p.dice.Int()
	heap.Push(&p.queue, v)
}

func (p *play) visit(v visit, s Setting) {
	ctx := context.Background()
	if v.checks {
		_ = p.guard.Check(ctx, v.to, code) // it is right
		return
	}
	_, err := p.guard.Send(ctx, v.to, verify.WithClientIP(v.from))
	switch {
	case err != nil && !v.pump:
		p.result.Refused++
		if v.known {
			p.result.KnownRefused++
		}
	case err != nil:
	case v.pump:
		p.result.Left++
		p.answer(v, s.Approves)
	default:
		p.answer(v, types)
	}
}

// answer types the code back within two minutes, as often as share says.
func (p *play) answer(v visit, share float64) {
	if p.dice.Float64() < share {
		v.checks, v.at = true, v.at.Add(5*time.Second+time.Duration(p.dice.Int64N(int64(115*time.Second))))
		p.push(v)
	}
}

const code = "123456"

// Nobody sends nothing and approves everything.
type Nobody struct{}

// Capabilities are those of a vendor that sends to phones and mailboxes.
func (Nobody) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "nobody", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}}
}

// Send sends nothing.
func (Nobody) Send(context.Context, string, ...verify.SendOption) (verify.Receipt, error) {
	return verify.Receipt{Vendor: "nobody"}, nil
}

// Check approves.
func (Nobody) Check(context.Context, string, string, ...verify.CheckOption) error { return nil }

// visits are a heap by time.
type visits []visit

func (v visits) Len() int { return len(v) }
func (v visits) Less(i, j int) bool {
	if !v[i].at.Equal(v[j].at) {
		return v[i].at.Before(v[j].at)
	}
	return v[i].ordinal < v[j].ordinal
}
func (v visits) Swap(i, j int) { v[i], v[j] = v[j], v[i] }
func (v *visits) Push(x any)   { *v = append(*v, x.(visit)) }
func (v *visits) Pop() any {
	last := (*v)[len(*v)-1]
	*v = (*v)[:len(*v)-1]
	return last
}
