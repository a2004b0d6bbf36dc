package main

import (
	"errors"
	"net/http"

	bolt "go.etcd.io/bbolt"
)

type signupView struct{ Name, Refusal string }

func (s *site) signupForm(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "signup", "Sign up", signupView{})
}

// signup makes an account. That a name is taken cannot be hidden from somebody who
// wants it, so that names are not e-mail addresses, and tries are counted.
func (s *site) signup(w http.ResponseWriter, r *http.Request) error {
	name, password := normalName(r.PostFormValue("name")), r.PostFormValue("password")
	refuse := func(status int, why string) error {
		return s.show(w, r, status, "signup", "Sign up", signupView{name, why})
	}
	if !isName(name) {
		return refuse(http.StatusUnprocessableEntity, "A name has 3 to 32 letters, digits, dots and hyphens.")
	}
	if why := refusePassword(name, password); why != "" {
		return refuse(http.StatusUnprocessableEntity, why)
	}
	if wait := s.counts.signups.take(party(s.client(r))); wait > 0 {
		return refuse(http.StatusTooManyRequests, "Too many sign-ups came from your network. Please try again in "+span(wait)+".")
	}
	hash, err := s.passwords.hash(r.Context(), password)
	if err != nil {
		return err
	}
	err = s.store.create(account{Name: name, Password: hash, Policy: s.policy, Balance: firstBalance})
	if errors.Is(err, errTaken) {
		return refuse(http.StatusUnprocessableEntity, "This name is taken. Please choose another one.")
	}
	if err != nil {
		return err
	}
	var key string
	err = s.store.Update(func(tx *bolt.Tx) (err error) {
		key, err = newLogin(tx, name, s.sessions.GetString(r.Context(), "login"), true)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.adopt(r.Context(), key); err != nil {
		return err
	}
	s.say(r, good, "Welcome. Now turn on the second factor.")
	return seeOther(w, r, "/")
}
