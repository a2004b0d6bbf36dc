package main

import (
	"net/http"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// Acts that a code allows once.
const (
	grantCodes  = "codes"  // make recovery codes
	grantNumber = "number" // enrol another number
)

const policyPrefix = "policy:"

var changes = map[string]string{
	"off":                      "You are turning the second factor off.",
	grantCodes:                 "You are asking for new recovery codes. The old ones end.",
	grantNumber:                "You are changing your phone number.",
	"calls":                    "You want to receive codes by calls, too.",
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
	return s.show(w, r, http.StatusOK, "account", "Your account", map[string]any{
		"Account": v.account, "To": verify.Mask(v.account.Phone), "Left": len(v.account.Recovery), "Grant": v.login.Grant,
		"Devices": s.deviceList(r, v.account.Name), "Calls": offers(s.capabilities, verify.ChannelVoice), "Vendor": s.capabilities.Vendor,
		"Payments": s.payments(v.account.Name), "NoTransfer": s.noTransfer(),
	})
}

// ask begins a change of the factor, which the factor itself must allow.
func (s *site) ask(w http.ResponseWriter, r *http.Request, v visitor) error {
	act := r.PostFormValue("act")
	if act == "policy" {
		act = policyPrefix + r.PostFormValue("policy")
	}
	why, known := changes[act]
	if !known || !v.account.On || act == "calls" && !offers(s.capabilities, verify.ChannelVoice) {
		return errGone
	}
	if act == policyPrefix+string(v.account.Policy) {
		return seeOther(w, r, "/")
	}
	var c challenge
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		c, err = s.start(tx, *a, v.key, settings, act, why)
		return err
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/code/"+c.ID)
}

// changed does what the code has allowed.
func (s *site) changed(tx *bolt.Tx, a *account, key, act string) (passage, error) {
	if p, ok := strings.CutPrefix(act, policyPrefix); ok {
		a.Policy = policy(p)
		return passage{next: "/", tone: good, notice: "Changed."}, nil
	}
	switch act {
	case "off":
		return turnedOff(tx, a, key)
	case grantCodes:
		return passage{next: "/recovery"}, giveGrant(tx, key, act)
	case grantNumber:
		return passage{next: "/enrol"}, giveGrant(tx, key, act)
	case "calls":
		c, err := s.start(tx, *a, key, callProof, sameNumber, "")
		return passage{next: "/code/" + c.ID}, err
	}
	return passage{}, errGone
}

func turnedOff(tx *bolt.Tx, a *account, key string) (passage, error) {
	a.On, a.Calls, a.Phone, a.Recovery, a.Waiting = false, false, "", nil, ""
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	renewed, err := newLogin(tx, a.Name, key, true)
	return passage{next: "/", login: renewed, tone: good, notice: "The second factor is off, and your number is forgotten."}, err
}
