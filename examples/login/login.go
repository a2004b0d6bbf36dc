package main

import (
	"errors"
	"net/http"
	"time"

	bolt "go.etcd.io/bbolt"
)

type loginView struct{ Name, Refusal string }

// wrongPassword is said of a wrong password and of a name that nobody has.
const wrongPassword = "Wrong name or password."

func (s *site) loginForm(w http.ResponseWriter, r *http.Request) error {
	s.warm(r.Context())
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
	from := s.origin(r, name)
	wait, giveBack := s.counts.password(name, party(s.client(r)), from.key())
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
	key, next, err := s.admit(a, s.sessions.GetString(r.Context(), "login"), from)
	if errors.Is(err, errChanged) {
		return refuse(http.StatusUnauthorized, wrongPassword)
	}
	if err != nil {
		return err
	}
	if err := s.adopt(r.Context(), key); err != nil {
		return err
	}
	return seeOther(w, r, next)
}

// errChanged says that a password was changed while it was compared.
var errChanged = errors.New("the password is another one now")

// admit lets somebody in whose password was right: all the way, or to the page for
// codes and no further. Old is the login that this browser had. The account is
// read again: while the password was compared it may have been changed, which ends
// every login.
func (s *site) admit(compared account, old string, from origin) (key, next string, err error) {
	err = s.store.change(compared.Name, func(tx *bolt.Tx, a *account) error {
		if a.Password != compared.Password {
			return errChanged
		}
		why := s.stricter(a.Policy).asks(from.known, from.network, time.Now())
		full := !a.On() || why == ""
		if key, err = newLogin(tx, a.Name, old, full); err != nil {
			return err
		}
		if full {
			next = "/"
			return used(tx, from)
		}
		c, err := s.start(tx, *a, key, loggingIn, "", why)
		next = "/code/" + c.ID
		return err
	})
	return key, next, err
}

// stricter is the policy of an account, or the site's if that is for everybody.
func (s *site) stricter(p policy) policy {
	if s.policy == always {
		return always
	}
	return p
}

// opened makes a half-open login a full one, and remembers the device if the
// person asked for it.
func (s *site) opened(tx *bolt.Tx, a *account, key string, from origin) (p passage, err error) {
	p.next = "/"
	if p.login, err = newLogin(tx, a.Name, key, true); err != nil {
		return p, err
	}
	if from.known == nil && from.remember && s.stricter(a.Policy) == risky {
		p.device, err = remember(tx, a.Name, from)
		return p, err
	}
	return p, used(tx, from)
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
	wait, giveBack := s.counts.password(v.account.Name, party(s.client(r)), v.key)
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
	var key string
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if _, in := load[login](tx, logins, v.key); !in || a.Password != v.account.Password {
			return errGone // meanwhile somebody else has changed it
		}
		a.Password = hash
		if err := forgetTrust(tx, a.Name, v.key); err != nil {
			return err
		}
		key, err = newLogin(tx, a.Name, v.key, true)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.adopt(r.Context(), key); err != nil {
		return err
	}
	s.say(r, good, "Your password is changed, and you are logged out everywhere else.")
	return seeOther(w, r, "/")
}
