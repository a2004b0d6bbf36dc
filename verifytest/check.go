package verifytest

import (
	"context"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// lifetime is longer than any code may live.
const lifetime = 10*time.Minute + time.Second

// checks are the scenarios of Check.
func checks() []scenario {
	return []scenario{
		{"check_right", checkRight},
		{"check_wrong", checkWrong},
		{"check_wrong_then_right", checkWrongThenRight},
		{"check_twice", checkTwice},
		{"check_finished", checkFinished},
		{"check_never_sent", checkNeverSent},
		{"check_malformed", checkMalformed},
		{"check_bad_recipient", checkBadRecipient},
		{"check_other_recipient", checkOtherRecipient},
		{"check_expired", checkExpired},
		failingCheck("check_unreachable", FaultCheckUnreachable, notAsked, verify.ErrUnavailable),
		{"check_rate_limited_for_an_hour", checkRateLimitedForAnHour},
		failingCheck("check_too_many_attempts", FaultTooManyAttempts, locked, verify.ErrTooManyAttempts),
		failingCheck("check_bad_credentials", FaultCheckBadCredentials, alarm, verify.ErrUnauthorized),
		failingCheck("check_server_error", FaultCheckServerError, maybeSent, verify.ErrOutcomeUnknown),
		failingCheck("check_reply_lost", FaultCheckReplyLost, noFalseNo, verify.ErrOutcomeUnknown),
		{"check_reply_lost_once", checkReplyLostOnce},
		{"check_timeout", checkTimeout},
		failingCheck("check_truncated", FaultCheckTruncated, explicitYes, verify.ErrOutcomeUnknown),
		failingCheck("check_unknown_body", FaultCheckUnknownBody, explicitYes, verify.ErrOutcomeUnknown),
		failingCheck("check_not_found", FaultCheckNotFound, noFalseNo, verify.ErrOutcomeUnknown),
		failingCheck("check_other_subject", FaultCheckOtherSubject, explicitYes, verify.ErrOutcomeUnknown),
	}
}

func checkRight(s *scenarioRun) {
	s.sent()
	s.approves(rightIsYes, s.check(s.right("")))
}

func checkWrong(s *scenarioRun) {
	s.sent()
	s.wants(wrongIsNo, s.check(s.wrong("")), verify.ErrMismatch)
}

func checkWrongThenRight(s *scenarioRun) {
	s.sent()
	right := s.right("")
	s.wants(wrongIsNo, s.check(s.wrong("")), verify.ErrMismatch)
	s.approves(wrongIsNo, s.check(right))
}

func checkTwice(s *scenarioRun) {
	s.sent()
	right := s.right("")
	s.approves(rightIsYes, s.check(right))
	s.gone(onceOnly, s.check(right))
}

func checkFinished(s *scenarioRun) {
	s.sent()
	right, wrong := s.right(""), s.wrong("")
	s.approves(rightIsYes, s.check(right))
	s.gone(onceOnly, s.check(wrong))
}

func checkNeverSent(s *scenarioRun) {
	s.gone(unsentIsNo, s.check(s.made()))
}

// badCodes are spellings of a code that some parser takes for one, and attacks
// on the path that a vendor puts it into.
var badCodes = [...]string{
	"", "123", "12345678901", strings.Repeat("1", 200), "12345a", " 123456", "123456 ", "123456\n", "123456\x00", "+123456", "-123456",
	"1_23456", "0x1E240", "123.456", "123456e0", "../sms", "..%2fsms", "1/234#", "1?x=345", "\uff11\uff12", "\u0661\u0662\u0663", "123\u200b",
}

func checkMalformed(s *scenarioRun) {
	s.tryArrange(FaultCheckServerError)
	for _, code := range badCodes {
		if s.capabilities.Letters && isAlphanumeric(code) && len(code) > 3 && len(code) < 11 {
			continue // it may be a code
		}
		s.wants(asciiDigits, s.check(code), verify.ErrMismatch)
	}
}

func isAlphanumeric(code string) bool {
	return strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func checkBadRecipient(s *scenarioRun) {
	s.tryArrange(FaultCheckServerError)
	for _, to := range badRecipients {
		s.wants(onePhone, s.checkOf(s.t.Context(), to, s.made()), verify.ErrInvalidRecipient)
	}
}

func checkOtherRecipient(s *scenarioRun) {
	s.sent()
	right := s.right("")
	err := s.checkOf(s.t.Context(), s.other, right)
	s.wants(bound, err, verify.ErrNotPending, verify.ErrMismatch)
	s.approves(bound, s.check(right))
}

func checkExpired(s *scenarioRun) {
	if s.target.Advance == nil {
		s.t.Skipf("not supported by this target: it cannot advance time")
	}
	s.sent()
	right := s.right("")
	s.target.Advance(lifetime)
	s.gone(expires, s.check(right))
}

// failingCheck is the scenario of a right code that cannot be approved.
func failingCheck(name string, f Fault, r rule, want verify.Outcome) scenario {
	return scenario{name, func(s *scenarioRun) {
		s.wants(r, s.checkAt(f), want)
	}}
}

// checkAt sends, arranges the fault, and checks the right code.
func (s *scenarioRun) checkAt(f Fault) error {
	s.t.Helper()
	s.sent()
	right := s.right("")
	s.arrange(f)
	return s.check(right)
}

func checkRateLimitedForAnHour(s *scenarioRun) {
	s.patience = s.atOnce
	err := s.checkAt(FaultCheckRateLimitedForAnHour)
	s.wants(throttled, err, verify.ErrRateLimited)
	s.waits(err)
}

// A second try may learn of the approval, as from a store that remembers the
// attempt; it must not take "already used" for a no.
func checkReplyLostOnce(s *scenarioRun) {
	if err := s.checkAt(FaultCheckReplyLostOnce); err != nil {
		s.wants(noFalseNo, err, verify.ErrOutcomeUnknown)
	}
}

func checkTimeout(s *scenarioRun) {
	s.sent()
	right := s.right("")
	s.arrange(FaultCheckTimeout)
	ctx, cancel := context.WithTimeout(s.t.Context(), s.patience/10)
	defer cancel()
	s.wants(maybeSent, s.checkOf(ctx, s.to, right), verify.ErrOutcomeUnknown)
}
