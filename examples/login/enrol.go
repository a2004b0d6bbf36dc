package main

import (
	"net/http"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// What a proof is about: a pending number that is to be the first one or another
// one, or one that is in use.
const (
	newNumber  = "new"
	moreNumber = "more"
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
	Adds                           bool   // beside a number that is in use
}

// enrol asks for the number.
func (s *site) enrol(w http.ResponseWriter, r *http.Request, v visitor) error {
	if v.account.On() && v.login.Grant != grantNumber && v.login.Grant != grantMore {
		s.say(r, bad, confirmNumber)
		return seeOther(w, r, "/")
	}
	return s.askNumber(w, r, v, http.StatusOK, enrolView{Chosen: s.ways[0]})
}

// confirmNumber is said where a number is to be changed or added without a proof.
const confirmNumber = "To change or add a number, confirm it by a code first."

func (s *site) askNumber(w http.ResponseWriter, r *http.Request, v visitor, status int, view enrolView) error {
	view.Regions, view.Ways, view.Forced = s.regions, s.ways, s.forced(v.account)
	if !slices.Contains(s.ways, calls) && s.allowed.has(verify.ChannelVoice) {
		view.NoCalls = noCalls(s.capabilities)
	}
	if s.registrar != nil {
		view.Registers = s.capabilities.Vendor
	}
	title := "Turn on the second factor"
	if view.Adds = v.login.Grant == grantMore; view.Adds {
		title = "Add another number"
	} else if v.account.On() {
		title = "Change your number"
	}
	return s.show(w, r, status, "enrol", title, view)
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
	if refused == "" && v.login.Grant == grantMore && v.account.has(to) {
		refused = "This is one of your numbers already."
	}
	if refused == "" && s.registrar != nil && !verify.IsEmail(view.Email) {
		refused = "This does not look like an e-mail address."
	}
	if refused != "" {
		view.Refusal = refused
		return s.askNumber(w, r, v, http.StatusUnprocessableEntity, view)
	}
	var c challenge
	granted, which := true, newNumber
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if a.On() {
			act := grantNumber
			if v.login.Grant == grantMore {
				act, which = grantMore, moreNumber
			}
			if granted, err = takeGrant(tx, v.key, act); err != nil || !granted {
				return err
			}
		}
		a.Pending, a.Wanted, a.Email = to, view.Chosen, view.Email
		first := enrolment
		if !a.Wanted.has(verify.ChannelSMS) {
			first = callProof
		}
		c, err = s.start(tx, *a, v.key, first, which, "")
		return err
	})
	if err != nil {
		return err
	}
	if !granted {
		s.say(r, bad, confirmNumber)
		return seeOther(w, r, "/")
	}
	return seeOther(w, r, "/code/"+c.ID)
}

// textsProven goes on to the call, if both ways are wanted, and else keeps the
// number; or it adds text messages to one that is in use.
func (s *site) textsProven(tx *bolt.Tx, a *account, key string, by *challenge) (passage, error) {
	switch {
	case by.Subject == sameNumber:
		a.addWay(by.To, texts)
		return passage{next: "/", tone: good, notice: "From now on you can choose a text message."}, nil
	case a.Wanted == both:
		c, err := s.start(tx, *a, key, callProof, by.Subject, "")
		return passage{next: "/code/" + c.ID, tone: good, notice: "SMS is confirmed. Now confirm calls."}, err
	}
	return s.numberProven(tx, a, key, by.Subject)
}

// callsProven keeps the number, or adds calls to one that is in use.
func (s *site) callsProven(tx *bolt.Tx, a *account, key string, by *challenge) (passage, error) {
	if by.Subject != sameNumber {
		return s.numberProven(tx, a, key, by.Subject)
	}
	a.addWay(by.To, calls)
	return passage{next: "/", tone: good, notice: "From now on you can choose a call."}, nil
}

func (s *site) numberProven(tx *bolt.Tx, a *account, key, which string) (passage, error) {
	if which == moreNumber {
		return s.numberAdded(tx, a, key)
	}
	return turnedOn(tx, a, key)
}

// turnedOn makes the pending number the first one, in place of the one that was.
// Every other login and every device that was remembered ends.
func turnedOn(tx *bolt.Tx, a *account, key string) (passage, error) {
	p := passage{next: "/recovery", tone: good, notice: "The second factor is on."}
	if a.On() {
		p.told, p.to = toldNumber, a.phones()
		a.note(toldNumber)
		p.left = slices.DeleteFunc([]string{a.Numbers[0].Phone}, func(phone string) bool { return phone == a.Pending })
		a.Numbers = a.Numbers[1:]
	}
	first := newNumberOf(a.Pending, a.Wanted)
	others := slices.DeleteFunc(a.Numbers, func(n number) bool { return n.Phone == first.Phone })
	a.Numbers = append([]number{first}, others...)
	a.Pending, a.Wanted, a.Email = "", "", ""
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	var err error
	if p.login, err = newLogin(tx, a.Name, key, true); err != nil {
		return passage{}, err
	}
	return p, giveGrant(tx, p.login, grantCodes)
}
