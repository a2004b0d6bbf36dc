package main

import (
	"net/http"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// What a call proves: a number that is pending, or the one that is in use.
const (
	newNumber  = "new"
	sameNumber = "same"
)

type enrolView struct {
	Number, Region, Refusal string
	Regions                 []region
	Calls                   bool // the strict way can be offered
	Vendor                  string
	Strict                  bool
}

// enrol asks for the number.
func (s *site) enrol(w http.ResponseWriter, r *http.Request, v visitor) error {
	if v.account.On && v.login.Grant != grantNumber {
		s.say(r, bad, "To change the number, confirm it by a code first.")
		return seeOther(w, r, "/")
	}
	return s.askNumber(w, r, http.StatusOK, enrolView{})
}

func (s *site) askNumber(w http.ResponseWriter, r *http.Request, status int, view enrolView) error {
	view.Regions, view.Calls, view.Vendor = s.regions, offers(s.capabilities, verify.ChannelVoice), s.capabilities.Vendor
	return s.show(w, r, status, "enrol", "Turn on the second factor", view)
}

// takeNumber keeps the number as pending and asks to prove it. The factor is on
// only then.
func (s *site) takeNumber(w http.ResponseWriter, r *http.Request, v visitor) error {
	view := enrolView{
		Number: r.PostFormValue("number"), Region: r.PostFormValue("region"),
		Strict: r.PostFormValue("strict") == "on" && offers(s.capabilities, verify.ChannelVoice),
	}
	to, refused := normalize(view.Number, view.Region, s.codes)
	if refused != "" {
		view.Refusal = refused
		return s.askNumber(w, r, http.StatusUnprocessableEntity, view)
	}
	var c challenge
	granted := true
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if a.On {
			if granted, err = takeGrant(tx, v.key, grantNumber); err != nil || !granted {
				return err
			}
		}
		a.Pending, a.Strict = to, view.Strict
		c, err = s.start(tx, *a, v.key, enrolment, "", "")
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

// numberProven goes on to the call, if one was asked for, and else turns the
// factor on.
func (s *site) numberProven(tx *bolt.Tx, a *account, key string) (passage, error) {
	if !a.Strict {
		return turnedOn(tx, a, key, false)
	}
	c, err := s.start(tx, *a, key, callProof, newNumber, "")
	return passage{
		next: "/code/" + c.ID, tone: good,
		notice: "Messages to this number are yours. Now the calls.",
	}, err
}

// callsProven turns the factor on, or adds calls to one that is on.
func callsProven(tx *bolt.Tx, a *account, key, which string) (passage, error) {
	if which == newNumber {
		return turnedOn(tx, a, key, true)
	}
	a.Calls = true
	return passage{next: "/", tone: good, notice: "From now on you can choose a call."}, nil
}

// turnedOn makes the pending number the one. Every other login and every device
// that was remembered ends.
func turnedOn(tx *bolt.Tx, a *account, key string, calls bool) (passage, error) {
	a.On, a.Phone, a.Calls = true, a.Pending, calls
	a.Pending, a.Strict = "", false
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	renewed, err := newLogin(tx, a.Name, key, true)
	if err != nil {
		return passage{}, err
	}
	return passage{
		next: "/recovery", login: renewed, tone: good, notice: "The second factor is on.",
	}, giveGrant(tx, renewed, grantCodes)
}
