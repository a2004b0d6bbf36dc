package verifytest

import (
	"time"

	"github.com/go2fa/verify/otp"
)

func storeApprovesOnce(r *storeRun) {
	k := random[otp.Key]()
	r.is("before anything was sent", r.attempt(k, free(), random[otp.MAC]()), otp.Gone)
	code, _ := r.sent(k, free())
	r.is("the right code", r.attempt(k, free(), code), otp.Match)
	r.is("the right code, once more", r.attempt(k, free(), code), otp.Gone)
	r.is("a wrong code after it", r.attempt(k, free(), random[otp.MAC]()), otp.Gone)
}

func storeCountsAttempts(r *storeRun) {
	k := random[otp.Key]()
	code, _ := r.sent(k, free())
	for left := 4; left >= 1; left-- {
		r.leaves("a wrong attempt", r.wrong(k, free(), 1), left)
	}
	r.is("the wrong attempt that spends the last one", r.wrong(k, free(), 1), otp.Locked)
	r.is("a wrong attempt too many", r.wrong(k, free(), 1), otp.Locked)
	r.is("the right code after the last attempt", r.attempt(k, free(), code), otp.Locked)
}

func storeLastAttempt(r *storeRun) {
	k := random[otp.Key]()
	code, _ := r.sent(k, free())
	r.wrong(k, free(), 4)
	r.is("the right code as the last attempt", r.attempt(k, free(), code), otp.Match)
}

func storeComparesAll(r *storeRun) {
	for position := range 3 {
		k := random[otp.Key]()
		code, _ := r.sent(k, free())
		macs := []otp.MAC{random[otp.MAC](), random[otp.MAC](), random[otp.MAC]()}
		r.leaves("three wrong MACs are one attempt", r.attempt(k, free(), macs...), 4)
		macs[position] = code
		r.is("the right MAC among three", r.attempt(k, free(), macs...), otp.Match)
	}
	k := random[otp.Key]()
	code, _ := r.sent(k, free())
	for _, i := range []int{0, 15, 16, 31} {
		almost := code
		almost[i] ^= 1
		r.is("a MAC that differs in one bit", r.attempt(k, free(), almost), otp.Wrong)
	}
}

func storeZeroMAC(r *storeRun) {
	k := random[otp.Key]()
	r.put(k, otp.MAC{}, free())
	r.is("a zero MAC where none is alive", r.attempt(k, free(), otp.MAC{}), otp.Gone)
	code, _ := r.sent(k, free())
	r.is("a zero MAC", r.attempt(k, free(), otp.MAC{}), otp.Wrong)
	r.is("the right code", r.attempt(k, free(), code), otp.Match)
	r.is("a zero MAC after the approval", r.attempt(k, free(), otp.MAC{}), otp.Gone)
}

func storeCountsOnly(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Sends = 3
	code, _ := r.sent(k, l)
	r.wrong(k, l, 2)
	r.refuses("a send with a zero MAC", r.put(k, otp.MAC{}, l), otp.Admitted)
	r.leaves("an attempt after it: the code lives, and its attempts were not given back", r.wrong(k, l, 1), 2)
	r.put(k, otp.MAC{}, l)
	r.refuses("a send after three", r.put(k, otp.MAC{}, l), otp.TooMany)
	r.is("the right code", r.attempt(k, l, code), otp.Match)
}

func storeNewCode(r *storeRun) {
	k := random[otp.Key]()
	old, _ := r.sent(k, free())
	r.wrong(k, free(), 5)
	code, _ := r.sent(k, free())
	r.leaves("the old code after a new one", r.attempt(k, free(), old), 4)
	r.is("the new code", r.attempt(k, free(), code), otp.Match)
}

func storeFailures(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Failures = 7
	r.sent(k, l)
	r.wrong(k, l, 5)
	code, _ := r.sent(k, l)
	r.leaves("the sixth failure of seven", r.wrong(k, l, 1), 1)
	r.is("the seventh", r.wrong(k, l, 1), otp.Locked)
	r.is("the right code after it", r.attempt(k, l, code), otp.Blocked)
	a := r.put(k, random[otp.MAC](), l)
	r.refuses("a send after it", a, otp.SendBlocked)
	if a.Wait <= 0 || a.Wait > 30*24*time.Hour {
		r.breaks("a blocked send is told to wait %v, where failures are kept for 30 days", a.Wait)
	}
	r.is("an attempt after it", r.wrong(k, l, 1), otp.Blocked)
}

func storeBlocks(r *storeRun) {
	k := random[otp.Key]()
	for round := range 20 {
		r.sent(k, free())
		if got := r.wrong(k, free(), 5); got.verdict != otp.Locked {
			r.breaks("the fifth wrong attempt of round %d: the answer is %s", round+1, got)
		}
	}
	r.refuses("a send after a hundred failures", r.put(k, random[otp.MAC](), free()), otp.SendBlocked)
	r.is("an attempt after a hundred failures", r.wrong(k, free(), 1), otp.Blocked)
}

func storeApprovalForgets(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Failures = 6
	for range 3 {
		code, _ := r.sent(k, l)
		r.wrong(k, l, 4)
		r.is("the right code after four failures", r.attempt(k, l, code), otp.Match)
	}
}

func storeKeysApart(r *storeRun) {
	a, b := random[otp.Key](), random[otp.Key]()
	code, id := r.sent(a, otp.Limits{})
	other, _ := r.sent(b, otp.Limits{})
	r.leaves("a code of another key", r.attempt(b, otp.Limits{}, code), 4)
	r.leaves("the first attempt here", r.wrong(a, otp.Limits{}, 1), 4)
	r.revoke(b, id)
	r.forget(a)
	r.is("a code after another key was forgotten", r.attempt(b, otp.Limits{}, other), otp.Match)
}

func storeLimitsHold(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Attempts, l.Failures = 1000, 1000
	for range 10 {
		r.sent(k, l)
		r.is("the ninth attempt of at most ten", r.wrong(k, l, 9), otp.Wrong)
		r.is("the tenth", r.wrong(k, l, 1), otp.Locked)
	}
	r.is("an attempt after a hundred failures", r.wrong(k, l, 1), otp.Blocked)

	k = random[otp.Key]()
	negative := otp.Limits{Attempts: -1, Failures: -1, Remember: -1, Sends: -1, Window: -1}
	r.sent(k, negative)
	r.refuses("a second send at once, under limits below zero", r.put(k, random[otp.MAC](), negative), otp.TooSoon)
	r.is("the fifth attempt, under limits below zero", r.wrong(k, negative, 5), otp.Locked)
}

func storeRevoke(r *storeRun) {
	k := random[otp.Key]()
	for range 8 {
		code, id := r.sent(k, otp.Limits{})
		r.refuses("a second send at once", r.put(k, random[otp.MAC](), otp.Limits{}), otp.TooSoon)
		r.revoke(k, id)
		r.is("a code that was revoked", r.attempt(k, otp.Limits{}, code), otp.Gone)
		r.revoke(k, id)
	}
	code, _ := r.sent(k, otp.Limits{})
	r.is("the code after them", r.attempt(k, otp.Limits{}, code), otp.Match)
}

// storeRestores revokes a send after one that arrived, and two of them in both
// orders.
func storeRestores(r *storeRun) {
	for _, newestFirst := range []bool{true, false} {
		k, l := random[otp.Key](), free()
		code, _ := r.sent(k, l)
		r.wrong(k, l, 1)
		_, second := r.sent(k, l)
		_, third := r.sent(k, l)
		r.leaves("the code that arrived, while two others replace it", r.attempt(k, l, code), 4)
		ids := []otp.ID{second, third}
		if newestFirst {
			ids = []otp.ID{third, second}
		}
		for _, id := range ids {
			r.revoke(k, id)
			r.revoke(k, id)
		}
		r.leaves("an attempt after the sends that replaced it were revoked: all attempts stay charged", r.wrong(k, l, 1), 2)
		r.is("the code that arrived", r.attempt(k, l, code), otp.Match)
		r.is("the same once more", r.attempt(k, l, code), otp.Gone)
	}

	k, l := random[otp.Key](), free()
	code, _ := r.sent(k, l)
	r.wrong(k, l, 5)
	_, id := r.sent(k, l)
	r.revoke(k, id)
	r.is("a code without attempts left, after the send that replaced it was revoked", r.attempt(k, l, code), otp.Locked)

	k = random[otp.Key]()
	codes := make([]otp.MAC, otp.MaxReplaced+1)
	ids := make([]otp.ID, len(codes))
	for i := range codes {
		codes[i], ids[i] = r.sent(k, l)
	}
	for i := len(codes) - 1; i > 0; i-- {
		r.revoke(k, ids[i])
	}
	r.is("the first code of as many as are kept", r.attempt(k, l, codes[0]), otp.Match)
}

// storeRestoresNothingElse revokes where no code may come back.
func storeRestoresNothingElse(r *storeRun) {
	l := free()
	k := random[otp.Key]()
	first, _ := r.sent(k, l)
	second, id := r.sent(k, l)
	r.is("a code", r.attempt(k, l, second), otp.Match)
	r.revoke(k, id)
	r.is("the code before one that was approved and then revoked", r.attempt(k, l, first), otp.Gone)

	k = random[otp.Key]()
	r.sent(k, l)
	second, _ = r.sent(k, l)
	_, third := r.sent(k, l)
	r.revoke(k, otp.ID{})
	r.is("the live code after all were revoked", r.attempt(k, l, random[otp.MAC]()), otp.Gone)
	r.revoke(k, third)
	r.is("a code before it, whose send is revoked afterwards", r.attempt(k, l, second), otp.Gone)
	l.Sends = 3
	_, last := r.sent(k, l)
	r.refuses("a send after three: all were revoked as codes, and one as a send", r.put(k, random[otp.MAC](), l), otp.TooMany)
	r.revoke(k, last)
	r.is("a code before all were revoked", r.attempt(k, l, second), otp.Gone)

	k, l = random[otp.Key](), free()
	first, firstID := r.sent(k, l)
	_, id = r.sent(k, l)
	r.revoke(k, firstID)
	r.revoke(k, id)
	r.is("a code whose own send was revoked before", r.attempt(k, l, first), otp.Gone)
	r.revoke(k, otp.ID{})
	r.revoke(random[otp.Key](), otp.ID{})
}

// storeRestoresInTime lets lives and the time for a restore end.
func storeRestoresInTime(r *storeRun) {
	l := free()
	var k otp.Key
	var life time.Duration
	var start time.Time
	var back answer
	r.unhurried(r.spans(1), func(d time.Duration) {
		k, life, start = random[otp.Key](), d, time.Now()
		r.putFor(k, random[otp.ID](), random[otp.MAC](), life, l)
		_, id := r.sent(k, l)
		r.revoke(k, id)
		back = r.wrong(k, l, 1)
	})
	r.leaves("a wrong attempt on a code that came back", back, 4)
	l.Attempts = 10
	r.until("a code that came back expires by its own time", start, life, func() bool {
		return r.attempt(k, l, random[otp.MAC]()).verdict == otp.Gone
	})
	if r.Advance == nil {
		return
	}

	l = free()
	for _, late := range []bool{false, true} {
		k := random[otp.Key]()
		code, _ := r.sent(k, l)
		_, id := r.sent(k, l)
		r.Advance(otp.RestoreTime - margin)
		if late {
			r.Advance(2 * margin)
		}
		r.revoke(k, id)
		want := map[bool]otp.Verdict{false: otp.Match, true: otp.Gone}[late]
		r.is("a code, near the end of the time in which it may come back", r.attempt(k, l, code), want)
	}

	// Each code has its own time: one that was replaced long ago does not come back
	// because another one was replaced since.
	k = random[otp.Key]()
	code, _ := r.sent(k, l)
	second, secondID := r.sent(k, l)
	r.Advance(90 * time.Second)
	_, thirdID := r.sent(k, l)
	r.revoke(k, thirdID)
	r.Advance(40 * time.Second)
	r.leaves("a wrong attempt on the second code", r.wrong(k, l, 1), 4)
	r.revoke(k, secondID)
	r.is("the first code, replaced 130 seconds ago", r.attempt(k, l, code), otp.Gone)
	r.is("the second code", r.attempt(k, l, second), otp.Gone)

	// A code between two others that is revoked hands its place on.
	k = random[otp.Key]()
	code, _ = r.sent(k, l)
	_, secondID = r.sent(k, l)
	r.Advance(90 * time.Second)
	_, thirdID = r.sent(k, l)
	r.revoke(k, secondID)
	r.Advance(40 * time.Second)
	r.revoke(k, thirdID)
	r.is("the first code, whose place was taken 40 seconds ago", r.attempt(k, l, code), otp.Match)
}

func storeRevokeOnlyOwn(r *storeRun) {
	k, l := random[otp.Key](), free()
	l.Sends = 3
	first, firstID := r.sent(k, l)
	second, secondID := r.sent(k, l)
	r.wrong(k, l, 2)
	r.revoke(k, random[otp.ID]())
	r.revoke(k, firstID)
	r.leaves("an attempt after another send was revoked", r.attempt(k, l, first), 2)
	r.sent(k, l)
	third, thirdID := r.sent(k, l)
	r.refuses("the fourth send of three, one of which was revoked", r.put(k, random[otp.MAC](), l), otp.TooMany)
	r.revoke(k, thirdID)
	r.is("a code that was revoked", r.attempt(k, l, third), otp.Wrong)
	r.revoke(k, secondID)
	r.is("a code whose send was revoked after it was replaced", r.attempt(k, l, second), otp.Wrong)
	code, _ := r.sent(k, l)
	r.is("the last code", r.attempt(k, l, code), otp.Match)
}

func storeForgets(r *storeRun) {
	k, l := random[otp.Key](), otp.Limits{Failures: 1}
	code, _ := r.sent(k, l)
	r.wrong(k, l, 1)
	r.is("after the one failure allowed", r.attempt(k, l, code), otp.Blocked)
	r.forget(k)
	r.is("the code of a forgotten key", r.attempt(k, l, code), otp.Gone)
	code, _ = r.sent(k, l)
	r.is("the first code after it", r.attempt(k, l, code), otp.Match)
	r.forget(k)
	r.forget(k)
	r.sent(k, l)
}
