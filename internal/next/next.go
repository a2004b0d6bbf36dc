// Package next reads the error of a failed Send: was surely nothing sent, and may
// the next vendor send? Package failover and otp.Fallback share the answers.
package next

import (
	"errors"

	"github.com/go2fa/verify"
)

// MaySend reports whether another vendor may send after err: the vendor itself is
// at fault, and surely nothing was sent. Any other outcome is final: to go on
// would defeat a limit or a guard, or send twice. An error that also matches
// [verify.ErrOutcomeUnknown] proves nothing.
func MaySend(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized:
		return !errors.Is(err, verify.ErrOutcomeUnknown)
	}
	return false
}

// NotSent reports whether err says that surely nothing was sent. An error that
// names no outcome, several, or one that a Send cannot have, does not.
func NotSent(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized, verify.ErrRejected,
		verify.ErrBlocked, verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrUnsupported:
		return !errors.Is(err, verify.ErrOutcomeUnknown)
	}
	return false
}
