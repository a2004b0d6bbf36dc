package sqlstore

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/go2fa/verify/totp"
)

const (
	maxCalls   = 64                             // of one account within replay
	halfWindow = int64(15*24*time.Hour) / micro // three of them hold any 30 days
)

// The calls that may be made again.
const (
	callCreate  = "create"
	callAttempt = "attempt"
	callAccept  = "accept"
	callRefund  = "refund"
)

// A factor is the record of one account's authenticator app. It does what
// totp.MemoryStore does, word by word.
type factor struct {
	layout
	Enrolment string       `json:"enrolment,omitempty"` // empty: there is no factor
	KeyID     string       `json:"keyid,omitempty"`
	Step      uint64       `json:"step,omitempty,string"`
	Sealed    []byte       `json:"sealed,omitempty"`
	Failures  int          `json:"failures,omitempty"` // charged, in this row
	Settled   int          `json:"settled,omitempty"`  // how many of them an approval has forgiven; they still count for the wait that may be on
	Charged   int64        `json:"charged,omitempty"`  // when the last one was
	Halves    [3]int       `json:"halves"`             // failures by half windows, the newest first
	Since     int64        `json:"since,omitempty"`    // when the first half window began
	Half      int64        `json:"half,omitempty"`     // which one Halves[0] is
	Calls     []factorCall `json:"calls,omitempty"`
}

// A factorCall is one that took effect, kept so that it may be made again. An attempt
// keeps the factor as it was.
type factorCall struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	At        int64  `json:"at"`
	Enrolment string `json:"enrolment,omitempty"`
	KeyID     string `json:"keyid,omitempty"`
	Step      uint64 `json:"step,omitempty,string"`
	Sealed    []byte `json:"sealed,omitempty"`
	Failures  int    `json:"failures,omitempty"`
	Left      int    `json:"left,omitempty"`
	Next      int64  `json:"next,omitempty"`
}

// prune also sets right what lies ahead of a clock that was set back: it must not make
// anybody wait longer than the limits say.
func (r *factor) prune(now int64) (ahead bool) {
	if !r.there() {
		return false
	}
	ahead = r.Charged > now || r.Since+r.Half*halfWindow > now
	r.Charged, r.Since = min(r.Charged, now), min(r.Since, now-r.Half*halfWindow)
	for i := range r.Calls {
		ahead = ahead || r.Calls[i].At > now
		r.Calls[i].At = min(r.Calls[i].At, now)
	}
	r.Calls = slices.DeleteFunc(r.Calls, func(c factorCall) bool { return now-c.At >= replay })
	return ahead
}

func (r *factor) until() int64 {
	if !r.there() {
		return 0
	}
	return never
}

func (r *factor) there() bool { return r.Enrolment != "" }

func (r *factor) set(f totp.Factor) {
	r.Enrolment, r.KeyID = hex.EncodeToString(f.Enrolment[:]), hex.EncodeToString(f.KeyID[:])
	r.Step, r.Sealed = f.Step, f.Sealed
}

func (r *factor) get() totp.Factor { return factorOf(r.Enrolment, r.KeyID, r.Step, r.Sealed) }

func factorOf(enrolment, keyID string, step uint64, sealed []byte) (f totp.Factor) {
	_, _ = hex.Decode(f.Enrolment[:], []byte(enrolment))
	_, _ = hex.Decode(f.KeyID[:], []byte(keyID))
	f.Step, f.Sealed = step, slices.Clone(sealed)
	return f
}

// attempt charges one failure, unless a limit is reached.
func (r *factor) attempt(id string, l totp.Limits, now int64) (totp.Attempt, outcome) {
	if !r.there() {
		return totp.Attempt{}, kept
	}
	if c := r.find(id, callAttempt); c != nil {
		a := c.attempt()
		a.Age, a.Accepted = duration(now-c.At), r.find(id, callAccept) != nil
		return a, kept
	}
	if r.Settled > 0 && now-r.Charged >= micros(l.Wait) {
		r.Failures, r.Settled = r.Failures-r.Settled, 0
	}
	r.roll(now)
	if r.Failures-r.Settled >= l.Failures || r.Halves[0]+r.Halves[1]+r.Halves[2] >= l.Total {
		return totp.Attempt{Found: true, Blocked: true}, kept
	}
	if wait := r.wait(l) - (now - r.Charged); wait > 0 {
		return totp.Attempt{Found: true, Wait: duration(wait)}, kept
	}
	if len(r.Calls) >= maxCalls {
		return totp.Attempt{Found: true, Wait: duration(replay - (now - r.Calls[0].At))}, kept
	}
	r.Failures++
	r.Halves[0]++
	r.Charged = now
	c := factorCall{
		ID: id, Kind: callAttempt, At: now, Enrolment: r.Enrolment, KeyID: r.KeyID, Step: r.Step, Sealed: r.Sealed,
		Failures: r.Failures - r.Settled, Left: max(l.Attempts-r.Failures, 0), Next: r.wait(l),
	}
	r.remember(c)
	return c.attempt(), changed
}

// attempt is what an attempt that is made again answers.
func (c *factorCall) attempt() totp.Attempt {
	return totp.Attempt{
		Found: true, Factor: factorOf(c.Enrolment, c.KeyID, c.Step, c.Sealed),
		Failures: c.Failures, Left: c.Left, Next: duration(c.Next),
	}
}

// wait is the one that began with the last failure. Failures that an approval has
// forgiven count for the first wait only: else a burst of attempts would begin anew
// with each right code.
func (r *factor) wait(l totp.Limits) int64 {
	if wait := micros(l.After(r.Failures - r.Settled)); wait > 0 {
		return wait
	}
	if r.Failures >= l.Attempts {
		return micros(l.Wait)
	}
	return 0
}

// roll moves the half windows on. Without a failure in them they begin anew.
func (r *factor) roll(now int64) {
	for half := (now - r.Since) / halfWindow; r.Half < half && r.Halves != [3]int{}; r.Half++ {
		r.Halves = [3]int{0, r.Halves[0], r.Halves[1]}
	}
	if r.Halves == [3]int{} {
		r.Since, r.Half = now, 0
	}
}

// uncount takes back one failure of the half windows.
func (r *factor) uncount() {
	for i := range r.Halves {
		if r.Halves[i] > 0 {
			r.Halves[i]--
			return
		}
	}
}

func (r *factor) remember(c factorCall) { r.Calls = append(r.Calls, c) }

func (r *factor) find(id, kind string) *factorCall {
	for i := range r.Calls {
		if r.Calls[i].ID == id && r.Calls[i].Kind == kind {
			return &r.Calls[i]
		}
	}
	return nil
}
