package main

import (
	"net/http"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// Acts that a code allows once.
const (
	grantCodes  = "codes"  // make recovery codes
	grantNumber = "number" // enrol another number
)

const turnOff = "off"

// Acts that add a way to the number in use.
const (
	addCalls = "calls"
	addTexts = "texts"
)

const policyPrefix = "policy:"

var changes = map[string]string{
	turnOff:                    "You are turning the second factor off.",
	grantCodes:                 "You are asking for new recovery codes. The old ones end.",
	grantNumber:                "You are changing your phone number.",
	addCalls:                   "You want to receive codes by calls, too.",
	addTexts:                   "You want to receive codes by text messages, too.",
	"policy:" + string(never):  "You want to log in without a code from now on.",
	"policy:" + string(risky):  "You want to be asked for a code when a log-in looks unusual.",
	"policy:" + string(always): "You want to be asked for a code at every log-in.",
}

// home shows the account, or the way in.
func (s *site) home(w http.ResponseWriter, r *http.Request) error {
	v, ok := s.visitor(r)
	if !ok || !v.login.Full {
		return s.show(w, r, http.StatusOK, "home", "A bank with a second factor", nil)
	}
	if s.forced(v.account) {
		return seeOther(w, r, "/enrol")
	}
	view := map[string]any{
		"Account": v.account, "To": verify.Mask(v.account.Phone), "Left": len(v.account.Recovery), "Grant": v.login.Grant,
		"Devices": s.deviceList(r, v.account.Name), "Always": s.policy == always,
		"Payments": s.payments(v.account.Name), "NoTransfer": s.noTransfer(v.account),
		"AddCalls": s.canAdd(v.account, calls), "AddTexts": s.canAdd(v.account, texts), "Decides": s.registrar != nil,
	}
	if s.allowed.has(verify.ChannelVoice) {
		view["NoCalls"] = noCalls(s.capabilities)
	}
	return s.show(w, r, http.StatusOK, "account", "Your account", view)
}

// canAdd reports whether a way can be added to the number in use.
func (s *site) canAdd(a account, w ways) bool {
	return a.On && a.Ways != w && a.Ways != both && slices.Contains(s.ways, w)
}

// may reports whether a change can be asked for.
func (s *site) may(a account, act string) bool {
	_, known := changes[act]
	switch {
	case !known || !a.On:
		return false
	case act == addCalls:
		return s.canAdd(a, calls)
	case act == addTexts:
		return s.canAdd(a, texts)
	case act == turnOff || strings.HasPrefix(act, policyPrefix):
		return s.policy != always // which is for everybody
	}
	return true
}

// ask begins a change of the factor, which the factor itself must allow.
func (s *site) ask(w http.ResponseWriter, r *http.Request, v visitor) error {
	act := r.PostFormValue("act")
	if act == "policy" {
		act = policyPrefix + r.PostFormValue("policy")
	}
	if !s.may(v.account, act) {
		return errGone
	}
	if act == policyPrefix+string(v.account.Policy) {
		return seeOther(w, r, "/")
	}
	var c challenge
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		c, err = s.start(tx, *a, v.key, settings, act, changes[act])
		return err
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/code/"+c.ID)
}

// changed does what the code has allowed.
func (s *site) changed(tx *bolt.Tx, a *account, key, act string) (passage, error) {
	if !s.may(*a, act) {
		return passage{}, errGone
	}
	if p, ok := strings.CutPrefix(act, policyPrefix); ok {
		a.Policy = policy(p)
		return passage{next: "/", tone: good, notice: "Changed."}, nil
	}
	switch act {
	case turnOff:
		return turnedOff(tx, a, key)
	case grantCodes:
		return passage{next: "/recovery"}, giveGrant(tx, key, act)
	case grantNumber:
		return passage{next: "/enrol"}, giveGrant(tx, key, act)
	case addCalls:
		c, err := s.start(tx, *a, key, callProof, sameNumber, "")
		return passage{next: "/code/" + c.ID}, err
	case addTexts:
		c, err := s.start(tx, *a, key, enrolment, sameNumber, "")
		return passage{next: "/code/" + c.ID}, err
	}
	return passage{}, errGone
}

func turnedOff(tx *bolt.Tx, a *account, key string) (passage, error) {
	left := a.Phone
	a.On, a.Ways, a.Phone, a.Recovery, a.Waiting = false, "", "", nil, ""
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	renewed, err := newLogin(tx, a.Name, key, true)
	return passage{
		next: "/", login: renewed, left: left, tone: good, notice: "The second factor is off, and your number is forgotten.",
	}, err
}
