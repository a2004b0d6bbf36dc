package main

import (
	"net/http"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A passage is where an approved challenge leads, or an attempt that was counted.
type passage struct {
	next   string
	notice string
	tone   string
	login  string   // the login to adopt, if it is a new one
	device *device  // that is remembered from now on
	left   []string // numbers that the account gave up
	told   string   // what the person is written about it ...
	to     []string // ... at these numbers
}

// approve ends the challenge, which by has answered, and does what it was for.
func (s *site) approve(tx *bolt.Tx, c *challenge, a *account, by factor, key string, from origin) (passage, error) {
	c.Done, c.Live = true, false
	a.Failures = 0
	delete(a.Sends, c.Purpose)
	told, to := "", a.phones()
	if by == paperFactor {
		told = toldRecovery
	}
	if c.proven() && by != appFactor && a.AppBlocked {
		a.AppBlocked = false
		told = toldBlocked
		if err := s.apps.Reset(within(tx), a.Name); err != nil {
			return passage{}, err
		}
	}
	if told != "" {
		a.note(told)
	}
	p, err := s.approved(tx, c, a, key, from)
	if p.told == "" {
		p.told, p.to = told, to
	}
	return p, err
}

func (s *site) approved(tx *bolt.Tx, c *challenge, a *account, key string, from origin) (passage, error) {
	switch c.Purpose {
	case loggingIn:
		return s.opened(tx, a, key, from)
	case enrolment:
		return s.textsProven(tx, a, key, c)
	case callProof:
		return s.callsProven(tx, a, key, c)
	case settings:
		return s.changed(tx, a, key, c.Subject)
	case transfer:
		return executed(tx, a, c.Subject, time.Now())
	}
	return passage{}, errGone
}

// pass lets somebody through who has typed the right code.
func (s *site) pass(w http.ResponseWriter, r *http.Request, name string, p passage) error {
	answered(r, name, p)
	for _, phone := range p.left {
		s.unregister(r.Context(), phone)
	}
	s.tell(r.Context(), p.to, p.told)
	return s.lead(w, r, name, p)
}

// lead has the browser go on. It does nothing that may not be done twice.
func (s *site) lead(w http.ResponseWriter, r *http.Request, name string, p passage) error {
	if p.login != "" && p.login != s.sessions.GetString(r.Context(), "login") {
		if err := s.adopt(r.Context(), p.login); err != nil {
			return err
		}
	}
	if p.device != nil {
		s.giveCookie(w, name, *p.device)
	}
	if p.notice != "" {
		s.say(r, p.tone, p.notice)
	}
	return seeOther(w, r, p.next)
}
