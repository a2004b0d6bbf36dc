package verifytest

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/go2fa/verify/otp"
)

// repeats demands that a send is known, and what was kept of it.
func (r *storeRun) repeats(what string, k otp.Key, id otp.ID, l otp.Limits, outcome string) {
	a := r.putFor(k, id, random[otp.MAC](), storeTTL, l)
	switch {
	case a.Refused != otp.Admitted || !a.Repeated || a.Stale:
		r.breaks("%s: Issue returns %+v, and does not say Repeated", what, a)
	case a.Outcome != outcome:
		r.breaks("%s: the outcome is %.40q, and %.40q was kept", what, a.Outcome, outcome)
	}
}

func (r *storeRun) conclude(k otp.Key, id otp.ID, outcome string) {
	if err := r.Store.Conclude(r.ctx, k, id, outcome); err != nil {
		r.breaks("Conclude: %w", err)
	}
}

// storeRepeats is of calls that are named by an idempotency key: each draws a code of
// its own, by which a second call is told from a reply that was lost.
func storeRepeats(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Sends = 3
	code, id := random[otp.MAC](), random[otp.ID]()
	for _, what := range []string{"a send", "the same once more, whose reply was lost"} {
		if a := r.putFor(k, id, code, storeTTL, l); a.Repeated || a.Outcome != "" || a.Refused != otp.Admitted {
			r.breaks("%s: Issue returns %+v", what, a)
		}
	}
	r.repeats("the same id with another code", k, id, l, "")
	kept := `{"receipt":{"id":"` + strings.Repeat("é", 400) + `"}}`
	r.conclude(k, id, "first")
	r.repeats("a send that ended", k, id, l, "first")
	r.conclude(k, id, kept)
	r.repeats("a send that was concluded twice", k, id, l, kept)
	r.is("the code of the first call", r.attempt(k, l, code), otp.Match)
	r.repeats("a send whose code was used", k, id, l, kept)

	_, second := r.sent(k, l)
	r.repeats("the first send after another", k, id, l, kept)
	r.repeats("the other", k, second, l, "")
	r.conclude(k, second, "failed")
	r.revoke(k, second)
	r.repeats("a send that was taken back", k, second, l, "failed")
	r.sent(k, l)
	r.sent(k, l)
	r.refuses("a send after three: those that were repeated do not count", r.put(k, random[otp.MAC](), l), otp.TooMany)
	r.repeats("a repeated one where no send is left", k, id, l, kept)

	other := random[otp.Key]()
	if a := r.putFor(other, id, random[otp.MAC](), storeTTL, l); a.Repeated {
		r.breaks("the id of another key: Issue returns %+v", a)
	}
	r.conclude(k, random[otp.ID](), "of an unknown id")
	r.repeats("the first send at last", k, id, l, kept)
}

// storeRepeatsEnd moves the clock.
func storeRepeatsEnd(r *storeRun) {
	if r.Advance == nil {
		r.t.Skip("StoreTarget.Advance is nil: the suite cannot wait for two minutes")
	}
	k, l := random[otp.Key](), free()
	_, id := r.sent(k, l)
	r.conclude(k, id, "kept")
	r.Advance(2*time.Minute - margin)
	r.repeats("a send of almost two minutes ago", k, id, l, "kept")
	r.Advance(2 * margin)
	if a := r.putFor(k, id, random[otp.MAC](), storeTTL, l); !a.Repeated || !a.Stale {
		r.breaks("a send of more than two minutes ago, which still counts: Issue returns %+v, and does not say Stale", a)
	}
}

// storeRepeatStorm is a form that is submitted many times at once.
func storeRepeatStorm(r *storeRun) {
	k, id, l := random[otp.Key](), random[otp.ID](), free()
	var first atomic.Int64
	together(64, func(int) {
		a, err := r.Store.Issue(r.ctx, k, id, random[otp.MAC](), storeTTL, l)
		if err == nil && a.Refused == otp.Admitted && !a.Repeated {
			first.Add(1)
		}
	})
	if n := first.Load(); n != 1 {
		r.breaks("of 64 sends of one id at once %d are not Repeated, and not 1", n)
	}
}
