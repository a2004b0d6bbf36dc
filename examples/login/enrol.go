package main

import (
	"net/http"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// What a proof is about: a number that is pending, or the one that is in use.
const (
	newNumber  = "new"
	sameNumber = "same"
)

type enrolView struct {
	Number, Region, Email, Refusal string
	Regions                        []region
	Ways                           []ways
	Chosen                         ways
	NoCalls                        string // why calls cannot be chosen
	Registers                      string // the vendor that people are registered with, or empty
	Forced                         bool   // nothing else opens
}

// enrol asks for the number.
func (s *site) enrol(w http.ResponseWriter, r *http.Request, v visitor) error {
	if v.account.On && v.login.Grant != grantNumber {
		s.say(r, bad, "To change the number, confirm it by a code first.")
		return seeOther(w, r, "/")
	}
	return s.askNumber(w, r, v, http.StatusOK, enrolView{Chosen: s.ways[0]})
}

func (s *site) askNumber(w http.ResponseWriter, r *http.Request, v visitor, status int, view enrolView) error {
	view.Regions, view.Ways, view.Forced = s.regions, s.ways, s.forced(v.account)
	if !slices.Contains(s.ways, calls) && s.allowed.has(verify.ChannelVoice) {
		view.NoCalls = noCalls(s.capabilities)
	}
	if s.registrar != nil {
		view.Registers = s.capabilities.Vendor
	}
	return s.show(w, r, status, "enrol", "Turn on the second factor", view)
}

// takeNumber keeps the number as pending and asks to prove it. The factor is on
// only then.
func (s *site) takeNumber(w http.ResponseWriter, r *http.Request, v visitor) error {
	view := enrolView{
		Number: r.PostFormValue("number"), Region: r.PostFormValue("region"),
		Chosen: ways(r.PostFormValue("ways")), Email: strings.TrimSpace(r.PostFormValue("email")),
	}
	if !slices.Contains(s.ways, view.Chosen) {
		view.Chosen = s.ways[0]
	}
	to, refused := normalize(view.Number, view.Region, s.codes)
	if refused == "" && s.registrar != nil && !verify.IsEmail(view.Email) {
		refused = "This does not look like an e-mail address."
	}
	if refused != "" {
		view.Refusal = refused
		return s.askNumber(w, r, v, http.StatusUnprocessableEntity, view)
	}
	var c challenge
	granted := true
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if a.On {
			if granted, err = takeGrant(tx, v.key, grantNumber); err != nil || !granted {
				return err
			}
		}
		a.Pending, a.Wanted, a.Email = to, view.Chosen, view.Email
		first := enrolment
		if !a.Wanted.has(verify.ChannelSMS) {
			first = callProof
		}
		c, err = s.start(tx, *a, v.key, first, newNumber, "")
		return err
	})
	if err != nil {
		return err
	}
	if !granted {
		s.say(r, bad, "To change the number, confirm it by a code first.")
		return seeOther(w, r, "/")
	}
	return seeOther(w, r, "/code/"+c.ID)
}

// textsProven goes on to the call, if both ways are wanted, and else turns the
// factor on; or it adds text messages to a number that is in use.
func (s *site) textsProven(tx *bolt.Tx, a *account, key, which string) (passage, error) {
	switch {
	case which == sameNumber:
		a.Ways = a.Ways.plus(texts)
		return passage{next: "/", tone: good, notice: "From now on you can choose a text message."}, nil
	case a.Wanted == both:
		c, err := s.start(tx, *a, key, callProof, newNumber, "")
		return passage{next: "/code/" + c.ID, tone: good, notice: "SMS is confirmed. Now confirm calls."}, err
	}
	return turnedOn(tx, a, key)
}

// callsProven turns the factor on, or adds calls to a number that is in use.
func callsProven(tx *bolt.Tx, a *account, key, which string) (passage, error) {
	if which == newNumber {
		return turnedOn(tx, a, key)
	}
	a.Ways = a.Ways.plus(calls)
	return passage{next: "/", tone: good, notice: "From now on you can choose a call."}, nil
}

// turnedOn makes the pending number the one. Every other login and every device
// that was remembered ends.
func turnedOn(tx *bolt.Tx, a *account, key string) (passage, error) {
	left, told := a.Phone, ""
	if left != "" {
		told = toldNumber
		a.note(told)
	}
	a.On, a.Phone, a.Ways = true, a.Pending, a.Wanted
	a.Pending, a.Wanted, a.Email = "", "", ""
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	renewed, err := newLogin(tx, a.Name, key, true)
	if err != nil {
		return passage{}, err
	}
	return passage{
		next: "/recovery", login: renewed, left: left, tone: good, notice: "The second factor is on.",
		told: told, to: left,
	}, giveGrant(tx, renewed, grantCodes)
}
