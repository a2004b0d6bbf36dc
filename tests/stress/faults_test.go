package stress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
)

const (
	patience = 3 * time.Second        // for a call that ends long before
	shortly  = 250 * time.Millisecond // for one that is kept waiting
	overdue  = 100 * time.Millisecond // R38
	replays  = 4                      // of a run that a busy machine may have made late
	apart    = 500_000                // of the numbers of the runs of one cell, so that no two runs share a person
)

// A run is one play at one vendor.
type run struct {
	kind
	t        *testing.T
	op       string
	warm     bool
	play     play
	canaries *canaries

	emulator emulator
	post     *post
	wire     *wire
	store    otp.Store
	leaky    *atomic.Pointer[leaky]
	verifier verify.Verifier
	closer   io.Closer

	ctx       context.Context
	cancel    context.CancelFunc
	to, code  string
	options   []verify.SendOption
	script    []step
	elsewhere bool // its client does not talk to the wire
	effects   int  // before the call
	err       error
	over      time.Duration // past its deadline
	lapse     bool          // the first request did not come on the connection that it should have
}

// newRun sets a world up, in which a code was sent to the person who has it checked.
func newRun(t *testing.T, c cell, p play, n int, w *canaries) *run {
	r := &run{
		kind: c.kind, t: t, op: c.op, warm: n%2 == 0, play: p, script: p.script, canaries: w,
		to: phone(1_000_000 + n), leaky: new(atomic.Pointer[leaky]),
	}
	require.Regexp(t, canaryPeople, r.to, "nobody would look for it")
	r.refs = new(references.Memory)
	r.emulator = r.emulate(canaryCode)
	r.register(t, r.emulator, r.to)
	r.post, r.wire = newPost(r.emulator), newWire(t, r.emulator, r.asks)
	r.store = leakyStore{w.store(n), r.leaky}
	r.verifier, r.closer = r.must(t, r.wire.URL, nil, r.store)
	r.ctx = t.Context()
	if r.op == "check" {
		r.resend()
	} else if r.warm {
		_, err := r.verifier.Send(r.ctx, phone(4_000_000+n))
		require.NoError(t, err)
	}
	if !r.warm {
		require.NoError(t, r.closer.Close()) // no connection of before is left
	}
	return r
}

// resend has a code delivered to be checked. Where the one before is in its way it
// waits as it is told.
func (r *run) resend() {
	if _, sent := r.post.newest(r.to); sent == 0 || r.checks {
		_, err := r.verifier.Send(r.t.Context(), r.to)
		if e := (*verify.Error)(nil); sent > 0 && errors.As(err, &e) && e.RetryAfter > 0 {
			r.emulator.Advance(e.RetryAfter + time.Second)
			_, err = r.verifier.Send(r.t.Context(), r.to)
		}
		require.NoError(r.t, err)
	}
	r.code, _ = r.post.newest(r.to)
}

// overLedger puts the client behind a failover of one backend.
func (r *run) overLedger(l *leaky) {
	v, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Verifier: r.verifier}}, Keys: [][]byte{bytes.Repeat([]byte("f"), 32)},
		Ledger: leakyLedger{new(failover.MemoryLedger), l},
	})
	require.NoError(r.t, err)
	r.verifier = v
}

// make makes the call, and watches the clock.
func (r *run) make() {
	limit := patience
	if r.play.late {
		limit = shortly
	}
	r.ctx, r.cancel = context.WithTimeout(r.t.Context(), time.Hour)
	r.effects = r.emulator.Effects()
	if r.play.before != nil {
		r.play.before(r)
		r.effects = max(r.effects, r.emulator.Effects())
	}
	defer r.cancel()
	if r.play.call != nil {
		r.play.call(r)
		return
	}
	if len(r.script) > 0 {
		r.wire.arm(r.script...)
	} else {
		r.wire.arm(healthy)
	}
	ctx, cancel := context.WithTimeout(r.ctx, limit)
	defer cancel()
	v := observe.New(r.verifier, r.canaries.observers...)
	began := time.Now()
	var receipt verify.Receipt
	if r.op == "send" {
		receipt, r.err = v.Send(ctx, r.to, r.options...)
	} else {
		r.err = v.Check(ctx, r.to, r.code)
	}
	r.over = time.Since(began) - limit
	r.canaries.look(r, receipt, r.err)
}

// wanted is what the call must come to. A check of otp asks no vendor, and so
// does not notice what happens on the wire.
func (r *run) wanted() want {
	if r.op == "check" && !r.checks && !r.play.anyhow {
		return want{"", 0}
	}
	return r.play.want
}

// wrongs says what a run came to that it must not.
func (r *run) wrongs() error {
	w := r.wanted()
	var errs []error
	fails := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if got := verify.OutcomeOf(r.err); got != w.kind {
		fails("the outcome is %q and not %q: %v", got, w.kind, r.err)
	}
	requests, reused := r.wire.seen()
	if len(r.play.script) > 0 && requests > 0 && reused != r.warm {
		r.lapse = true
		fails("the first request came on a connection from before: %t", reused)
	}
	if e := (*verify.Error)(nil); r.elsewhere && errors.As(r.err, &e) {
		requests = e.Requests
	}
	if w.tries >= 0 && requests != w.tries {
		fails("%d requests were made and not %d", requests, w.tries)
	}
	most := 0
	if r.op == "send" && (w.kind == "" || w.kind == unknown) {
		most = 1
	}
	if n := r.emulator.Effects() - r.effects; n > most || w.kind == "" && r.op == "send" && n != 1 {
		fails("%d messages left, at most %d may have", n, most)
	}
	if r.over >= overdue {
		fails("the call ended %s after its deadline", r.over)
	}
	return errors.Join(errs...)
}

// outcome plays once more where a busy machine may have been late, let all the time
// pass before there was a request, or given up a connection: what breaks a rule
// breaks it each time.
func (c cell) outcome(t *testing.T, p play, n int, w *canaries) (late int, over time.Duration, err error) {
	for ; ; late++ {
		r := newRun(t, c, p, n+apart*late, w)
		r.make()
		err, over = r.wrongs(), r.over
		if err == nil || r.over < overdue && !p.late && !r.lapse || late == replays {
			return late, over, err
		}
	}
}

// TestFaultMatrix brings every failure about at every vendor, on connections
// from before and on new ones, and looks at all that anybody is told for secrets.
func TestFaultMatrix(t *testing.T) {
	repeats := size(1, 25)
	w := newCanaries(t)
	var runs, none, late atomic.Int64
	var latest atomic.Int64
	t.Run("all", func(t *testing.T) {
		all := rows()
		require.Len(t, all, 40)
		for i, k := range kinds() {
			for j, r := range all {
				for o, op := range []string{"send", "check"} {
					c := cell{k, op, vendorFacts[k.name][op]}
					plays := r.plays(c)
					if len(plays) == 0 && (op == "send" || k.checks) {
						none.Add(1)
						continue
					}
					if len(plays) == 0 {
						plays = []play{{want: want{"", 0}}} // a check of otp, come what may
					}
					first := ((i*40+j)*2 + o) * 100
					t.Run(fmt.Sprintf("%s, %s, %s", k.name, op, r.name), func(t *testing.T) {
						t.Parallel()
						for n := range repeats {
							again, over, err := c.outcome(t, plays[(n/2+first/100)%len(plays)], first+n+(first/100)%2, w)
							runs.Add(1)
							late.Add(int64(again))
							for was := latest.Load(); int64(over) > was && !latest.CompareAndSwap(was, int64(over)); was = latest.Load() {
							}
							if !assert.NoError(t, err, "repeat %d", n) {
								return
							}
						}
					})
				}
			}
		}
	})
	figure(t, "faults: %v runs over %v kinds of vendors x {Send, Check} x 40 failures x %v, warm and cold; 0 unflagged duplicates, every outcome as in the table; %v cells have no such answer; latest %s after its deadline, %v runs were late on a busy machine and played again",
		int(runs.Load()), len(kinds()), repeats, int(none.Load()), max(time.Duration(latest.Load()), 0), int(late.Load()))
	w.report(t, int(runs.Load()))
}
