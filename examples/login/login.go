package main

import (
	"net/http"
	"time"

	bolt "go.etcd.io/bbolt"
)

type loginView struct{ Name, Refusal string }

// wrongPassword is said of a wrong password and of a name that nobody has.
const wrongPassword = "This name and this password do not belong together."

func (s *site) loginForm(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "login", "Log in", loginView{})
}

// login is the first step. Nothing that it says or does, the time it takes
// included, differs between a wrong password and a name that nobody has.
func (s *site) login(w http.ResponseWriter, r *http.Request) error {
	name, password := normalName(r.PostFormValue("name")), r.PostFormValue("password")
	typed := name
	refuse := func(status int, why string) error {
		return s.show(w, r, status, "login", "Log in", loginView{typed, why})
	}
	if !isName(name) || len(password) > maxPassword {
		name, password = "", "" // nobody's: it goes the whole way all the same
	}
	known := s.device(r, name)
	wait, giveBack := s.counts.password(name, party(s.client(r)), known)
	if wait > 0 {
		return refuse(http.StatusTooManyRequests, "Too many tries. Please try again in "+span(wait)+".")
	}
	a, _ := s.store.account(name)
	ok, err := s.passwords.matches(r.Context(), a.Password, password)
	if err != nil {
		return err
	}
	if !ok {
		return refuse(http.StatusUnauthorized, wrongPassword)
	}
	giveBack()
	return s.admit(w, r, a, known)
}

// admit lets somebody in whose password was right: all the way, or to the page for
// codes and no further.
func (s *site) admit(w http.ResponseWriter, r *http.Request, a account, known *device) error {
	why := a.Policy.asks(known, network(s.client(r)), time.Now())
	if !a.On || why == "" {
		if known != nil {
			if err := s.remember(w, r, a.Name, known); err != nil {
				return err
			}
		}
		return s.enter(w, r, a.Name, true, "/")
	}
	var key string
	var c challenge
	err := s.store.Update(func(tx *bolt.Tx) (err error) {
		if key, err = newLogin(tx, a.Name, s.sessions.GetString(r.Context(), "login"), false); err != nil {
			return err
		}
		c, err = s.start(tx, a, key, loggingIn, "", why)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.adopt(r.Context(), key); err != nil {
		return err
	}
	return seeOther(w, r, "/code/"+c.ID)
}

// opened makes a half-open login a full one.
func opened(tx *bolt.Tx, a *account, key string) (passage, error) {
	renewed, err := newLogin(tx, a.Name, key, true)
	return passage{next: "/", login: renewed}, err
}

func (s *site) passwordForm(w http.ResponseWriter, r *http.Request, _ visitor) error {
	return s.show(w, r, http.StatusOK, "password", "Change the password", "")
}

// changePassword takes the old one, and ends every other login and every
// remembered device.
func (s *site) changePassword(w http.ResponseWriter, r *http.Request, v visitor) error {
	refuse := func(status int, why string) error {
		return s.show(w, r, status, "password", "Change the password", why)
	}
	if why := refusePassword(v.account.Name, r.PostFormValue("new-password")); why != "" {
		return refuse(http.StatusUnprocessableEntity, why)
	}
	wait, giveBack := s.counts.password(v.account.Name, party(s.client(r)), nil)
	if wait > 0 {
		return refuse(http.StatusTooManyRequests, "Too many tries. Please try again in "+span(wait)+".")
	}
	ok, err := s.passwords.matches(r.Context(), v.account.Password, r.PostFormValue("password"))
	if err != nil {
		return err
	}
	if !ok {
		return refuse(http.StatusUnauthorized, "This is not your password.")
	}
	giveBack()
	hash, err := s.passwords.hash(r.Context(), r.PostFormValue("new-password"))
	if err != nil {
		return err
	}
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		a.Password = hash
		return forgetTrust(tx, a.Name, v.key)
	})
	if err != nil {
		return err
	}
	s.say(r, good, "Your password is changed, and you are logged out everywhere else.")
	return s.enter(w, r, v.account.Name, true, "/")
}
