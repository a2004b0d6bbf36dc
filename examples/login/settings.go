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
	grantCodes   = "codes"   // make recovery codes
	grantNumber  = "number"  // enrol another number in place of the first one
	grantMore    = "more"    // enrol one beside it
	grantPasskey = "passkey" // add a passkey
	grantApp     = "app"     // add an authenticator app
)

const (
	turnOff   = "off"
	removeApp = "noapp"
)

// What these acts are about stands behind the prefix.
const (
	policyPrefix  = "policy:"
	removePasskey = "nopasskey:"
	removeNumber  = "nonumber:"
	addCalls      = "calls:" // to one of the numbers
	addTexts      = "texts:"
)

var changes = map[string]string{
	turnOff:                    "You are turning the second factor off.",
	grantCodes:                 "You are asking for new recovery codes. The old ones end.",
	grantNumber:                "You are changing your phone number.",
	grantApp:                   "You are adding an authenticator app.",
	grantPasskey:               "You are adding a passkey.",
	removeApp:                  "You are removing the authenticator app.",
	grantMore:                  "You are adding another phone number.",
	addCalls:                   "You want to receive codes by calls, too.",
	addTexts:                   "You want to receive codes by text messages, too.",
	removeNumber:               "You are removing a phone number.",
	removePasskey:              "You are removing a passkey.",
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
		"Account": v.account, "Numbers": s.numberList(v.account, v.account.Numbers, ""), "Left": s.codesLeft(r.Context(), v.account.Name), "Grant": v.login.Grant,
		"Devices": s.deviceList(r, v.account.Name), "Always": s.policy == always,
		"Payments": s.payments(v.account.Name), "NoTransfer": s.noTransfer(v.account),
		"Decides": s.registrar != nil, "CanAddNumber": s.may(v.account, grantMore),
		"CanPasskey": s.may(v.account, grantPasskey), "Passkeys": s.passkeyList(v.account),
		"CanApp": s.may(v.account, grantApp), "HasApp": !v.account.App.IsZero(), "AppCounts": slices.Contains(s.factors, appFactor),
		"CanRemoveApp": s.may(v.account, removeApp), "AppSince": day(v.account.App), "PhoneCounts": slices.Contains(s.factors, phoneFactor),
	}
	if s.allowed.has(verify.ChannelVoice) {
		view["NoCalls"] = noCalls(s.capabilities)
	}
	return s.show(w, r, http.StatusOK, "account", "Your account", view)
}

// canAdd reports whether a way can be added to a number in use.
func (s *site) canAdd(n number, w ways) bool {
	return n.Ways != w && n.Ways != both && slices.Contains(s.ways, w)
}

// may reports whether a change can be asked for.
func (s *site) may(a account, act string) bool {
	if id, ok := strings.CutPrefix(act, removePasskey); ok {
		return a.On() && s.mayRemovePasskey(a, id)
	}
	if verb, id, ok := ofNumber(act); ok {
		return s.mayOnNumber(a, verb, id)
	}
	_, known := changes[act]
	switch {
	case !known || !a.On():
		return false
	case act == grantApp:
		return a.App.IsZero() && slices.Contains(s.factors, appFactor)
	case act == grantPasskey:
		return s.web != nil && slices.Contains(s.factors, passkeyFactor) && len(a.Passkeys) < maxPasskeys
	case act == removeApp:
		return !a.App.IsZero() && !s.isLast(a, appFactor)
	case act == grantMore:
		return len(a.Numbers) < maxNumbers
	case act == turnOff || strings.HasPrefix(act, policyPrefix):
		return s.policy != always // which is for everybody
	}
	return true
}

// mayOnNumber does it for one number. The last one is removed with the factor alone.
func (s *site) mayOnNumber(a account, verb, id string) bool {
	n, ok := a.number(id)
	switch {
	case !ok:
		return false
	case verb == addCalls:
		return s.canAdd(n, calls)
	case verb == addTexts:
		return s.canAdd(n, texts)
	}
	return len(a.Numbers) > 1
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
	why := changes[act]
	if verb, _, ok := strings.Cut(act, ":"); ok && why == "" {
		why = changes[verb+":"]
	}
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
	if !s.may(*a, act) {
		return passage{}, errGone
	}
	if p, ok := strings.CutPrefix(act, policyPrefix); ok {
		a.Policy = policy(p)
		return passage{next: "/", tone: good, notice: "Changed."}, nil
	}
	if id, ok := strings.CutPrefix(act, removePasskey); ok {
		return s.passkeyRemoved(tx, a, key, id)
	}
	if verb, id, ok := ofNumber(act); ok {
		return s.changedNumber(tx, a, key, verb, id)
	}
	switch act {
	case grantPasskey:
		return passage{next: "/passkeys"}, giveGrant(tx, key, act)
	case turnOff:
		return s.turnedOff(tx, a, key)
	case grantApp:
		return passage{next: "/app"}, giveGrant(tx, key, act)
	case removeApp:
		return s.appRemoved(tx, a, key)
	case grantCodes:
		return passage{next: "/recovery"}, giveGrant(tx, key, act)
	case grantNumber, grantMore:
		return passage{next: "/enrol"}, giveGrant(tx, key, act)
	}
	return passage{}, errGone
}

// changedNumber removes a number, or asks for the proof of another way to it.
func (s *site) changedNumber(tx *bolt.Tx, a *account, key, verb, id string) (passage, error) {
	proof := enrolment
	switch verb {
	case removeNumber:
		return s.numberRemoved(tx, a, key, id)
	case addCalls:
		proof = callProof
	}
	c, err := s.startAt(tx, *a, id, key, proof, sameNumber, "")
	return passage{next: "/code/" + c.ID}, err
}

func (s *site) turnedOff(tx *bolt.Tx, a *account, key string) (passage, error) {
	left := a.phones()
	a.Numbers, a.Waiting = nil, ""
	a.note(toldTurnedOff)
	if err := s.dropApp(tx, a); err != nil {
		return passage{}, err
	}
	if err := dropPasskeys(tx, a); err != nil {
		return passage{}, err
	}
	if err := s.papers.Remove(within(tx), a.Name); err != nil {
		return passage{}, err
	}
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	renewed, err := newLogin(tx, a.Name, key, true)
	return passage{
		next: "/", login: renewed, left: left, tone: good, notice: "The second factor is off, and your number is forgotten.",
		told: toldTurnedOff, to: left,
	}, err
}
