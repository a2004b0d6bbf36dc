package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// A number is one that an account has proven.
type number struct {
	ID    string // names it within the account, on pages and in challenges
	Phone string
	Ways  ways // how codes come to it; each was proven by itself
	Added time.Time
}

// maxNumbers is how many a person may have.
const maxNumbers = 3

func newNumberOf(phone string, w ways) number {
	return number{ID: rand.Text(), Phone: phone, Ways: w, Added: time.Now()}
}

// On reports whether the second factor is on.
func (a account) On() bool { return len(a.Numbers) > 0 }

// number returns a proven number by its id.
func (a account) number(id string) (number, bool) {
	i := slices.IndexFunc(a.Numbers, func(n number) bool { return n.ID == id })
	if i < 0 || id == "" {
		return number{}, false
	}
	return a.Numbers[i], true
}

// has reports whether the account has proven a number.
func (a account) has(phone string) bool { return slices.Contains(a.phones(), phone) }

// phones are all proven numbers, the first one first.
func (a account) phones() []string {
	phones := make([]string, len(a.Numbers))
	for i, n := range a.Numbers {
		phones[i] = n.Phone
	}
	return phones
}

// addWay keeps another way to a proven number.
func (a *account) addWay(id string, w ways) {
	for i := range a.Numbers {
		if a.Numbers[i].ID == id {
			a.Numbers[i].Ways = a.Numbers[i].Ways.plus(w)
		}
	}
}

// choices are the numbers of an account that can get a code for a purpose: one for a
// transfer does not come by call where its amount could not be named, or where calls
// cannot tell two transfers apart.
func (s *site) choices(a account, p purpose) []number {
	return slices.DeleteFunc(slices.Clone(a.Numbers), func(n number) bool {
		return p == transfer && n.Ways == calls && (s.capabilities.Transaction || s.capabilities.MaxScope < ownScopeSize)
	})
}

// A numberView is one line of a list of numbers.
type numberView struct {
	ID, To, Ways, Since           string
	First, Asked                  bool
	AddCalls, AddTexts, Removable bool
}

// numberList has the numbers as a page may show them to somebody whose password was
// right: masked. Those that look alike are counted.
func (s *site) numberList(a account, list []number, asked string) []numberView {
	var views []numberView
	seen := map[string]int{}
	for i, n := range list {
		to := verify.Mask(n.Phone)
		if seen[to]++; seen[to] > 1 {
			to = fmt.Sprintf("%s (%d)", to, seen[to])
		}
		views = append(views, numberView{
			ID: n.ID, To: to, Ways: n.Ways.text(), Since: day(n.Added), First: i == 0, Asked: n.ID == asked,
			AddCalls: s.canAdd(n, calls), AddTexts: s.canAdd(n, texts), Removable: s.may(a, removeNumber+n.ID),
		})
	}
	return views
}

// chooseNumber has another proven number asked. The code that was sent before opens
// nothing any more, and the wait for the next one stays.
func (s *site) chooseNumber(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, now := r.PathValue("id"), time.Now()
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, id)
		if err != nil {
			return err
		}
		chosen := slices.IndexFunc(s.choices(*a, c.Purpose), func(n number) bool { return n.ID == r.PostFormValue("number") })
		switch {
		case !c.chooses() || !s.takes(c, *a, phoneFactor) || chosen < 0:
			return errGone
		case c.Done || now.Sub(c.Sending) < sendTimeout:
			return nil // its page says so
		}
		n := s.choices(*a, c.Purpose)[chosen]
		if n.ID == c.To {
			return nil
		}
		c.To, c.Number, c.Form = n.ID, s.mac("number", n.Phone), rand.Text()
		c.Live, c.Sending, c.Wait = false, time.Time{}, time.Time{}
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/code/"+id)
}

// numberRemoved takes one of several numbers out of an account.
func (s *site) numberRemoved(tx *bolt.Tx, a *account, key, id string) (passage, error) {
	n, _ := a.number(id)
	to := a.phones()
	a.Numbers = slices.DeleteFunc(a.Numbers, func(m number) bool { return m.ID == id })
	p, err := s.changedFactors(tx, a, key, toldNumberRemoved)
	p.to, p.left = to, []string{n.Phone}
	return p, err
}

// numberAdded keeps the pending number beside the others.
func (s *site) numberAdded(tx *bolt.Tx, a *account, key string) (passage, error) {
	if len(a.Numbers) >= maxNumbers || a.has(a.Pending) {
		return passage{}, errGone
	}
	to := a.phones()
	a.Numbers = append(a.Numbers, newNumberOf(a.Pending, a.Wanted))
	a.Pending, a.Wanted, a.Email = "", "", ""
	p, err := s.changedFactors(tx, a, key, toldNumberAdded)
	p.to = to // whoever had the account before
	return p, err
}

// text is how codes come, in words.
func (w ways) text() string {
	switch w {
	case texts:
		return "by text message"
	case calls:
		return "by call"
	}
	return "by text message or call"
}

// ofNumber splits an act on one number: "calls:ID".
func ofNumber(act string) (verb, id string, ok bool) {
	verb, id, ok = strings.Cut(act, ":")
	return verb + ":", id, ok && (verb+":" == addCalls || verb+":" == addTexts || verb+":" == removeNumber)
}
