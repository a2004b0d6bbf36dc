package main

import (
	"errors"
	"regexp"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// An account is a person. Numbers and Pending are the only places where a whole
// number is kept: everything else knows it masked, or by a keyed hash.
type account struct {
	Name     string
	Password string // argon2id, with its salt and parameters

	Numbers []number // that were proven, the first one first; with one the second factor is on
	Pending string   // a number that is not proven yet
	Wanted  ways     // what to prove of Pending
	Email   string   // of Pending, for a vendor that registers people
	Policy  policy

	App        time.Time // since when an authenticator app is enrolled; zero: none is
	AppBlocked bool      // by wrong codes, until another factor lifts it
	Passkeys   []passkey
	Handle     []byte // names the account within its passkeys
	News       []news // the last changes of all this

	// Failures counts wrong attempts over all codes since the last right one.
	Failures int
	// Sends are when codes were sent, by purpose, within the window.
	Sends map[purpose][]time.Time

	Balance int64  // cents
	Waiting string // the one transfer that may be confirmed
}

// maxFailures is how many wrong attempts in a row a number is good for (NIST SP
// 800-63B-4 section 3.2.2). Then only a recovery code opens the account.
const maxFailures = 100

var (
	errTaken = errors.New("this name is taken")
	isName   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{2,31}$`).MatchString
)

// normalName is the one spelling of a name, so that no second one escapes a limit.
func normalName(typed string) string { return strings.ToLower(strings.TrimSpace(typed)) }

// account returns the account of a name, or false if there is none.
func (s *store) account(name string) (a account, ok bool) {
	_ = s.View(func(tx *bolt.Tx) error { // never fails: it only reads
		a, ok = load[account](tx, accounts, name)
		return nil
	})
	return a, ok
}

// create keeps a new account, or returns errTaken.
func (s *store) create(a account) error {
	return s.Update(func(tx *bolt.Tx) error {
		if _, ok := load[account](tx, accounts, a.Name); ok {
			return errTaken
		}
		return save(tx, accounts, a.Name, a)
	})
}

// change has an account changed in one transaction.
func (s *store) change(name string, by func(*bolt.Tx, *account) error) error {
	return s.Update(func(tx *bolt.Tx) error {
		a, ok := load[account](tx, accounts, name)
		if !ok {
			return errGone
		}
		if err := by(tx, &a); err != nil {
			return err
		}
		return save(tx, accounts, name, a)
	})
}

// forgetTrust ends every other login and every remembered device of an account:
// who changed the lock does not want the old keys to fit.
func forgetTrust(tx *bolt.Tx, name, keep string) error {
	err := dropWhere(tx, logins, name+"/", func(key string, _ login) bool { return key != keep })
	if err != nil {
		return err
	}
	return dropWhere(tx, devices, name+"/", func(string, device) bool { return true })
}
