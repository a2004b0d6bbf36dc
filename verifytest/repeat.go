package verifytest

import (
	"strings"

	"github.com/go2fa/verify"
)

// The keys of two forms.
const (
	oneKey   = "verifytest-key-AAAAAAAA"
	otherKey = "verifytest-key-BBBBBBBB"
)

// repeats are the scenarios of calls that are made again.
func repeats() []scenario {
	return []scenario{
		{"idempotency_key_malformed", malformedKey},
		{"idempotency_key_send", repeatedSend},
		{"idempotency_key_check", repeatedCheck},
	}
}

func malformedKey(s *scenarioRun) {
	s.tryArrange(FaultServerError)
	for _, key := range []string{"", oneKey[:21], strings.Repeat("k", 65), oneKey + "/"} {
		_, err := s.send(verify.WithIdempotencyKey(key))
		s.wants(keyIsLong, err, verify.ErrUnsupported)
		s.wants(keyIsLong, s.check(s.made(), verify.WithIdempotencyKey(key)), verify.ErrUnsupported)
	}
	s.effects(noEffect, 0)
}

func repeatedSend(s *scenarioRun) {
	if !s.capabilities.IdempotencyKey {
		return
	}
	s.remember(oneKey)
	first, err := s.send(verify.WithIdempotencyKey(oneKey))
	if err != nil {
		s.broken(sendsHealthy, "Send: %v", err)
		return
	}
	code := s.right("")
	again, err := s.send(verify.WithIdempotencyKey(oneKey))
	if err != nil || first.Repeated || !again.Repeated || again.ID != first.ID || again.Vendor != first.Vendor || again.Channel != first.Channel {
		s.broken(sameAnswer, "Send: %+v; the second: %+v, %v", first, again, err)
	}
	s.effects(sameAnswer, 1)
	s.approves(sameAnswer, s.check(code))
}

func repeatedCheck(s *scenarioRun) {
	if !s.capabilities.IdempotencyKey {
		return
	}
	s.remember(oneKey, otherKey)
	s.sent()
	right, wrong, key := s.right(""), s.wrong(""), verify.WithIdempotencyKey(oneKey)
	s.wants(wrongIsNo, s.check(wrong, key), verify.ErrMismatch)
	s.approves(rightIsYes, s.check(right, key))
	s.approves(sameAnswer, s.check(right, key))
	s.wants(sameAnswer, s.check(wrong, key), verify.ErrMismatch)
	s.gone(onceOnly, s.check(right, verify.WithIdempotencyKey(otherKey)))
	s.gone(onceOnly, s.check(right))
}
