package verifytest

import (
	"fmt"
	"math/bits"

	"github.com/anishathalye/porcupine"

	"github.com/go2fa/verify/otp"
)

// A step is one call of a history. Sends are told apart by their number.
type step struct {
	kind stepKind
	send int // which Issue this is, or whose code is attempted, or which one is undone; -1: nobody's
	lost bool
	id   otp.ID
}

type stepKind string

const (
	stepIssue   stepKind = "issue"
	stepAttempt stepKind = "attempt"
	stepRevoke  stepKind = "revoke"
	stepForget  stepKind = "forget"
)

// A result is what a step answered.
type result struct {
	refused otp.Refusal
	answer
	unknown bool // the reply was lost, and nobody asked again
}

// A recordState is a store's record, as the model sees it.
type recordState struct {
	sends    uint64 // a bit for each Issue that counts
	live     int    // the Issue whose code is alive, or -1
	attempts int
	failures int
}

// storeModel is otp.Store without time.
func storeModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return recordState{live: -1} },
		Step: func(state, input, output any) (bool, any) {
			next, want := state.(recordState).after(input.(step))
			got := output.(result)
			return got.unknown || want.refused == got.refused && want.same(got.answer), next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v -> %v", input, output) },
	}
}

func (s recordState) after(x step) (recordState, result) {
	switch x.kind {
	case stepIssue:
		switch {
		case s.failures >= historyFails:
			return s, result{refused: otp.SendBlocked}
		case bits.OnesCount64(s.sends) >= historySends:
			return s, result{refused: otp.TooMany}
		}
		s.sends |= 1 << x.send
		s.live, s.attempts = x.send, 0
		return s, result{}
	case stepRevoke:
		if s.sends&(1<<x.send) != 0 && s.live == x.send {
			s.live = -1
		}
		s.sends &^= 1 << x.send
		return s, result{}
	case stepForget:
		return recordState{live: -1}, result{}
	}
	return s.attempt(x.send)
}

func (s recordState) attempt(send int) (recordState, result) {
	say := func(v otp.Verdict, left int) (recordState, result) { return s, result{answer: answer{v, left}} }
	switch {
	case s.failures >= historyFails:
		return say(otp.Blocked, 0)
	case s.live < 0:
		return say(otp.Gone, 0)
	case s.attempts >= historyAttempts:
		return say(otp.Locked, 0)
	case s.live == send:
		s.live, s.failures = -1, 0
		return say(otp.Match, 0)
	}
	s.attempts++
	s.failures++
	if left := min(historyAttempts-s.attempts, historyFails-s.failures); left > 0 {
		return say(otp.Wrong, left)
	}
	return say(otp.Locked, 0)
}
