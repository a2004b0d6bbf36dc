package main

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// recoveryCodes is how many there are at once.
const recoveryCodes = 10

// newRecoveryCode returns 80 random bits as four groups of four.
func newRecoveryCode() string {
	t := rand.Text() // of A-Z and 2-7, 26 of them
	return t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:16]
}

// unpretty undoes what people do to a code that they copy by hand. There is no 0,
// 1 or 8 in it.
var unpretty = strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B")

// recoveryMAC is what is kept of a code. There is no need for a slow hash: nobody
// attempts 80 bits.
func (s *site) recoveryMAC(name, typed string) string {
	return s.mac("recovery", name, unpretty.Replace(strings.ToUpper(typed)))
}

// newCodes shows the button that makes codes.
func (s *site) newCodes(w http.ResponseWriter, r *http.Request, v visitor) error {
	if !v.account.On {
		s.say(r, unsure, "Recovery codes come with the second factor. Turn it on first.")
		return seeOther(w, r, "/")
	}
	return s.show(w, r, http.StatusOK, "codes", "Recovery codes", map[string]any{
		"Granted": v.login.Grant == grantCodes, "Codes": nil, "Left": len(v.account.Recovery),
	})
}

// makeCodes makes ten codes and shows them, once: a reload finds its grant spent.
func (s *site) makeCodes(w http.ResponseWriter, r *http.Request, v visitor) error {
	codes := make([]string, recoveryCodes)
	var granted bool
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if granted, err = takeGrant(tx, v.key, grantCodes); err != nil || !granted {
			return err
		}
		a.Recovery = a.Recovery[:0]
		for i := range codes {
			codes[i] = newRecoveryCode()
			a.Recovery = append(a.Recovery, s.recoveryMAC(a.Name, codes[i]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !granted {
		s.say(r, bad, "Codes are shown once. To get new ones, confirm it by a code first.")
		return seeOther(w, r, "/")
	}
	return s.show(w, r, http.StatusOK, "codes", "Recovery codes", map[string]any{"Codes": codes})
}

// recovery asks for a recovery code in place of the code of a challenge.
func (s *site) recovery(w http.ResponseWriter, r *http.Request, v visitor) error {
	return s.show(w, r, http.StatusOK, "recovery", "Recovery code", r.PathValue("id"))
}

// recover takes a recovery code. It opens a login and changes the factor, which is
// what somebody needs who has lost the phone; it moves no money.
func (s *site) recover(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, here := r.PathValue("id"), "/code/"+r.PathValue("id")+"/recovery"
	if wait := s.counts.recoveries.take(v.account.Name); wait > 0 {
		s.say(r, bad, "Too many wrong recovery codes. You can try again in "+span(wait)+".")
		return seeOther(w, r, here)
	}
	c, passed, err := s.redeem(v, id, s.recoveryMAC(v.account.Name, r.PostFormValue("recovery-code")))
	switch {
	case errors.Is(err, errWrong):
		s.say(r, bad, "This is not one of your recovery codes, or it was used before.")
		return seeOther(w, r, here)
	case errors.Is(err, errSpent):
		return seeOther(w, r, "/")
	case err != nil:
		return err
	}
	s.counts.recoveries.give(v.account.Name)
	if passed.notice == "" {
		passed.tone, passed.notice = good, "That recovery code is used up now."
	}
	return s.pass(w, r, v, c, passed)
}

var errWrong = errors.New("no such recovery code")

// redeem spends one recovery code and approves the challenge in one transaction.
func (s *site) redeem(v visitor, id, mac string) (c challenge, p passage, err error) {
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		if c, _, err = s.find(tx, v, id); err != nil {
			return err
		}
		if c.Done {
			return errSpent
		}
		at := -1
		for i, kept := range a.Recovery {
			if hmac.Equal([]byte(kept), []byte(mac)) {
				at = i
			}
		}
		if at < 0 || c.Purpose != loggingIn && c.Purpose != settings {
			return errWrong
		}
		a.Recovery = slices.Delete(a.Recovery, at, at+1)
		if p, err = s.approve(tx, &c, a, v.key); err != nil {
			return err
		}
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	return c, p, err
}
