// Package verifytest proves that a [verify.Verifier] keeps its promises, and that
// a store does.
//
//	func TestConformance(t *testing.T) {
//		verifytest.Run(t, func(t *testing.T) verifytest.Target {
//			vendor := twiliotest.NewServer(t)
//			return verifytest.Target{Verifier: client(t, vendor), Code: vendor.Code, Effects: vendor.Effects}
//		})
//	}
//
// [Run] is for vendors and for whatever wraps or combines them: over an
// emulator, over a fake, over recordings from files. [RunMessenger] is for those that
// only deliver. Every failure says which rule was broken, in a sentence and by a number
// that stays the same.
package verifytest

import (
	"slices"
	"testing"
	"time"

	"github.com/go2fa/verify"
)

// The recipients that scenarios use. A vendor without a channel for phones gets
// the addresses, and a vendor with people to register registers these.
const (
	To         = "+15005550006"
	Other      = "+15017122661"
	ToEmail    = "a@example.com"
	OtherEmail = "b@example.com"
)

// A Target is one Verifier, and what the suite must see and do behind it. What
// it leaves out it declares to be unable to prove: such scenarios are skipped,
// and say so.
type Target struct {
	// Verifier is what is tested. Required.
	Verifier verify.Verifier

	// Code returns the code that was last sent to a recipient in a scope.
	// Required.
	Code func(to, scope string) string

	// Advance moves the time at which codes expire.
	Advance func(time.Duration)

	// Fault arranges that the vendor shows a fault to every request from now on,
	// and returns false if this target cannot.
	Fault func(Fault) bool

	// Effects returns how many messages may have reached a person so far: those
	// that an emulator sent, or the requests for one that a vendor in recordings
	// was written, answered or not.
	Effects func() int

	// Secrets are credentials of the Verifier, which nothing may print.
	Secrets []string

	// Vague says that the vendor tells a finished, expired or unsent code not
	// from a wrong one, so that ErrMismatch may stand for ErrNotPending.
	Vague bool

	// TransactionScope is the scope in which WithTransaction is honored.
	// Defaults to the empty one.
	TransactionScope string

	carried func() string // the code that a messenger was handed last
}

// Run runs every scenario against a fresh target, each as a subtest of its
// name. Names and sequences are stable: newTarget may pick a script of
// recordings by the last element of t.Name().
//
// "Right" is what Target.Code returns, and "wrong" the same with the last digit
// raised by one, a nine becoming a zero. The recipient is [To], and "other" is
// [Other]. Where no code was sent, codes are 1234567890 cut to length. A fault
// is arranged right before the last call, so that a fault of Check comes after a
// healthy Send, whether the target supports it or not. Calls in brackets are made only where the
// Capabilities allow it; else the option is seen refused. What is refused makes
// no request.
//
//	send                            Send
//	send_hints                      Send with locale da, client IP 203.0.113.7 and another vendor's option
//	send_bad_recipient              Send refused, several
//	send_unsupported_channel        Send refused, several
//	send_unsupported_digits         Send refused, several
//	send_unsupported_scope          Send and Check refused, several
//	send_unreachable                Send, at FaultUnreachable
//	send_rate_limited               Send, at FaultRateLimited
//	send_rate_limited_for_an_hour   Send, at FaultRateLimitedForAnHour
//	send_too_many                   Send, at FaultTooManySends
//	send_blocked                    Send, at FaultBlocked
//	send_refused_recipient          Send, at FaultRefusedRecipient
//	send_server_error               Send, at FaultServerError
//	send_bad_gateway                Send, at FaultBadGateway
//	send_reply_lost                 Send, at FaultReplyLost
//	send_timeout                    Send with a deadline of half a second, at FaultTimeout
//	send_truncated                  Send, at FaultTruncated
//	send_unknown_body               Send, at FaultUnknownBody
//	send_redirected                 Send, at FaultRedirected
//	bad_credentials                 Send, at FaultBadCredentials
//	canceled_before                 Send and Check refused, several
//	check_right                     Send, Check right
//	check_wrong                     Send, Check wrong
//	check_wrong_then_right          Send, Check wrong, Check right
//	check_twice                     Send, Check right, Check right
//	check_finished                  Send, Check right, Check wrong
//	check_never_sent                Check 1234567890
//	check_malformed                 Check refused, several
//	check_bad_recipient             Check refused, several
//	check_other_recipient           Send, Check right of other, Check right
//	check_expired                   Send, Advance 10 minutes and a second, Check right
//	check_unreachable               Send, Check right, at FaultCheckUnreachable
//	check_rate_limited_for_an_hour  Send, Check right, at FaultCheckRateLimitedForAnHour
//	check_too_many_attempts         Send, Check right, at FaultTooManyAttempts
//	check_bad_credentials           Send, Check right, at FaultCheckBadCredentials
//	check_server_error              Send, Check right, at FaultCheckServerError
//	check_reply_lost                Send, Check right, at FaultCheckReplyLost
//	check_reply_lost_once           Send, Check right, at FaultCheckReplyLostOnce
//	check_timeout                   Send, Check right with a deadline of half a second, at FaultCheckTimeout
//	check_truncated                 Send, Check right, at FaultCheckTruncated
//	check_unknown_body              Send, Check right, at FaultCheckUnknownBody
//	check_not_found                 Send, Check right, at FaultCheckNotFound
//	check_other_subject             Send, Check right, at FaultCheckOtherSubject
//	cancel                          Send, Cancel, Check right
//	cancel_nothing                  Cancel
//	scope_apart                     [Send in a scope, Check right without, Check right in it]
//	transaction_kept                [Send for EUR 39.99 to Acme, Check right for the same]
//	transaction_changed             [Send for EUR 39.99 to Acme, Check right for EUR 40.00 to Acme]
//	concurrent_sends_and_checks     Send and Send to other, then 4 Checks right of each
//	errors_match_one_outcome        Send, Check wrong, then calls refused
//	privacy                         Send, Check wrong, Check right
//	idempotency_key_malformed       Send and Check refused, several
//	idempotency_key_send            [Send with a key, Send with it, Check right]
//	idempotency_key_check           [Send, Checks wrong and right with a key, with it again, and with another]
//	capabilities_honest             none
//	capabilities_channel_sms        [Send]
//	capabilities_channel_voice      [Send]
//	capabilities_channel_whatsapp   [Send]
//	capabilities_channel_email      [Send to an address]
//	capabilities_digits_4           [Send]
//	capabilities_digits_5           [Send]
//	capabilities_digits_6           [Send]
//	capabilities_digits_7           [Send]
//	capabilities_digits_8           [Send]
//	capabilities_digits_9           [Send]
//	capabilities_digits_10          [Send]
//
// A channel that the vendor offers is asked for by WithChannel, a length by
// WithDigits. The scope is the first of Capabilities.Scopes, or "login", or as
// much of it as MaxScope allows. "10 minutes" is the longest that a code may
// live.
//
// Every call must end within five seconds. Every error and every receipt is
// searched for the recipient, the code and Target.Secrets, whatever prints it.
func Run(t *testing.T, newTarget func(t *testing.T) Target) {
	t.Helper()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			s.run(newScenarioRun(t, newTarget(t)))
		})
	}
}

// A scenario is one subtest.
type scenario struct {
	name string
	run  func(*scenarioRun)
}

func scenarios() []scenario {
	return slices.Concat(sends(), checks(), cancels(), bindings(), combinations(), repeats(), capabilities())
}
