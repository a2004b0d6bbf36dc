package verifytest

import (
	"strings"
	"time"

	"github.com/go2fa/verify/guard"
)

func guardAgain(r *guardRun) {
	c := guardCount(guard.NameCountry, 2)
	s := sendTo(c)
	for range 5 {
		r.demand(r.admit(s).Admitted, "the same id is refused when it is asked again")
	}
	r.demand(r.admitted(5, c) == 1, "the same id was counted more than once")
	r.demand(r.admit(s).Admitted, "the same id is refused behind a full limit")
	c = guardCount(guard.NameCountry, 4)
	first := sendTo(c)
	second := resent(first)
	for range 3 {
		r.demand(r.admit(first).Admitted && r.admit(second).Admitted, "one of two ids is refused when they are asked again")
	}
	r.demand(r.admitted(5, c) == 2, "two ids that are asked again by turns were counted more than once")
}

func guardRevokes(r *guardRun) {
	c := guardCount(guard.NamePrefix, 2)
	first, second := sendTo(c), sendTo(c)
	r.admit(first)
	r.admit(second)
	stranger := sendTo(c)
	stranger.ID = first.ID
	for _, s := range []guard.Send{stranger, first, first, first} {
		r.revoke(s)
	}
	r.demand(r.admitted(5, c) == 1, "Revoke took back more or less than its own send")
}

// guardLeaves makes sends A to D to one recipient, takes back those with a dash, and has
// the recipient type a code at yes.
func guardLeaves(r *guardRun) {
	for name, tc := range map[string]struct {
		calls                   string
		sends, approvals, spent int64
	}{
		"a resend is refused":                         {"A B -B yes", 1, 1, 1},
		"a resend is refused, and that is told twice": {"A B -B -B yes", 1, 1, 1},
		"two resends are refused":                     {"A B -B C -C yes", 1, 1, 1},
		"a form is posted three times at once":        {"A B C -B -C yes", 1, 1, 1},
		"the first hangs and fails after the second":  {"A B -B -A", 0, 0, 0},
		"the first hangs and fails before the second": {"A B -A -B yes", 0, 0, 0},
		"the first fails, the second arrives":         {"A B -A yes", 1, 1, 1},
		"the middle one fails":                        {"A B C -B yes yes", 2, 1, 2},
		"a code is typed while a resend is refused":   {"A B yes -B yes", 1, 1, 1},
		"a resend to one who is known is refused":     {"A yes B -B yes", 1, 1, 1},
		"the first to one who is known now fails":     {"A yes B -A", 0, 1, 1},
		"the newest of four is refused":               {"A B C D -D yes", 3, 1, 3},
		"the oldest of four is remembered no more":    {"A B C D -A", 4, 0, 4},
		"nothing is left of what is remembered":       {"A B C D -B -D -C yes", 1, 0, 1},
	} {
		country, budget := guardCount(guard.NameCountry, 100), guardCount(guard.NameBudget, 100)
		budget.Everybody = true
		first := sendTo(country, budget)
		sends := map[string]guard.Send{"A": first, "B": resent(first), "C": resent(first), "D": resent(first)}
		for call := range strings.FieldsSeq(tc.calls) {
			which, back := strings.CutPrefix(call, "-")
			switch {
			case call == "yes":
				r.approve(first)
			case back:
				r.revoke(sends[which])
			default:
				r.demand(r.admit(sends[which]).Admitted, "%s: %s is refused", name, call)
			}
		}
		t, spent := r.tally(country.Name), r.tally(budget.Name).Spent
		r.demand(t.Sends == tc.sends && t.Approvals == tc.approvals && spent == tc.spent,
			"%s (%s): %d sends, %d approvals, %d spent, and not %d, %d, %d", name, tc.calls, t.Sends, t.Approvals, spent, tc.sends, tc.approvals, tc.spent)
	}
}

// guardRevokesInTime takes back one of two sends that are half an hour apart: 70 minutes
// after the first, the second still counts.
func guardRevokesInTime(r *guardRun) {
	for fails, free := range []int{1, 2} {
		c := guardCount(guard.NameCountry, 2)
		first := sendTo(c)
		sends := []guard.Send{first, resent(first)}
		r.admit(sends[0])
		r.Advance(30 * time.Minute)
		r.admit(sends[1])
		r.revoke(sends[fails])
		r.Advance(40 * time.Minute)
		got := r.admitted(5, c)
		r.demand(got == free, "70 minutes after the first of two sends, of which number %d was revoked, %d were admitted and not %d", fails+1, got, free)
	}
}

// guardWindows sends at uneven times for three windows.
func guardWindows(r *guardRun) {
	c := guardCount(guard.NameCountry, 10)
	now := time.Duration(0)
	var at []time.Duration
	for i := range 200 {
		if r.admit(sendTo(c)).Admitted {
			at = append(at, now)
		}
		step := time.Duration(i*7919%120) * time.Second
		r.Advance(step)
		now += step
	}
	for i := 10; i < len(at); i++ {
		r.demand(at[i]-at[i-10] >= time.Hour, "eleven sends within %s", at[i]-at[i-10])
	}
	r.demand(len(at) >= 10*int(now/(time.Hour*9/8)), "only %d sends in %s", len(at), now)
}

func guardWaits(r *guardRun) {
	c := guardCount(guard.NameCountry, 3)
	r.admitted(2, c)
	r.Advance(20 * time.Minute)
	r.admitted(1, c)
	d := r.admit(sendTo(c))
	r.demand(d.Wait >= 40*time.Minute && d.Wait <= 48*time.Minute, "two were sent 20 minutes ago, and the wait is %s", d.Wait)
	r.Advance(d.Wait - margin)
	r.demand(r.admitted(1, c) == 0, "one was admitted before the wait was over")
	r.Advance(margin)
	r.demand(r.admitted(5, c) == 2, "after the wait the two that fit were not admitted")
}

// guardFloored is a count with a floor of a fifth.
func guardFloored() guard.Count {
	c := guardCount(guard.NamePrefix, 10_000)
	c.Floor, c.Keep = 200, 3*time.Hour
	return c
}

const guardRipe = 6 * time.Minute

func guardFloor(r *guardRun) {
	c := guardFloored()
	r.demand(r.admitted(19, c) == 19, "it is closed too early")
	r.Advance(guardRipe)
	r.demand(r.admitted(1, c) == 1, "nineteen are too few to judge by")
	r.Advance(4 * time.Minute)
	r.demand(r.admitted(1, c) == 1, "the twentieth was judged before it was five minutes old")
	r.Advance(guardRipe)
	d := r.admit(sendTo(c))
	r.demand(d.Reason == guard.BelowFloor && len(d.Closed) == 1 && d.Closed[0] == 1, "without an approval it stays open: %+v", d)
	r.demand(d.Wait == 15*time.Minute, "it is closed for %s", d.Wait)
	r.Advance(5 * time.Minute)
	d = r.admit(sendTo(c))
	r.demand(d.Reason == guard.BelowFloor && len(d.Closed) == 0 && d.Wait == 10*time.Minute, "it closes once: %+v", d)
	r.demand(!r.tally(c.Name).Until.IsZero(), "the report does not say that it is closed")

	good := guardFloored()
	for i := range 60 {
		s := sendTo(good)
		r.demand(r.admit(s).Admitted, "with a third approved it was closed at %d", i)
		if i%3 == 0 {
			r.approve(s)
		}
		r.Advance(time.Minute)
	}
	known := sendTo(c)
	r.approve(known)
	r.demand(r.admit(known).Admitted, "one who is known is refused by a floor")
}

func guardProbe(r *guardRun) {
	c := guardFloored()
	late := sendTo(c)
	r.admit(late)
	r.admitted(19, c)
	r.Advance(guardRipe)
	for i, closed := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour} {
		d := r.admit(sendTo(c))
		r.demand(d.Wait == closed && len(d.Closed) == 1, "it closes for %s and not for %s", d.Wait, closed)
		r.Advance(closed)
		r.demand(r.admitted(9, c) == 5, "a probe lets through five")
		d = r.admit(sendTo(c))
		r.demand(d.Reason == guard.WaitingProbe && d.Wait > 5*time.Minute && d.Wait <= guardRipe, "the sixth of a probe: %+v", d)
		r.Advance(d.Wait)
		if i == 0 {
			r.approve(late) // which is no answer to the probe
		}
	}
	d := r.admit(sendTo(c))
	r.demand(d.Wait == 2*time.Hour, "the fourth closure is of %s", d.Wait)
	r.Advance(2 * time.Hour)
	s := sendTo(c)
	r.admit(s)
	r.approve(s)
	r.demand(r.admitted(19, c) == 19, "a fifth of the probe is approved, and it does not open")
	r.Advance(guardRipe)
	d = r.admit(sendTo(c))
	r.demand(d.Wait == 4*time.Hour, "it closes soon after it was opened: for %s and not for four hours", d.Wait)
	r.Advance(29 * time.Hour)
	s = sendTo(c)
	r.admit(s)
	r.approve(s)
	r.admitted(19, c)
	r.Advance(guardRipe)
	d = r.admit(sendTo(c))
	r.demand(d.Wait == 15*time.Minute, "after a day the first closure is of %s", d.Wait)
}

func guardApprovedOnce(r *guardRun) {
	c := guardCount(guard.NameCountry, 100)
	s := sendTo(c)
	r.approve(sendTo(c))
	r.demand(r.tally(c.Name).Approvals == 0, "an approval without a send was counted")
	r.admit(s)
	for range 3 {
		r.approve(s)
	}
	t := r.tally(c.Name)
	r.demand(t.Sends == 1 && t.Approvals == 1, "one send and three approvals: %+v", t)
}

// guardNewest approves the one probe of a recipient whose first Send was judged before the
// closure, which is no answer to it.
func guardNewest(r *guardRun) {
	c := guardFloored()
	first := sendTo(c)
	r.admit(first)
	r.admitted(19, c)
	r.Advance(guardRipe)
	d := r.admit(sendTo(c))
	r.demand(len(d.Closed) == 1, "without an approval it stays open: %+v", d)
	r.Advance(d.Wait)
	refused := resent(first)
	r.admit(resent(first))
	r.admit(refused)
	r.revoke(refused)
	r.approve(first)
	r.demand(r.admitted(19, c) == 19, "a fifth of the probe is approved, and it does not open")
}

func guardReports(r *guardRun) {
	country, total, budget := guardCount(guard.NameCountry, 2), guardCount(guard.NameTotal, 100), guardCount(guard.NameBudget, 1000)
	budget.Adds, budget.Everybody = 7, true
	s := sendTo(country, total, budget)
	r.admit(s)
	r.approve(s)
	r.admitted(4, country, total, budget)
	for _, w := range []guard.Tally{
		{Name: country.Name, Sends: 2, Approvals: 1, Refusals: 3},
		{Name: total.Name, Sends: 2, Approvals: 1, Refusals: 3},
		{Name: budget.Name, Sends: 2, Approvals: 1, Refusals: 3, Spent: 14},
	} {
		t := r.tally(w.Name)
		r.demand(!t.Since.IsZero(), "%s: no Since", w.Name)
		t.Since = time.Time{}
		r.demand(t == w, "the tally is %+v and not %+v", t, w)
	}
}

func guardResets(r *guardRun) {
	c, other := guardCount(guard.NameCountry, 1), guardCount(guard.NameCountry, 1)
	s := sendTo(c)
	r.admit(s)
	r.admit(sendTo(other))
	r.approve(s)
	r.demand(r.Store.Reset(r.ctx, s.Counts[0].Name) == nil, "Reset failed")
	s.ID = guardID()
	d := r.admit(s)
	r.demand(!d.Admitted && !d.Known, "it is known after Reset: %+v", d)
	r.demand(r.Store.Reset(r.ctx, c.Name) == nil, "Reset failed")
	r.demand(r.admitted(3, c) == 1, "Reset of a count does not begin it anew")
	r.demand(r.admitted(1, other) == 0, "Reset of a count reset another")
}
