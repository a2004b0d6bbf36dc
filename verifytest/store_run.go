package verifytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify/otp"
)

// A storeRun tests one promise against one store. It goes on after a broken promise,
// and tells the first one.
type storeRun struct {
	StoreTarget
	t   *testing.T
	ctx context.Context
	err error
}

func (r *storeRun) breaks(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// free are limits without a wait between sends, nor a number of them that a test
// could reach.
func free() otp.Limits {
	return otp.Limits{Sends: 1000, Window: time.Hour, Cooldown: []time.Duration{0}}
}

const storeTTL = 10 * time.Minute

func random[T ~[16]byte | ~[32]byte]() (x T) {
	switch b := any(&x).(type) {
	case *otp.Key:
		_, _ = rand.Read(b[:])
	case *otp.ID:
		_, _ = rand.Read(b[:])
	case *otp.MAC:
		_, _ = rand.Read(b[:])
	}
	return x
}

func (r *storeRun) put(k otp.Key, mac otp.MAC, l otp.Limits) otp.Admission {
	return r.putFor(k, random[otp.ID](), mac, storeTTL, l)
}

func (r *storeRun) putFor(k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) otp.Admission {
	a, err := r.Store.Issue(r.ctx, k, id, mac, ttl, l)
	if err != nil {
		r.breaks("Issue: %w", err)
	}
	if a.Refused == otp.Full {
		r.breaks("Issue: the store is full before the suite has begun to fill it")
	}
	return a
}

// sent puts a new code, which must be admitted, and returns it and its id.
func (r *storeRun) sent(k otp.Key, l otp.Limits) (otp.MAC, otp.ID) {
	mac, id := random[otp.MAC](), random[otp.ID]()
	if a := r.putFor(k, id, mac, storeTTL, l); a.Refused != otp.Admitted {
		r.breaks("a send was refused (%s) though nothing speaks against it", a.Refused)
	}
	return mac, id
}

func (r *storeRun) attemptAs(k otp.Key, id otp.ID, l otp.Limits, macs ...otp.MAC) answer {
	v, left, err := r.Store.Attempt(r.ctx, k, id, macs, l)
	if err != nil {
		r.breaks("Attempt: %w", err)
	}
	return answer{v, left}
}

// An answer is what Attempt said. Left counts only if there may be one more.
type answer struct {
	verdict otp.Verdict
	left    int
}

func (a answer) String() string { return fmt.Sprintf("%s, %d left", a.verdict, a.left) }

// same compares what must be the same: beyond Wrong, left means nothing.
func (a answer) same(b answer) bool {
	return a.verdict == b.verdict && (a.verdict != otp.Wrong || a.left == b.left)
}

// attempt tries macs under a new id.
func (r *storeRun) attempt(k otp.Key, l otp.Limits, macs ...otp.MAC) answer {
	return r.attemptAs(k, random[otp.ID](), l, macs...)
}

// wrong makes n wrong attempts.
func (r *storeRun) wrong(k otp.Key, l otp.Limits, n int) (last answer) {
	for range n {
		last = r.attempt(k, l, random[otp.MAC]())
	}
	return last
}

// is demands a verdict.
func (r *storeRun) is(what string, got answer, want otp.Verdict) {
	if got.verdict != want {
		r.breaks("%s: the verdict is %s, not %s", what, got.verdict, want)
	}
}

// leaves demands a wrong attempt that leaves so many.
func (r *storeRun) leaves(what string, got answer, left int) {
	if want := (answer{otp.Wrong, left}); got != want {
		r.breaks("%s: the answer is %s, not %s", what, got, want)
	}
}

// refuses demands a refusal.
func (r *storeRun) refuses(what string, got otp.Admission, want otp.Refusal) {
	if got.Refused != want {
		r.breaks("%s: the send is %s, not %s", what, got.Refused, want)
	}
}

func (r *storeRun) revoke(k otp.Key, id otp.ID) {
	if err := r.Store.Revoke(r.ctx, k, id); err != nil {
		r.breaks("Revoke: %w", err)
	}
}

func (r *storeRun) forget(k otp.Key) {
	if err := r.Store.Reset(r.ctx, k); err != nil {
		r.breaks("Forget: %w", err)
	}
}
