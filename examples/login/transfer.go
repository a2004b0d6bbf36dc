package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

const firstBalance = 1000_00 // cents

// A payment is what a code for a transfer allows: this one, to the cent.
type payment struct {
	ID    string
	Cents int64
	Payee string
	Made  time.Time
	Done  time.Time // zero: not done
}

// Amount is the amount in the words of the message.
func (p payment) Amount() string { return plainEuros(p.Cents) }

// Day is when it was done.
func (p payment) Day() string { return day(p.Done) }

// Shown is the amount as it stands on a page, where it is not to be broken.
func (p payment) Shown() string { return euros(p.Cents) }

// euros is an amount with a no-break space, for pages.
func euros(cents int64) string { return strings.ReplaceAll(plainEuros(cents), " ", "\u00a0") }

func plainEuros(cents int64) string { return fmt.Sprintf("EUR %d.%02d", cents/100, cents%100) }

type transferView struct {
	Amount, Payee, Refusal, Balance string
	On                              bool
	Why                             string // not possible at all
}

func (s *site) transferForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	return s.askTransfer(w, r, v, http.StatusOK, transferView{})
}

func (s *site) askTransfer(w http.ResponseWriter, r *http.Request, v visitor, status int, view transferView) error {
	view.On, view.Why, view.Balance = v.account.On(), s.noTransfer(v.account), euros(v.account.Balance)
	return s.show(w, r, status, "transfer", "Transfer money", view)
}

var (
	isAmount = regexp.MustCompile(`^[0-9]{1,6}([.,][0-9]{1,2})?$`).MatchString
	isPayee  = regexp.MustCompile(`^[\pL\pN][\pL\pN .,&'-]{0,29}$`).MatchString
)

// prepare keeps what was typed and asks for a code for it. What is confirmed is
// this record and no later form: a changed amount is another transfer.
func (s *site) prepare(w http.ResponseWriter, r *http.Request, v visitor) error {
	view := transferView{Amount: strings.TrimSpace(r.PostFormValue("amount")), Payee: strings.TrimSpace(r.PostFormValue("payee"))}
	p := payment{ID: rand.Text(), Payee: view.Payee, Made: time.Now()}
	switch {
	case !v.account.On() || s.noTransfer(v.account) != "":
		return s.askTransfer(w, r, v, http.StatusForbidden, view)
	case !isAmount(view.Amount):
		view.Refusal = "Please type the amount in euros, such as 39.99."
	case !isPayee(view.Payee):
		view.Refusal = "A payee has 1 to 30 letters, digits and spaces."
	default:
		if p.Cents = cents(view.Amount); p.Cents <= 0 || p.Cents > v.account.Balance {
			view.Refusal = "You can transfer at most " + euros(v.account.Balance) + "."
		}
	}
	if view.Refusal != "" {
		return s.askTransfer(w, r, v, http.StatusUnprocessableEntity, view)
	}
	var c challenge
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) (err error) {
		if err := drop(tx, transfers, a.Name+"/"+a.Waiting); err != nil {
			return err
		}
		if err := save(tx, transfers, a.Name+"/"+p.ID, p); err != nil {
			return err
		}
		a.Waiting = p.ID // the one before, if any, can no longer be confirmed
		c, err = s.start(tx, *a, v.key, transfer, p.ID, "")
		return err
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/code/"+c.ID)
}

func cents(amount string) int64 {
	whole, part, _ := strings.Cut(strings.ReplaceAll(amount, ",", "."), ".")
	n, _ := strconv.ParseInt(whole+(part + "00")[:2], 10, 64) // eight digits always fit
	return n
}

// executed moves the money of the one transfer that waits, once.
func executed(tx *bolt.Tx, a *account, id string, now time.Time) (passage, error) {
	p, ok := load[payment](tx, transfers, a.Name+"/"+id)
	if !ok || a.Waiting != id || !p.Done.IsZero() || p.Cents > a.Balance {
		return passage{next: "/transfer", tone: bad, notice: "This transfer can no longer be made. Nothing was transferred."}, nil
	}
	p.Done, a.Waiting = now, ""
	a.Balance -= p.Cents
	return passage{
		next: "/", tone: good, notice: "Transferred to " + p.Payee + ": " + p.Shown(),
	}, save(tx, transfers, a.Name+"/"+id, p)
}

// payments are the transfers that were made, the newest first.
func (s *site) payments(name string) []payment {
	var done []payment
	_ = s.store.View(func(tx *bolt.Tx) error { // never fails: it only reads
		for _, p := range all[payment](tx, transfers, name+"/") {
			if !p.Done.IsZero() {
				done = append(done, p)
			}
		}
		return nil
	})
	sort.Slice(done, func(i, j int) bool { return done[i].Done.After(done[j].Done) })
	return done
}
