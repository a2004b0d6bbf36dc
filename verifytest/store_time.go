package verifytest

import (
	"math"
	"time"

	"github.com/go2fa/verify/otp"
)

const (
	// margin is how long before the end of a time a clock that can be advanced is asked: it
	// may stand still meanwhile, or run, and a busy machine is late.
	margin = 10 * time.Second

	// storeEarly is how exact a clock that nobody moves must be, and storePatience how long
	// the suite asks it.
	storeEarly    = 5 * time.Millisecond
	storePatience = 10 * time.Second
)

// spans is a number of times that the suite waits for: a minute each of a clock that can
// be advanced, else 100 milliseconds.
func (r *storeRun) spans(n int) time.Duration {
	if r.Advance != nil {
		return time.Duration(n) * time.Minute
	}
	return time.Duration(n) * 100 * time.Millisecond
}

// unhurried takes steps that must be over within d of a clock that nobody moves,
// with a longer d each time until a slow machine is through in time.
func (r *storeRun) unhurried(d time.Duration, steps func(d time.Duration)) {
	for ; ; d *= 4 {
		start := time.Now()
		steps(d)
		if r.Advance != nil || time.Since(start) < d || r.err != nil {
			return
		}
	}
}

// until demands that happened is false before d has passed since start, and true
// after. It is asked until it is true.
func (r *storeRun) until(what string, start time.Time, d time.Duration, happened func() bool) {
	if r.Advance != nil {
		r.Advance(d - margin)
		if happened() {
			r.breaks("%s too early", what)
		}
		r.Advance(margin)
		if !happened() {
			r.breaks("%s too late", what)
		}
		return
	}
	tick := time.NewTicker(storeEarly)
	defer tick.Stop()
	for ; r.err == nil; <-tick.C {
		asked := time.Since(start)
		if happened() {
			if time.Since(start) < d-storeEarly {
				r.breaks("%s too early", what)
			}
			return
		}
		if asked > d+storePatience {
			r.breaks("%s too late", what)
		}
	}
}

func storeExpires(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Attempts = 10
	code, ttl := random[otp.MAC](), r.spans(1)
	start := time.Now()
	r.putFor(k, random[otp.ID](), code, ttl, l)
	r.until("a code expires", start, ttl, func() bool { return r.wrong(k, l, 1).verdict == otp.Gone })
	r.is("an expired code", r.attempt(k, l, code), otp.Gone)

	code = random[otp.MAC]()
	r.putFor(k, random[otp.ID](), code, storeTTL, l)
	r.is("a code after one that expired", r.attempt(k, l, code), otp.Match)
}

func storeCoolsDown(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Cooldown = []time.Duration{r.spans(2), r.spans(3)}
	var asked time.Time // a store may take its time to answer
	admitted := func() bool {
		asked = time.Now()
		return r.put(k, random[otp.MAC](), l).Refused == otp.Admitted
	}
	start := time.Now()
	r.waits("the first send", start, r.put(k, random[otp.MAC](), l), otp.Admitted, l.Cooldown[0])
	if a := r.put(k, random[otp.MAC](), l); time.Since(start) < l.Cooldown[0] {
		r.waits("a second send at once", start, a, otp.TooSoon, l.Cooldown[0])
	}
	for _, rung := range []int{0, 1, 1} {
		r.until("a cooldown ends", start, l.Cooldown[rung], admitted)
		start = asked
	}
}

// waits demands an answer, and a wait that is at most the one expected. It may be over
// when an answer comes late, of a call that was made again since its reply was lost.
func (r *storeRun) waits(what string, start time.Time, got otp.Admission, want otp.Refusal, most time.Duration) {
	r.refuses(what, got, want)
	over := time.Since(start) >= most
	if got.Wait <= 0 && !over || got.Wait > most+storeEarly {
		r.breaks("%s is told to wait %v, not %v", what, got.Wait, most)
	}
}

// What is asked for all time lasts for this long at least.
const (
	allTime     = time.Duration(math.MaxInt64)
	aYear       = 365 * 24 * time.Hour
	ninetyYears = 90 * aYear
)

func storeForEver(r *storeRun) {
	k, l := random[otp.Key](), free()
	mac := random[otp.MAC]()
	r.putFor(k, random[otp.ID](), mac, allTime, l)
	r.passes(aYear)
	r.is("the right code, which lives for all time, a year later", r.attempt(k, l, mac), otp.Match)

	for want, change := range map[otp.Refusal]func(*otp.Limits){
		otp.TooSoon:     func(l *otp.Limits) { l.Cooldown, l.Window = []time.Duration{allTime}, allTime },
		otp.TooMany:     func(l *otp.Limits) { l.Sends, l.Window = 1, allTime },
		otp.SendBlocked: func(l *otp.Limits) { l.Failures, l.Remember = 1, allTime },
	} {
		k, l := random[otp.Key](), free()
		change(&l)
		r.sent(k, l)
		if want == otp.SendBlocked {
			r.wrong(k, l, 1)
		}
		for range 3 {
			a := r.put(k, random[otp.MAC](), l)
			r.refuses("a send under a limit of all time", a, want)
			if a.Wait < ninetyYears {
				r.breaks("a limit of all time (%s) has a wait of %s", want, a.Wait)
			}
			r.passes(aYear)
		}
	}
}

// passes lets time pass where it can be moved.
func (r *storeRun) passes(d time.Duration) {
	if r.Advance != nil {
		r.Advance(d)
	}
}

func storeWindow(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Sends, l.Window = 2, r.spans(4)
	start := time.Now()
	r.sent(k, l)
	r.sent(k, l)
	if a := r.put(k, random[otp.MAC](), l); time.Since(start) < l.Window {
		r.waits("a third send of two", start, a, otp.TooMany, l.Window)
	}
	r.until("a send leaves the window", start, l.Window, func() bool { return r.put(k, random[otp.MAC](), l).Refused == otp.Admitted })
}

func storeRemembers(r *storeRun) {
	k, l := otp.Key{}, free()
	l.Failures = 2
	var start time.Time
	var second answer
	r.unhurried(r.spans(2), func(d time.Duration) {
		k, l.Remember = random[otp.Key](), d
		r.sent(k, l)
		r.wrong(k, l, 1)
		r.passes(d / 2)
		start = time.Now()
		second = r.wrong(k, l, 1)
	})
	r.is("the second failure of two", second, otp.Locked)
	r.until("failures are forgotten, counted from the last one", start, l.Remember, func() bool {
		return r.put(k, random[otp.MAC](), l).Refused == otp.Admitted
	})
	r.leaves("a first failure", r.wrong(k, l, 1), 1)
}

// storeRestarts opens the store again between any two steps.
func storeRestarts(r *storeRun) {
	reopen := func() { r.Store = r.Reopen(r.t) }
	k := random[otp.Key]()
	reopen()
	code, _ := r.sent(k, otp.Limits{})
	reopen()
	r.refuses("a second send at once, after a restart", r.put(k, random[otp.MAC](), otp.Limits{}), otp.TooSoon)
	for left := 4; left >= 2; left-- {
		reopen()
		r.leaves("a wrong attempt after a restart", r.wrong(k, otp.Limits{}, 1), left)
	}
	reopen()
	id := random[otp.ID]()
	r.is("the right code after a restart", r.attemptAs(k, id, otp.Limits{}, code), otp.Match)
	reopen()
	r.is("the right code, made again after a restart", r.attemptAs(k, id, otp.Limits{}, code), otp.Match)
	r.is("the right code once more, after a restart", r.attempt(k, otp.Limits{}, code), otp.Gone)

	k = random[otp.Key]()
	blocked := otp.Limits{Failures: 1}
	_, id = r.sent(k, blocked)
	reopen()
	r.wrong(k, blocked, 1)
	reopen()
	r.refuses("a send after the last failure and a restart", r.put(k, random[otp.MAC](), blocked), otp.SendBlocked)
	r.revoke(k, id)
	r.forget(k)
	reopen()
	r.sent(k, blocked)
}
