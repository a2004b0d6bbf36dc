package verifytest

import (
	"sync"

	"github.com/go2fa/verify"
)

// checkers is how many Checks of one code race.
const checkers = 4

// combinations are the scenarios of several calls at once and of all errors.
func combinations() []scenario {
	return []scenario{
		{"concurrent_sends_and_checks", concurrently},
		{"errors_match_one_outcome", errorsMatch},
		{"privacy", privacy},
	}
}

func concurrently(s *scenarioRun) {
	recipients := [...]string{s.to, s.other}
	s.remember(recipients[:]...)
	s.race("send", len(recipients), func(i int) error {
		_, err := s.target.Verifier.Send(s.t.Context(), recipients[i])
		return err
	}, func(i int, err error) {
		if err != nil {
			s.t.Fatalf("%s\n\tSend: %v", sendsHealthy, err)
		}
	})
	s.effects(oneEffect, len(recipients))

	codes := [...]string{s.target.Code(s.to, ""), s.target.Code(s.other, "")}
	s.remember(codes[:]...)
	var yes [len(recipients)]int
	s.race("check", len(recipients)*checkers, func(i int) error {
		return s.target.Verifier.Check(s.t.Context(), recipients[i%len(recipients)], codes[i%len(recipients)])
	}, func(i int, err error) {
		if err == nil {
			yes[i%len(recipients)]++
		}
	})
	for _, n := range yes {
		if n != 1 {
			s.broken(oneWinner, "%d of %d were", n, checkers)
		}
	}
}

// race starts n calls at the same moment, and tells the errors once all are
// back.
func (s *scenarioRun) race(op string, n int, call func(i int) error, tell func(i int, err error)) {
	s.t.Helper()
	errs := make([]error, n)
	s.within(s.patience, func() {
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for i := range n {
			wg.Go(func() {
				<-gate
				errs[i] = call(i)
			})
		}
		close(gate)
		wg.Wait()
	})
	for i, err := range errs {
		s.inspectError(op, err)
		tell(i, err)
	}
}

// errorsMatch has little to say: every error of every scenario is looked at.
func errorsMatch(s *scenarioRun) {
	s.sent()
	s.wants(wrongIsNo, s.check(s.wrong("")), verify.ErrMismatch)
	s.wants(asciiDigits, s.check("../sms"), verify.ErrMismatch)
	s.wants(onePhone, s.checkOf(s.t.Context(), "../sms", s.made()), verify.ErrInvalidRecipient)
	s.unsupported("a channel", verify.WithChannel("pigeon"))
	s.effects(oneEffect, 1)
}

func privacy(s *scenarioRun) {
	s.remember(s.made())
	receipt, err := s.send()
	if err != nil {
		s.broken(sendsHealthy, "Send: %v", err)
		return
	}
	right, wrong := s.right(""), s.wrong("")
	s.remember(right, wrong)
	s.searchReceipt("the receipt", receipt)
	s.wants(wrongIsNo, s.check(wrong), verify.ErrMismatch)
	s.approves(rightIsYes, s.check(right))
	s.search("the capabilities", s.capabilities, "")
}
