package verifytest

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// sends are the scenarios of Send.
func sends() []scenario {
	failing := []scenario{
		failingSend("send_unreachable", FaultUnreachable, surelyNot, verify.ErrUnavailable),
		failingSend("send_rate_limited", FaultRateLimited, throttled, verify.ErrRateLimited),
		{"send_rate_limited_for_an_hour", sendRateLimitedForAnHour},
		failingSend("send_too_many", FaultTooManySends, personsLimit, verify.ErrTooManySends),
		failingSend("send_blocked", FaultBlocked, guards, verify.ErrBlocked),
		failingSend("send_refused_recipient", FaultRefusedRecipient, unreachableOne, verify.ErrInvalidRecipient),
		failingSend("send_server_error", FaultServerError, maybeSent, verify.ErrOutcomeUnknown),
		failingSend("send_bad_gateway", FaultBadGateway, maybeSent, verify.ErrOutcomeUnknown),
		failingSend("send_reply_lost", FaultReplyLost, maybeSent, verify.ErrOutcomeUnknown),
		{"send_timeout", sendTimeout},
		failingSend("send_truncated", FaultTruncated, maybeSent, verify.ErrOutcomeUnknown),
		failingSend("send_unknown_body", FaultUnknownBody, maybeSent, verify.ErrOutcomeUnknown),
		failingSend("send_redirected", FaultRedirected, notFollowed, verify.ErrOutcomeUnknown),
		failingSend("bad_credentials", FaultBadCredentials, alarm, verify.ErrUnauthorized),
	}
	return slices.Concat([]scenario{
		{"send", sendOnce},
		{"send_hints", sendHints},
		{"send_bad_recipient", sendBadRecipient},
		{"send_unsupported_channel", sendUnsupportedChannel},
		{"send_unsupported_digits", sendUnsupportedDigits},
		{"send_unsupported_scope", sendUnsupportedScope},
	}, failing, []scenario{
		{"canceled_before", canceledBefore},
	})
}

func sendOnce(s *scenarioRun) {
	receipt, err := s.send()
	if err != nil {
		s.broken(sendsHealthy, "Send: %v", err)
		return
	}
	s.effects(oneEffect, 1)
	offered := slices.Contains(append(slices.Clone(s.capabilities.Channels), verify.ChannelApp, verify.ChannelRCS), receipt.Channel)
	if receipt.Vendor == "" || !offered || receipt.Digits < 0 || receipt.Requests < 0 {
		s.broken(wellFormed, "vendor %q, channel %q, %d digits, %d tries", receipt.Vendor, receipt.Channel, receipt.Digits, receipt.Requests)
	}
	if code := s.right(""); receipt.Digits != 0 && receipt.Digits != len(code) {
		s.broken(wellFormed, "the receipt tells of %d digits, and the code has %d", receipt.Digits, len(code))
	}
}

func sendHints(s *scenarioRun) {
	addr := netip.MustParseAddr("203.0.113.7")
	s.remember(addr.String(), "verifytest value")
	_, err := s.send(verify.WithLocale("da"), verify.WithClientIP(addr), verify.VendorOption("nobody", "verifytest value"), nil)
	if err != nil {
		s.broken(hintsAreFree, "Send: %v", err)
	}
	s.effects(oneEffect, 1)
}

// badRecipients are spellings that lenient parsers take for a number, and
// attacks on what is made of it.
var badRecipients = [...]string{
	"", "15005550006", "+1 500 555 0006", "+1 (500) 555-0006", "tel:+15005550006", "+15005550006;ext=12", "0015005550006",
	"+01500555000", "+150055", "+1500555000612345", "+1500555OOO6", "+1500555000\uff16", "\uff0b15005550006", "+1500\u200b5550006",
	" +15005550006", "+15005550006\n", "+15005550006\x00", "+1500555000%30", "../sms", "a@localhost", "a@b@example.com",
	"a@example.com\r\nBcc: b@example.com", "A <a@example.com>", ".a@example.com",
}

func sendBadRecipient(s *scenarioRun) {
	s.tryArrange(FaultServerError)
	for _, to := range badRecipients {
		_, err := s.sendTo(s.t.Context(), to)
		s.wants(onePhone, err, verify.ErrInvalidRecipient)
	}
	s.effects(noEffect, 0)
}

func sendUnsupportedChannel(s *scenarioRun) {
	s.tryArrange(FaultServerError)
	for _, c := range []verify.Channel{"pigeon", "SMS", "sms ", verify.ChannelApp} {
		s.unsupported("channel "+string(c), verify.WithChannel(c))
	}
	s.effects(noEffect, 0)
}

func sendUnsupportedDigits(s *scenarioRun) {
	s.tryArrange(FaultServerError)
	lengths := []int{-1, 11, 1 << 20}
	if s.capabilities.MaxDigits > 0 {
		lengths = append(lengths, s.capabilities.MinDigits-1, s.capabilities.MaxDigits+1)
	}
	for _, n := range lengths {
		if n != 0 { // which leaves the length to the vendor
			s.unsupported("these digits", verify.WithDigits(n))
		}
	}
	s.effects(noEffect, 0)
}

func sendUnsupportedScope(s *scenarioRun) {
	s.tryArrange(FaultServerError)
	s.tryArrange(FaultCheckServerError)
	scopes := []string{"a b", "a/../b", "{a}", "l\u00f6gin", strings.Repeat("x", 65)}
	switch {
	case s.capabilities.MaxScope == 0:
		scopes = append(scopes, "verifytest-unknown")
	case s.capabilities.MaxScope < 64:
		scopes = append(scopes, strings.Repeat("x", s.capabilities.MaxScope+1))
	}
	for _, scope := range scopes {
		s.unsupported("this scope", verify.WithScope(scope))
		s.wants(honorOrRefuse, s.check(s.made(), verify.WithScope(scope)), verify.ErrUnsupported)
	}
	s.effects(noEffect, 0)
}

// unsupported makes a Send that must be refused for its options.
func (s *scenarioRun) unsupported(what string, opts ...verify.SendOption) {
	s.t.Helper()
	if _, err := s.send(opts...); !errors.Is(err, verify.ErrUnsupported) {
		s.broken(honorOrRefuse, "%s: got %v, not %s", what, err, verify.ErrUnsupported)
	}
}

// failingSend is the scenario of one Send that fails.
func failingSend(name string, f Fault, r rule, want verify.Outcome) scenario {
	return scenario{name, func(s *scenarioRun) {
		s.arrange(f)
		_, err := s.send()
		s.wants(r, err, want)
		s.effectsAfter(want)
	}}
}

// effectsAfter counts where the count is the same for every kind of target. A
// refusal is a request to recordings, and no message to an emulator.
func (s *scenarioRun) effectsAfter(o verify.Outcome) {
	s.t.Helper()
	switch o {
	case verify.ErrOutcomeUnknown:
		s.effects(oneEffect, 1)
	case verify.ErrUnavailable:
		s.effects(surelyNot, 0)
	}
}

func sendRateLimitedForAnHour(s *scenarioRun) {
	s.arrange(FaultRateLimitedForAnHour)
	s.patience = s.atOnce
	_, err := s.send()
	s.wants(throttled, err, verify.ErrRateLimited)
	s.waits(err)
}

// waits wants an hour in RetryAfter, give or take the seconds of a clock.
func (s *scenarioRun) waits(err error) {
	s.t.Helper()
	var e *verify.Error
	if errors.As(err, &e) && (e.RetryAfter < 59*time.Minute || e.RetryAfter > 61*time.Minute) {
		s.broken(waitIsCapped, "RetryAfter is %v, not an hour", e.RetryAfter)
	}
}

func sendTimeout(s *scenarioRun) {
	s.arrange(FaultTimeout)
	ctx, cancel := context.WithTimeout(s.t.Context(), s.patience/10)
	defer cancel()
	_, err := s.sendTo(ctx, s.to)
	s.wants(maybeSent, err, verify.ErrOutcomeUnknown)
	s.effectsAfter(verify.ErrOutcomeUnknown)
}

func canceledBefore(s *scenarioRun) {
	canceled, cancel := context.WithCancel(s.t.Context())
	cancel()
	late, cancel := context.WithDeadline(s.t.Context(), time.Unix(0, 0))
	defer cancel()
	for _, ctx := range []context.Context{canceled, late} {
		_, sent := s.sendTo(ctx, s.to)
		checked := s.checkOf(ctx, s.to, s.made())
		for _, err := range []error{sent, checked} {
			s.wants(honorsContext, err, verify.ErrUnavailable)
			if !errors.Is(err, ctx.Err()) {
				s.broken(honorsContext, "%v does not match %v", err, ctx.Err())
			}
		}
	}
	s.effects(noEffect, 0)
}
