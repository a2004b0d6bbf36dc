package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	bolt "go.etcd.io/bbolt"
)

// How long a login lasts.
const (
	fullLife  = 12 * time.Hour
	halfLife  = 15 * time.Minute // between password and code
	idleLife  = 30 * time.Minute
	grantLife = 10 * time.Minute
)

// A login is what a session holds the key of. The truth about it is here and not
// in the session: scs writes a session back as the request found it, so that a
// slow request could bring back what a logout has just ended.
type login struct {
	Account string
	Full    bool // false: the password was right, and the code is still missing
	Seen    time.Time
	Ends    time.Time
	Grant   string // one act that was confirmed by a code, and not yet done
	Granted time.Time
	Passkey *webauthn.SessionData // the question for a new passkey that is open
}

func (l login) over(now time.Time) bool {
	return now.After(l.Ends) || now.Sub(l.Seen) > idleLife
}

// A visitor is somebody whose password was right.
type visitor struct {
	key     string // of the login
	login   login
	account account
}

// newLogin begins a login and ends the one at old, if any.
func newLogin(tx *bolt.Tx, name, old string, full bool) (key string, err error) {
	if old != "" {
		if err := drop(tx, logins, old); err != nil {
			return "", err
		}
	}
	now, life := time.Now(), halfLife
	if full {
		life = fullLife
	}
	key = name + "/" + rand.Text()
	return key, save(tx, logins, key, login{Account: name, Full: full, Seen: now, Ends: now.Add(life)})
}

// adopt gives the browser a new session, which alone knows the login: whatever
// token somebody planted before is worth nothing.
func (s *site) adopt(ctx context.Context, key string) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, "login", key)
	return nil
}

// visitor returns who is there, or false. The login is idle no longer.
func (s *site) visitor(r *http.Request) (visitor, bool) {
	v, ok := s.peek(r)
	if now := time.Now(); ok && now.Sub(v.login.Seen) > time.Minute { // a write a minute is enough
		return v, s.touch(v.key, now) == nil
	}
	return v, ok
}

// peek is visitor for a page that loads itself again: it keeps no login from
// getting idle.
func (s *site) peek(r *http.Request) (visitor, bool) {
	v := visitor{key: s.sessions.GetString(r.Context(), "login")}
	if v.key == "" {
		return v, false
	}
	now, found := time.Now(), false
	_ = s.store.View(func(tx *bolt.Tx) error { // never fails: it only reads
		if v.login, found = load[login](tx, logins, v.key); found {
			v.account, found = load[account](tx, accounts, v.login.Account)
		}
		return nil
	})
	return v, found && !v.login.over(now)
}

func (s *site) touch(key string, now time.Time) error {
	return s.store.Update(func(tx *bolt.Tx) error {
		l, ok := load[login](tx, logins, key)
		if !ok {
			return errGone
		}
		l.Seen = now
		return save(tx, logins, key, l)
	})
}

// takeGrant spends the act that a code has confirmed. It reports false if none,
// or another one, was.
func takeGrant(tx *bolt.Tx, key, act string) (bool, error) {
	l, ok := load[login](tx, logins, key)
	if !ok || l.Grant != act || time.Since(l.Granted) > grantLife {
		return false, nil
	}
	l.Grant = ""
	return true, save(tx, logins, key, l)
}

func giveGrant(tx *bolt.Tx, key, act string) error {
	l, ok := load[login](tx, logins, key)
	if !ok {
		return errGone
	}
	l.Grant, l.Granted = act, time.Now()
	return save(tx, logins, key, l)
}

// logout ends the login and the session.
func (s *site) logout(w http.ResponseWriter, r *http.Request) error {
	if key := s.sessions.GetString(r.Context(), "login"); key != "" {
		err := s.store.Update(func(tx *bolt.Tx) error { return drop(tx, logins, key) })
		if err != nil {
			return err
		}
	}
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	return seeOther(w, r, "/?"+loggedOut)
}
