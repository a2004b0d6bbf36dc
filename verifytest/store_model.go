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
	send int // which Issue this is, or whose code is attempted, or which one is revoked; -1: nobody's, or every one
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
	codes    [historySends]liveCode
	depth    int // of codes: the last one is alive, and replaced those before it
	failures int
}

type liveCode struct{ send, attempts int }

// storeModel is otp.Store without time.
func storeModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return recordState{} },
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
		s.codes[s.depth] = liveCode{send: x.send}
		s.depth++
		return s, result{}
	case stepRevoke:
		return s.revoke(x.send), result{}
	case stepForget:
		return recordState{}, result{}
	}
	return s.attempt(x.send)
}

// revoke takes a code out of the row. The attempts on it count for the one that
// it replaced.
func (s recordState) revoke(send int) recordState {
	if send < 0 {
		s.codes, s.depth = recordState{}.codes, 0
		return s
	}
	s.sends &^= 1 << send
	for i, code := range s.codes[:s.depth] {
		if code.send == send {
			if i > 0 {
				s.codes[i-1].attempts += code.attempts
			}
			copy(s.codes[i:], s.codes[i+1:])
			s.depth--
			s.codes[s.depth] = liveCode{}
			break
		}
	}
	return s
}

func (s recordState) attempt(send int) (recordState, result) {
	say := func(v otp.Verdict, left int) (recordState, result) { return s, result{answer: answer{v, left}} }
	live := &s.codes[max(0, s.depth-1)]
	switch {
	case s.failures >= historyFails:
		return say(otp.Blocked, 0)
	case s.depth == 0:
		return say(otp.Gone, 0)
	case live.attempts >= historyAttempts:
		return say(otp.Locked, 0)
	case live.send == send:
		s = recordState{sends: s.sends}
		return say(otp.Match, 0)
	}
	live.attempts++
	s.failures++
	if left := min(historyAttempts-live.attempts, historyFails-s.failures); left > 0 {
		return say(otp.Wrong, left)
	}
	return say(otp.Locked, 0)
}
