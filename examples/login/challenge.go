package main

import (
	"crypto/rand"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

const (
	challengeLife = 30 * time.Minute
	codeAttempts  = 5
	sendTimeout   = 20 * time.Second // longer than a Send may take
)

var (
	errGone  = errors.New("there is no such record")
	errSpent = errors.New("this was done before")
)

// A challenge is one question for a code, asked of one login for one purpose.
// The number of attempts, of sends and of approvals is counted here, each in one
// transaction before it is used: two requests at once get no more than one.
type challenge struct {
	ID      string
	Login   string // only this login may send, attempt, and be let in
	Purpose purpose
	Subject string // what exactly is allowed: a transfer, a change, a new number or the same
	Number  string // a keyed hash of the number, which may not change meanwhile
	Why     string // the person is asked

	Form     string    // the next send: a form that was posted before finds it gone
	Sending  time.Time // zero: no send is under way
	Wait     time.Time // before this the vendor sends no more
	Live     bool      // a code may be out
	Channel  verify.Channel
	Digits   int       // zero if unknown
	Sent     time.Time // the code that may be out
	Expires  time.Time // zero if unknown
	Attempts int       // on this code
	Done     bool
	Passkey  *webauthn.SessionData // the question for a passkey that is open
	Ends     time.Time
}

// start makes the one challenge that a login has for a purpose.
func (s *site) start(tx *bolt.Tx, a account, login string, p purpose, subject, why string) (challenge, error) {
	err := dropWhere(tx, challenges, a.Name+"/", func(_ string, c challenge) bool {
		return c.Login == login && c.Purpose == p
	})
	if err != nil {
		return challenge{}, err
	}
	c := challenge{
		ID: rand.Text(), Login: login, Purpose: p, Subject: subject, Why: why, Form: rand.Text(),
		Ends: time.Now().Add(challengeLife),
	}
	c.Number = s.mac("number", c.to(a))
	return c, save(tx, challenges, a.Name+"/"+c.ID, c)
}

// to is the number whose owner is asked.
func (c challenge) to(a account) string {
	if c.proven() {
		return a.Phone
	}
	return a.Pending
}

// proven reports whether the number is one that the account has proven before.
func (c challenge) proven() bool {
	return c.Purpose != enrolment && c.Purpose != callProof || c.Subject == sameNumber
}

// find returns the challenge of this login, and errGone for everybody else.
func (s *site) find(tx *bolt.Tx, v visitor, id string) (challenge, account, error) {
	a, known := load[account](tx, accounts, v.account.Name)
	c, ok := load[challenge](tx, challenges, v.account.Name+"/"+id)
	if _, in := load[login](tx, logins, v.key); !known || !ok || !in || c.Login != v.key || time.Now().After(c.Ends) {
		return challenge{}, account{}, errGone
	}
	if to := c.to(a); to == "" || c.Number != s.mac("number", to) {
		return challenge{}, account{}, errGone
	}
	return c, a, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
