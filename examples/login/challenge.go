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
	To      string // the id of the proven number that is asked; empty: the pending one
	Number  string // a keyed hash of that number, which may not change meanwhile
	Why     string // the person is asked

	Form     string    // the next send: a form that was posted before finds it gone
	Once     string    // names the next form for a code ...
	Last     string    // ... and the one before, which may be posted twice
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

// start makes the one challenge that a login has for a purpose. A proven number is
// the first that can get such a code.
func (s *site) start(tx *bolt.Tx, a account, login string, p purpose, subject, why string) (challenge, error) {
	to := ""
	if p != enrolment && p != callProof {
		choices := s.choices(a, p)
		if len(choices) == 0 {
			return challenge{}, errGone
		}
		to = choices[0].ID
	}
	return s.startAt(tx, a, to, login, p, subject, why)
}

// startAt asks a number of the account, or with an empty id the pending one.
func (s *site) startAt(tx *bolt.Tx, a account, to, login string, p purpose, subject, why string) (challenge, error) {
	err := dropWhere(tx, challenges, a.Name+"/", func(_ string, c challenge) bool {
		return c.Login == login && c.Purpose == p
	})
	if err != nil {
		return challenge{}, err
	}
	c := challenge{
		ID: rand.Text(), Login: login, Purpose: p, Subject: subject, Why: why, Form: rand.Text(), Once: rand.Text(),
		To: to, Ends: time.Now().Add(challengeLife),
	}
	c.Number = s.mac("number", c.to(a).Phone)
	return c, save(tx, challenges, a.Name+"/"+c.ID, c)
}

// attempted gives the next form another name. It returns the idempotency key of the
// attempt, which is the name of the form that was posted, or nothing if we did not make
// that: what a browser chooses is no key.
func (c *challenge) attempted(once string) []verify.CheckOption {
	known := once == c.Once || once == c.Last && c.Last != ""
	if once == c.Once {
		c.Last, c.Once = c.Once, rand.Text()
	}
	if !known {
		return nil
	}
	return []verify.CheckOption{verify.WithIdempotencyKey(once)}
}

// to is the number whose owner is asked. It has no Phone if the account has it no
// more.
func (c challenge) to(a account) number {
	if c.To == "" {
		return number{Phone: a.Pending, Ways: a.Wanted}
	}
	n, _ := a.number(c.To)
	return n
}

// proven reports whether the number is one that the account has proven before.
func (c challenge) proven() bool { return c.To != "" }

// chooses reports whether the person may have another number asked.
func (c challenge) chooses() bool { return c.Purpose != enrolment && c.Purpose != callProof }

// find returns the challenge of this login, and errGone for everybody else.
func (s *site) find(tx *bolt.Tx, v visitor, id string) (challenge, account, error) {
	a, known := load[account](tx, accounts, v.account.Name)
	c, ok := load[challenge](tx, challenges, v.account.Name+"/"+id)
	if _, in := load[login](tx, logins, v.key); !known || !ok || !in || c.Login != v.key || time.Now().After(c.Ends) {
		return challenge{}, account{}, errGone
	}
	if to := c.to(a).Phone; to == "" || c.Number != s.mac("number", to) {
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
