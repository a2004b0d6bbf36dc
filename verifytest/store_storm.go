package verifytest

import (
	"cmp"
	"sync"
	"sync/atomic"

	"github.com/go2fa/verify/otp"
)

// together makes n calls that wait for each other, and waits for them.
func together(n int, call func(int)) {
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gate
			call(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}

// storm is how many calls a storm makes.
func storm(asked int) int { return cmp.Or(asked, 10_000) }

// storm tries macs at once, each under a new id, and counts the verdicts.
func (r *storeRun) storm(k otp.Key, clients, each int, l otp.Limits, mac func() otp.MAC) (counts [otp.Match + 1]int64) {
	var verdicts [otp.Match + 1]atomic.Int64
	var failed atomic.Pointer[error]
	together(clients, func(int) {
		for range each {
			v, _, err := r.Store.Attempt(r.ctx, k, random[otp.ID](), []otp.MAC{mac()}, l)
			if err != nil || v > otp.Match {
				failed.Store(&err)
				return
			}
			verdicts[v].Add(1)
		}
	})
	if err := failed.Load(); err != nil {
		r.breaks("Attempt, with many others: %w", *err)
	}
	for v := range counts {
		counts[v] = verdicts[v].Load()
	}
	return counts
}

func storeOneWinner(r *storeRun) {
	for range 10 {
		k := random[otp.Key]()
		code, _ := r.sent(k, free())
		counts := r.storm(k, 256, 1, free(), func() otp.MAC { return code })
		if counts[otp.Match] != 1 || counts[otp.Wrong] != 0 {
			r.breaks("of 256 right attempts at once %d were approved and %d wrong", counts[otp.Match], counts[otp.Wrong])
		}
	}
}

func storeAttemptStorm(r *storeRun) {
	k, l := random[otp.Key](), free()
	code, _ := r.sent(k, l)
	all := int64(storm(r.Storm))
	counts := r.storm(k, 100, int(all)/100, l, random[otp.MAC])
	// Four answered Wrong, the fifth Locked: those were compared.
	if counts[otp.Wrong] != 4 || counts[otp.Locked] != all-4 {
		r.breaks("of %d attempts at once %d were wrong and %d locked, not 4 and the rest", all, counts[otp.Wrong], counts[otp.Locked])
	}
	r.is("the right code after them", r.attempt(k, l, code), otp.Locked)
	r.sent(k, otp.Limits{Failures: 6, Sends: 2, Cooldown: l.Cooldown})
	l.Failures = 6
	r.is("a sixth failure of six: the storm was charged five", r.wrong(k, l, 1), otp.Locked)
}

func storeSendStorm(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Sends = 5
	var admitted atomic.Int64
	var failed atomic.Pointer[error]
	together(256, func(int) {
		a, err := r.Store.Issue(r.ctx, k, random[otp.ID](), random[otp.MAC](), storeTTL, l)
		if err != nil {
			failed.Store(&err)
		}
		if a.Refused == otp.Admitted {
			admitted.Add(1)
		}
	})
	if err := failed.Load(); err != nil {
		r.breaks("Issue, with many others: %w", *err)
	}
	if n := admitted.Load(); n != 5 {
		r.breaks("of 256 sends at once %d were admitted, not 5", n)
	}
}
