package main

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// recoveryCodes is how many there are at once.
const recoveryCodes = 10

// codesLeft is how many recovery codes an account has, none if nobody knows.
func (s *site) codesLeft(ctx context.Context, name string) int {
	n, err := s.papers.Left(ctx, name)
	if err != nil {
		s.log.Error("recovery codes were not counted", "error", err)
	}
	return n
}

// newCodes shows the button that makes codes.
func (s *site) newCodes(w http.ResponseWriter, r *http.Request, v visitor) error {
	if !v.account.On() {
		s.say(r, unsure, "Recovery codes come with the second factor. Turn it on first.")
		return seeOther(w, r, "/")
	}
	return s.show(w, r, http.StatusOK, "codes", "Recovery codes", map[string]any{
		"Granted": v.login.Grant == grantCodes, "Codes": nil, "Left": s.codesLeft(r.Context(), v.account.Name),
	})
}

// makeCodes makes ten codes and shows them, once: a reload finds its grant spent.
func (s *site) makeCodes(w http.ResponseWriter, r *http.Request, v visitor) error {
	var codes []string
	var granted bool
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if granted, err = takeGrant(tx, v.key, grantCodes); err != nil || !granted {
			return err
		}
		codes, err = s.papers.Replace(within(tx), a.Name)
		return err
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

type recoveryView struct{ ID, Once, Typed, Refusal string }

// recovery asks for a recovery code in place of the code of a challenge.
func (s *site) recovery(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PathValue("id")
	return s.show(w, r, http.StatusOK, "recovery", "Recovery code", recoveryView{ID: id, Once: s.nextForm(v, id)})
}

// nextForm is the name of the next form of a challenge, or nothing if there is none.
func (s *site) nextForm(v visitor, id string) (once string) {
	_ = s.store.View(func(tx *bolt.Tx) error { // whether there is one is for what is posted to say
		c, _, err := s.find(tx, v, id)
		once = c.Once
		return err
	})
	return once
}

// recover takes a recovery code. It opens a login and changes the factor, which is
// what somebody needs who has lost the phone; it moves no money. A wrong one is
// shown again: one of sixteen letters is soon put right.
func (s *site) recover(w http.ResponseWriter, r *http.Request, v visitor) error {
	view := recoveryView{ID: r.PathValue("id"), Typed: r.PostFormValue("recovery-code")}
	refuse := func(status int, why string) error {
		view.Refusal, view.Once = why, s.nextForm(v, view.ID)
		return s.show(w, r, status, "recovery", "Recovery code", view)
	}
	passed, checked, err := s.attemptBy(paperFactor, s.paperChecks, v, view.ID, view.Typed, r.PostFormValue("once"), s.origin(r, v.account.Name))
	switch {
	case errors.Is(err, errSpent):
		return seeOther(w, r, "/")
	case err != nil:
		return err
	case errors.Is(checked, verify.ErrTooManyAttempts):
		return refuse(http.StatusTooManyRequests, "Too many wrong recovery codes. You can try again in "+wait(checked)+".")
	case checked != nil:
		return refuse(http.StatusUnprocessableEntity, "This is not one of your recovery codes, or it was used before.")
	}
	if passed.notice == "" {
		passed.tone, passed.notice = good, "That recovery code is used up now."
	}
	return s.pass(w, r, v.account.Name, passed)
}
