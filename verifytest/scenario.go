package verifytest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
)

// How long a call may take: any, and one that has nothing to wait for.
const (
	patience = 5 * time.Second
	atOnce   = 2 * time.Second
)

// A scenarioRun is one scenario against one target.
type scenarioRun struct {
	t            testing.TB
	target       Target
	capabilities verify.Capabilities
	to, other    string
	patience     time.Duration
	atOnce       time.Duration

	mu    sync.Mutex
	given []string // recipients, codes and the like: all that was handed to a call
}

func newScenarioRun(t testing.TB, target Target) *scenarioRun {
	t.Helper()
	if target.Verifier == nil || target.Code == nil {
		t.Fatalf("verifytest: a Target needs a Verifier and a Code")
	}
	s := &scenarioRun{
		t: t, target: target, capabilities: target.Verifier.Capabilities(),
		to: To, other: Other, patience: patience, atOnce: atOnce,
	}
	if len(s.capabilities.Channels) > 0 && !slices.ContainsFunc(s.capabilities.Channels, func(c verify.Channel) bool { return c != verify.ChannelEmail }) {
		s.to, s.other = ToEmail, OtherEmail
	}
	return s
}

// broken reports that a rule does not hold, and lets the scenario go on.
func (s *scenarioRun) broken(r rule, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf(string(r)+"\n\t"+format, args...)
}

// arrange makes the vendor show a fault, or ends the scenario.
func (s *scenarioRun) arrange(f Fault) {
	s.t.Helper()
	if !s.tryArrange(f) {
		s.t.Skipf("not supported by this target: %s", f)
	}
}

// tryArrange is for calls that must not reach the vendor at all: the fault shows
// a request that should not be there.
func (s *scenarioRun) tryArrange(f Fault) bool { return s.target.Fault != nil && s.target.Fault(f) }

func (s *scenarioRun) send(opts ...verify.SendOption) (verify.Receipt, error) {
	s.t.Helper()
	return s.sendTo(s.t.Context(), s.to, opts...)
}

func (s *scenarioRun) sendTo(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	s.t.Helper()
	s.remember(to)
	var receipt verify.Receipt
	var err error
	s.within(s.patience, func() { receipt, err = s.target.Verifier.Send(ctx, to, opts...) })
	if s.target.carried != nil {
		s.remember(s.target.carried())
	}
	s.inspectError("send", err)
	s.searchReceipt("a receipt", receipt)
	return receipt, err
}

// sent makes a Send that must succeed, or there is nothing to check.
func (s *scenarioRun) sent(opts ...verify.SendOption) {
	s.t.Helper()
	if _, err := s.send(opts...); err != nil {
		s.t.Fatalf("%s\n\tSend: %v", sendsHealthy, err)
	}
}

func (s *scenarioRun) check(code string, opts ...verify.CheckOption) error {
	s.t.Helper()
	return s.checkOf(s.t.Context(), s.to, code, opts...)
}

func (s *scenarioRun) checkOf(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	s.t.Helper()
	s.remember(to, code)
	var err error
	s.within(s.patience, func() { err = s.target.Verifier.Check(ctx, to, code, opts...) })
	s.inspectError("check", err)
	return err
}

// within ends the scenario if call does not return. The call itself is left
// behind: nothing can stop it.
func (s *scenarioRun) within(limit time.Duration, call func()) {
	s.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		s.t.Fatalf("%s\n\tstill waiting after %v", answersInTime, limit)
	}
}

// right is the code that was sent, and wrong one that was not.
func (s *scenarioRun) right(scope string) string {
	s.t.Helper()
	code := s.target.Code(s.to, scope)
	if code == "" {
		s.t.Fatalf("verifytest: Target.Code knows no code for %s in scope %q", verify.Mask(s.to), scope)
	}
	return code
}

func (s *scenarioRun) wrong(scope string) string {
	s.t.Helper()
	return raised(s.right(scope))
}

// raised is code with its last digit raised by one.
func raised(code string) string {
	last := len(code) - 1
	return code[:last] + string('0'+(code[last]-'0'+1)%10)
}

// made is a code of the right length where none was sent.
func (s *scenarioRun) made() string {
	n := s.capabilities.DefaultDigits
	switch {
	case n == 0 && s.capabilities.MaxDigits > 0:
		n = s.capabilities.MaxDigits
	case n == 0:
		n = 6
	}
	return "1234567890"[:min(n, 10)]
}

// approves reports a no to the right code.
func (s *scenarioRun) approves(r rule, err error) {
	s.t.Helper()
	if err != nil {
		s.broken(r, "Check said: %v", err)
	}
}

// wants reports any answer but these outcomes.
func (s *scenarioRun) wants(r rule, err error, allowed ...verify.Outcome) {
	s.t.Helper()
	switch {
	case err == nil:
		s.broken(r, "no error, where there must be one: %s", list(allowed))
	case !slices.ContainsFunc(allowed, func(o verify.Outcome) bool { return errors.Is(err, o) }):
		s.broken(r, "got %q, not %s", err, list(allowed))
	}
}

// gone wants what a code that does not live is told.
func (s *scenarioRun) gone(r rule, err error) {
	s.t.Helper()
	if s.target.Vague {
		s.wants(r, err, verify.ErrNotPending, verify.ErrMismatch)
		return
	}
	s.wants(r, err, verify.ErrNotPending)
}

func (s *scenarioRun) effects(r rule, want int) {
	s.t.Helper()
	if s.target.Effects == nil {
		return
	}
	if got := s.target.Effects(); got != want {
		s.broken(r, "%d messages may have reached a person, not %d", got, want)
	}
}

func list(outcomes []verify.Outcome) string {
	names := make([]string, len(outcomes))
	for i, o := range outcomes {
		names[i] = string(o)
	}
	return strings.Join(names, " or ")
}

func (s *scenarioRun) remember(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = append(s.given, secrets...)
}
