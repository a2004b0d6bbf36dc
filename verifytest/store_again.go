package verifytest

import (
	"time"

	"github.com/go2fa/verify/otp"
)

// storeReplaysAttempt makes each attempt of a code again, at once and after others.
func storeReplaysAttempt(r *storeRun) {
	k, l := random[otp.Key](), free()
	var ids []otp.ID
	var macs []otp.MAC
	var answers []answer
	try := func(mac otp.MAC) {
		id := random[otp.ID]()
		got := r.attemptAs(k, id, l, mac)
		if again := r.attemptAs(k, id, l, mac); !again.same(got) {
			r.breaks("an attempt made again at once: the answer is %s, and was %s", again, got)
		}
		ids, macs, answers = append(ids, id), append(macs, mac), append(answers, got)
	}
	r.sent(k, l)
	for range 5 {
		try(random[otp.MAC]())
	}
	r.is("the fifth attempt, each of which was made twice", answers[4], otp.Locked)
	r.leaves("the fourth", answers[3], 1)
	code, _ := r.sent(k, l)
	try(code)
	r.is("the right code", answers[5], otp.Match)
	live, _ := r.sent(k, l)

	r.passes(2*time.Minute - margin)
	for i, id := range ids {
		if again := r.attemptAs(k, id, l, macs[i]); !again.same(answers[i]) {
			r.breaks("attempt %d made again after others: the answer is %s, and was %s", i+1, again, answers[i])
		}
	}
	r.leaves("a new attempt: none of those made again was charged", r.wrong(k, l, 1), 4)
	r.is("the live code", r.attempt(k, l, live), otp.Match)
}

// storeReplaysIssue makes a send again, at once, after another one, and after it
// was taken back.
func storeReplaysIssue(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Sends, l.Failures = 3, 3
	first, firstID := random[otp.MAC](), random[otp.ID]()
	admit := func(what string, id otp.ID, mac otp.MAC) {
		r.refuses(what, r.putFor(k, id, mac, storeTTL, l), otp.Admitted)
	}
	admit("a send", firstID, first)
	admit("a send made again", firstID, first)
	r.leaves("an attempt", r.wrong(k, l, 1), 2)
	admit("a send made again after an attempt", firstID, first)
	r.leaves("the next attempt: the count did not start again", r.wrong(k, l, 1), 1)

	second, secondID := r.sent(k, l)
	admit("a send made again after another", firstID, first)
	r.is("the code of the other", r.attempt(k, l, second), otp.Match)
	third, thirdID := r.sent(k, l)
	r.revoke(k, thirdID)
	admit("a send made again after it was taken back", thirdID, third)
	r.is("its code", r.attempt(k, l, third), otp.Gone)
	admit("a send made again after its code was used", secondID, second)
	r.is("its code", r.attempt(k, l, second), otp.Gone)

	r.sent(k, l)
	r.refuses("a fourth send of three", r.put(k, random[otp.MAC](), l), otp.TooMany)
	admit("a send made again after the last one", firstID, first)
}
