package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// checkCode takes one attempt.
func (s *site) checkCode(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PathValue("id")
	here, typed := "/code/"+id, verify.CleanCode(r.PostFormValue("code"))
	if !s.isCode(v, id, typed) { // a slip of the finger costs no attempt
		s.say(r, bad, "A code has as many digits as we say below. This did not count as a try.")
		return seeOther(w, r, here)
	}
	c, to, named, err := s.claimAttempt(v, id, r.PostFormValue("once"))
	if err == nil {
		return s.attempt(w, r, v, c, to, typed, named)
	}
	if errors.Is(err, errSpent) {
		return seeOther(w, r, "/")
	}
	if !isRefusal(err) {
		return err
	}
	s.say(r, bad, checkSentence(err, 0))
	return seeOther(w, r, here)
}

// attempt has the vendor compare an attempt that was counted. Only nil is a yes.
func (s *site) attempt(w http.ResponseWriter, r *http.Request, v visitor, c challenge, to number, typed string, named []verify.CheckOption) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), sendTimeout)
	defer cancel()
	opts, err := s.options(c, v.account.Name, to)
	if err != nil {
		return err
	}
	check := named
	for _, o := range opts {
		check = append(check, o)
	}

	checked := s.verifier.Check(ctx, to.Phone, typed, check...)
	passed, left, err := s.settle(v, c, checked, s.origin(r, v.account.Name))
	switch {
	case errors.Is(err, errSpent):
		return seeOther(w, r, "/")
	case err != nil:
		return err
	case checked == nil:
		return s.pass(w, r, v.account.Name, passed)
	case !errors.Is(checked, verify.ErrMismatch):
	case !c.Expires.IsZero() && time.Now().After(c.Expires): // some vendors tell no difference
		checked = refusal("check", verify.ErrNotPending, 0)
	case left <= 0:
		checked = refusal("check", verify.ErrTooManyAttempts, 0)
	}
	return s.pass(w, r, v.account.Name, passage{next: "/code/" + c.ID, tone: bad, notice: checkSentence(checked, fewer(left, checked))})
}

// claimAttempt counts an attempt before it is compared, or refuses it. An attempt that is
// charged afterwards is one that a crash, or a hundred requests at once, has for
// nothing.
func (s *site) claimAttempt(v visitor, id, once string) (c challenge, to number, named []verify.CheckOption, err error) {
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		if c, _, err = s.find(tx, v, id); err != nil {
			return err
		}
		switch {
		case c.Done:
			return errSpent
		case !s.takes(c, *a, phoneFactor):
			return errGone
		case a.Failures >= maxFailures:
			return refusal("check", verify.ErrBlocked, 0)
		case !c.Live && c.Attempts >= codeAttempts:
			return refusal("check", verify.ErrTooManyAttempts, 0)
		case !c.Live:
			return refusal("check", verify.ErrNotPending, 0)
		}
		c.Attempts++
		a.Failures++
		c.Live = c.Attempts < codeAttempts
		to, named = c.to(*a), c.attempted(once)
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	return c, to, named, err
}

// settle ends an attempt that was claimed. A right one ends the challenge and does
// what it was for, in one transaction: of two right ones only the first does. If
// another number was chosen meanwhile, it opens nothing.
func (s *site) settle(v visitor, claimed challenge, checked error, from origin) (p passage, left int, err error) {
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, claimed.ID)
		switch {
		case err != nil:
			return err
		case c.Done:
			return errSpent
		case c.Number != claimed.Number:
			return errGone
		}
		switch kind := verify.OutcomeOf(checked); {
		case checked == nil:
			p, err = s.approve(tx, &c, a, phoneFactor, v.key, from)
		case nothingDone(checked):
			c.Attempts, a.Failures, c.Live = max(c.Attempts-1, 0), max(a.Failures-1, 0), true
		case kind == verify.ErrNotPending || kind == verify.ErrTooManyAttempts:
			c.Live = false
		}
		left = codeAttempts - c.Attempts
		if err != nil {
			return err
		}
		return save(tx, challenges, a.Name+"/"+c.ID, c)
	})
	return p, left, err
}

func (s *site) isCode(v visitor, id, typed string) bool {
	least, most := 4, 10
	_ = s.store.View(func(tx *bolt.Tx) error { // whether there is one at all is claimAttempt's to say
		if c, _, err := s.find(tx, v, id); err == nil {
			least, most = s.digits(c)
		}
		return nil
	})
	return len(typed) >= least && len(typed) <= most && strings.Trim(typed, "0123456789") == ""
}

// fewer is the smaller of our count and the vendor's, if it tells.
func fewer(left int, err error) int {
	var e *verify.Error
	if errors.As(err, &e) && e.AttemptsLeft > 0 {
		return min(left, e.AttemptsLeft)
	}
	return left
}

// isRefusal tells a no of ours from a database that failed.
func isRefusal(err error) bool {
	var e *verify.Error
	return errors.As(err, &e)
}
