package main

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
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
var unpretty = strings.NewReplacer("0", "O", "1", "I", "8", "B")

// recoveryMAC is what is kept of a code. There is no need for a slow hash: nobody
// attempts 80 bits.
func (s *site) recoveryMAC(name, typed string) string {
	return s.mac("recovery", name, unpretty.Replace(strings.ToUpper(verify.CleanCode(typed))))
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
	return s.show(w, r, http.StatusOK, "codes", "Recovery codes", map[string]any{"Codes": codes, "File": file(codes)})
}

// file is a link to the codes as a text, which works without a script and asks
// nobody for them again.
func file(codes []string) template.URL {
	return template.URL("data:text/plain;charset=utf-8," + url.PathEscape(strings.Join(codes, "\r\n")+"\r\n")) //nolint:gosec // G203: letters and digits of ours
}

type recoveryView struct{ ID, Typed, Refusal string }

// recovery asks for a recovery code in place of the code of a challenge.
func (s *site) recovery(w http.ResponseWriter, r *http.Request, _ visitor) error {
	return s.show(w, r, http.StatusOK, "recovery", "Recovery code", recoveryView{ID: r.PathValue("id")})
}

// recover takes a recovery code. It opens a login and changes the factor, which is
// what somebody needs who has lost the phone; it moves no money. A wrong one is
// shown again: one of sixteen letters is soon put right.
func (s *site) recover(w http.ResponseWriter, r *http.Request, v visitor) error {
	view := recoveryView{ID: r.PathValue("id"), Typed: r.PostFormValue("recovery-code")}
	refuse := func(status int, why string) error {
		view.Refusal = why
		return s.show(w, r, status, "recovery", "Recovery code", view)
	}
	if wait := s.counts.recoveries.take(v.account.Name); wait > 0 {
		return refuse(http.StatusTooManyRequests, "Too many wrong recovery codes. You can try again in "+span(wait)+".")
	}
	passed, err := s.spend(v, view.ID, s.recoveryMAC(v.account.Name, view.Typed), s.origin(r, v.account.Name))
	switch {
	case errors.Is(err, errWrong):
		return refuse(http.StatusUnprocessableEntity, "This is not one of your recovery codes, or it was used before.")
	case errors.Is(err, errSpent):
		return seeOther(w, r, "/")
	case err != nil:
		return err
	}
	s.counts.recoveries.give(v.account.Name)
	if passed.notice == "" {
		passed.tone, passed.notice = good, "That recovery code is used up now."
	}
	return s.pass(w, r, v.account.Name, passed)
}

var errWrong = errors.New("no such recovery code")

// spend spends one recovery code and approves the challenge in one transaction.
func (s *site) spend(v visitor, id, mac string, from origin) (p passage, err error) {
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, id)
		if err != nil {
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
		if p, err = s.approve(tx, &c, a, v.key, from); err != nil {
			return err
		}
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	return p, err
}
