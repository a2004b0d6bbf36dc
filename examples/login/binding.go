package main

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// noTransfer says why transfers of an account cannot be confirmed, or nothing if
// they can. A code must serve one transfer only. Either the vendor binds it to amount and
// payee, or each transfer has a scope of its own, or the code before is canceled.
func (s *site) noTransfer(a account) string {
	_, cancels := verify.As[verify.Canceler](s.verifier)
	onlyCalls := a.On() && len(s.choices(a, transfer)) == 0
	switch {
	case !holds(s.capabilities, string(transfer)):
		return "The vendor " + s.capabilities.Vendor + " keeps no separate codes for transfers: a code for a log-in would approve one, too."
	case !s.capabilities.Transaction && s.capabilities.MaxScope < ownScopeSize && !cancels:
		return "The vendor " + s.capabilities.Vendor + " cannot tell the codes of two transfers apart."
	case onlyCalls && s.capabilities.Transaction:
		return "The code for a transfer comes with its amount, which no call names: receive codes by text messages, too."
	case onlyCalls:
		return "The vendor " + s.capabilities.Vendor + " cannot keep the codes of transfers by call apart: receive codes by text messages, too."
	}
	return ""
}

// scope returns the scope of a purpose for a number. Where codes come by calls
// alone they are in the scope that no message ever has: some vendors repeat a code
// that is pending, and would put it into a message to another account with the
// same number.
func (s *site) scope(p purpose, w ways) string {
	if w == calls && p != enrolment {
		return string(callProof)
	}
	return scope(s.capabilities, p)
}

func ownScope(p payment) string { return string(transfer) + "." + p.ID[:16] }

const ownScopeSize = len(transfer) + len(".") + 16

// options are what a code for a challenge is bound to, at Send and at Check.
func (s *site) options(c challenge, name string, to number) ([]verify.Option, error) {
	if c.Purpose != transfer {
		if scope := s.scope(c.Purpose, to.Ways); scope != "" {
			return []verify.Option{verify.WithScope(scope)}, nil
		}
		return nil, nil
	}
	var p payment
	err := s.store.View(func(tx *bolt.Tx) error {
		var ok bool
		if p, ok = load[payment](tx, transfers, name+"/"+c.Subject); !ok {
			return errGone
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case s.capabilities.Transaction:
		return []verify.Option{verify.WithScope(string(transfer)), verify.WithTransaction(p.Amount(), p.Payee)}, nil
	case len(ownScope(p)) <= s.capabilities.MaxScope:
		return []verify.Option{verify.WithScope(ownScope(p))}, nil
	}
	return []verify.Option{verify.WithScope(string(transfer))}, nil
}

// clear cancels the code of the transfer before, where nothing else tells it from
// the one to be sent.
func (s *site) clear(ctx context.Context, c challenge, to string) error {
	if c.Purpose != transfer || c.Live || s.capabilities.Transaction || s.capabilities.MaxScope > 0 {
		return nil
	}
	canceler, ok := verify.As[verify.Canceler](s.verifier)
	if !ok {
		return refusal("send", verify.ErrUnsupported, 0)
	}
	if canceler.Cancel(ctx, to, verify.WithScope(string(transfer))) != nil {
		return refusal("send", verify.ErrUnavailable, 0) // nothing was sent yet, whatever became of it
	}
	return nil
}
