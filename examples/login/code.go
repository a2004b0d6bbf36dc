package main

import (
	"fmt"
	"net/http"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// A codeView is what the one page for codes shows, whatever the code is for.
type codeView struct {
	challenge
	To        string
	Numbers   []numberView // that may be asked in its place, and itself
	Channels  []verify.Channel
	Phone     bool   // may answer
	App       bool   // may answer
	ByPasskey bool   // may answer
	ByApp     bool   // its code is what the form asks for
	Wait      int    // seconds until another code may be sent
	Busy      bool   // a send is under way
	Now       bool   // the code was sent a moment ago
	Digits    string // "6", "4 to 10"
	Least     int
	Most      int
	Remember  bool
	Recovery  bool
	Payment   *payment
	Bound     bool // the message names amount and payee
	Decides   bool // the vendor has an app, and decides by itself where the code is
}

// code shows where a challenge stands. It sends nothing, however often it is
// loaded.
func (s *site) code(w http.ResponseWriter, r *http.Request, v visitor) error {
	now, view := time.Now(), codeView{Decides: s.registrar != nil}
	err := s.store.View(func(tx *bolt.Tx) error {
		c, a, err := s.find(tx, v, r.PathValue("id"))
		if err != nil {
			return err
		}
		to := c.to(a).Phone
		view.challenge, view.To = c, verify.Mask(to)
		if !c.proven() && !c.Live {
			view.To = pretty(to) // for its owner to compare
		}
		view.Channels = s.channels(c, a)
		wait := max(s.nextSend(&a, c, now).Sub(now), longest(s.sends(c, to, party(s.client(r)))...))
		view.Wait = max(0, seconds(wait))
		if choices := s.choices(a, c.Purpose); c.chooses() && len(choices) > 1 {
			view.Numbers = s.numberList(a, choices, c.To)
			for _, n := range view.Numbers {
				if n.Asked {
					view.To = n.To
				}
			}
		}
		view.Phone, view.App = s.takes(c, a, phoneFactor), s.takes(c, a, appFactor)
		view.ByPasskey = s.web != nil && s.takes(c, a, passkeyFactor)
		view.Remember = c.Purpose == loggingIn && s.stricter(a.Policy) == risky
		view.Recovery = (c.Purpose == loggingIn || c.Purpose == settings) && s.codesLeft(within(tx), a.Name) > 0
		if p, ok := load[payment](tx, transfers, a.Name+"/"+c.Subject); ok && c.Purpose == transfer {
			view.Payment, view.Bound = &p, s.capabilities.Transaction
		}
		return nil
	})
	if err != nil {
		return err
	}
	if view.Done {
		return seeOther(w, r, "/")
	}
	if view.Phone && !view.Live {
		s.warm(r.Context())
	}
	view.ByApp = view.App && (!view.Phone || !view.Live || r.URL.Query().Get("by") == "app")
	view.Busy, view.Now = now.Sub(view.Sending) < sendTimeout, now.Sub(view.Sent) < time.Minute
	view.Least, view.Most = s.digits(view.challenge)
	view.Digits = fmt.Sprint(view.Most)
	if view.Least != view.Most {
		view.Digits = fmt.Sprintf("%d to %d", view.Least, view.Most)
	}
	return s.show(w, r, http.StatusOK, "code", titles[view.Purpose], view)
}

var titles = map[purpose]string{
	enrolment: "Your phone number",
	callProof: "Calls to your number",
	loggingIn: "Log in: second step",
	settings:  "Confirm the change",
	transfer:  "Confirm the transfer",
}

// digits is the range of a code's length.
func (s *site) digits(c challenge) (least, most int) {
	switch {
	case c.Digits > 0:
		return c.Digits, c.Digits
	case s.capabilities.MaxDigits > 0:
		return s.capabilities.MinDigits, s.capabilities.MaxDigits
	}
	return 4, 10 // what package verify takes for a code
}
