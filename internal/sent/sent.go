// Package sent says what became of a Send: what its error proves (was surely nothing
// sent, and may the next vendor send?), and what a call that is made again with the same
// idempotency key is answered. Package failover and otp.Fallback share the answers.
package sent

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
	return Elsewhere(err)
}

// Elsewhere reports whether err says that surely nothing was sent, and nothing about
// other vendors: it is no fault of the vendor's, and another may serve.
func Elsewhere(err error) bool {
	var e *verify.Error
	return errors.As(err, &e) && e.Elsewhere && Nothing(err)
}

// Nothing reports whether err says that surely nothing was sent. An error that
// names no outcome, several, or one that a Send cannot have, does not.
func Nothing(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized, verify.ErrRejected,
		verify.ErrBlocked, verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrUnsupported:
		return !errors.Is(err, verify.ErrOutcomeUnknown)
	}
	return false
}
