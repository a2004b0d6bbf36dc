package verifytest

import "github.com/go2fa/verify"

// cancels are the scenarios of a Verifier that is a Canceler too.
func cancels() []scenario {
	return []scenario{
		{"cancel", cancelPending},
		{"cancel_nothing", func(s *scenarioRun) { s.cancel(cancelIsCalm) }},
	}
}

func cancelPending(s *scenarioRun) {
	s.canceler()
	s.sent()
	right := s.right("")
	s.cancel(canceledIsGone)
	s.gone(canceledIsGone, s.check(right))
}

func (s *scenarioRun) canceler() verify.Canceler {
	s.t.Helper()
	c, ok := verify.As[verify.Canceler](s.target.Verifier)
	if !ok {
		s.t.Skipf("not supported by this target: it is no verify.Canceler")
	}
	return c
}

func (s *scenarioRun) cancel(r rule) {
	s.t.Helper()
	c := s.canceler()
	s.remember(s.to)
	var err error
	s.within(s.patience, func() { err = c.Cancel(s.t.Context(), s.to) })
	s.inspectError("cancel", err)
	if err != nil {
		s.broken(r, "Cancel: %v", err)
	}
}

// bindings are the scenarios of what a code is bound to besides the recipient.
func bindings() []scenario {
	return []scenario{
		{"scope_apart", scopeApart},
		{"transaction_kept", transactionKept},
		{"transaction_changed", transactionChanged},
	}
}

func scopeApart(s *scenarioRun) {
	scope := "login"
	switch {
	case len(s.capabilities.Scopes) > 0:
		scope = s.capabilities.Scopes[0]
	case s.capabilities.MaxScope > 0:
		scope = scope[:min(s.capabilities.MaxScope, len(scope))]
	default:
		s.unsupported("a scope", verify.WithScope(scope))
		s.effects(noEffect, 0)
		return
	}
	s.sent(verify.WithScope(scope))
	right := s.right(scope)
	s.wants(scopesApart, s.check(right), verify.ErrNotPending, verify.ErrMismatch)
	s.approves(scopesApart, s.check(right, verify.WithScope(scope)))
}

func transactionKept(s *scenarioRun) {
	if sent, err := s.transaction("EUR 39.99"); sent {
		s.approves(linked, err)
	}
}

func transactionChanged(s *scenarioRun) {
	if sent, err := s.transaction("EUR 40.00"); sent {
		s.wants(linked, err, verify.ErrMismatch, verify.ErrNotPending)
	}
}

// transaction sends for one amount and checks for another, or sees that the
// vendor binds none.
func (s *scenarioRun) transaction(amount string) (sent bool, err error) {
	s.t.Helper()
	scope := verify.WithScope(s.target.TransactionScope)
	original := verify.WithTransaction("EUR 39.99", "Acme")
	s.remember("EUR 39.99", amount)
	if !s.capabilities.Transaction {
		s.unsupported("a transaction", original)
		s.wants(honorOrRefuse, s.check(s.made(), original), verify.ErrUnsupported)
		s.effects(noEffect, 0)
		return false, nil
	}
	s.sent(scope, original)
	return true, s.check(s.right(s.target.TransactionScope), scope, verify.WithTransaction(amount, "Acme"))
}
