package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// sendCode sends one code for each form. A double click, a reload of the form and
// the back button find it spent.
func (s *site) sendCode(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, channel := r.PathValue("id"), verify.Channel(r.PostFormValue("channel"))
	here := "/code/" + id
	c, to, sent := s.claimSend(v, id, r.PostFormValue("form"), party(s.client(r)))
	switch {
	case errors.Is(sent, errSpent):
		return seeOther(w, r, here)
	case sent != nil && !isRefusal(sent):
		return sent
	case sent == nil:
		var err error
		if channel, sent, err = s.deliver(r, v, c, to, channel); err != nil {
			return err
		}
	}
	s.say(r, toneOfSend(sent), sendSentence(sent, channel))
	return seeOther(w, r, here)
}

// deliver has the vendor send. The browser may have gone meanwhile: a send that is
// cut off half way would leave nobody knowing.
func (s *site) deliver(r *http.Request, v visitor, c challenge, to number, asked verify.Channel) (by verify.Channel, sent, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), sendTimeout)
	defer cancel()
	opts, err := s.options(c, v.account.Name, to)
	if err != nil {
		return asked, nil, err
	}
	send := []verify.SendOption{
		verify.WithChannel(asked), verify.WithClientIP(s.client(r)), verify.WithIdempotencyKey(r.PostFormValue("form")), // claimSend knows it
	}
	for _, o := range opts {
		send = append(send, o)
	}

	var receipt verify.Receipt
	if sent = s.prepared(ctx, v, c, to.Phone, asked); sent == nil {
		receipt, sent = s.verifier.Send(ctx, to.Phone, send...)
	}
	if receipt.Channel == "" {
		receipt.Channel = asked
	}
	if c.proven() && nothingDone(sent) { // a vendor that is down uses up nobody's messages
		giveAll(s.sends(c, to.Phone, "")...)
	}
	return receipt.Channel, sent, s.noteSend(v, c, receipt, sent)
}

// prepared does what comes before a send, or says why there can be none.
func (s *site) prepared(ctx context.Context, v visitor, c challenge, to string, asked verify.Channel) error {
	if !slices.Contains(s.channels(c, v.account), asked) {
		return refusal("send", verify.ErrUnsupported, 0)
	}
	if s.registrar != nil && !c.proven() {
		if err := s.register(ctx, v.account.Email, to); err != nil {
			return err
		}
	}
	return s.clear(ctx, c, to)
}

// nextSend is when the account may be sent another code for the purpose, and
// drops sends that count no more.
func (s *site) nextSend(a *account, c challenge, now time.Time) time.Time {
	sends := slices.DeleteFunc(slices.Clone(a.Sends[c.Purpose]), func(t time.Time) bool { return now.Sub(t) > sendWindow })
	if a.Sends == nil {
		a.Sends = map[purpose][]time.Time{}
	}
	a.Sends[c.Purpose] = sends
	next := c.Wait
	if n := len(sends); n > 0 {
		cooldown := s.limits.Cooldown[min(n, len(s.limits.Cooldown))-1]
		next = later(next, sends[n-1].Add(cooldown))
		if n >= s.limits.SendsByAccount {
			next = later(next, sends[n-s.limits.SendsByAccount].Add(sendWindow))
		}
	}
	return next
}

// claimSend spends the form and counts the send, or refuses it.
func (s *site) claimSend(v visitor, id, form, address string) (c challenge, to number, err error) {
	now := time.Now()
	err = s.store.Update(func(tx *bolt.Tx) error {
		var a account
		if c, a, err = s.find(tx, v, id); err != nil {
			return err
		}
		if !s.takes(c, a, phoneFactor) {
			return errGone
		}
		if a.Failures >= maxFailures {
			return refusal("send", verify.ErrBlocked, 0)
		}
		if c.Done || form != c.Form || now.Sub(c.Sending) < sendTimeout {
			return errSpent
		}
		to = c.to(a)
		sends := s.sends(c, to.Phone, address)
		if wait := max(s.nextSend(&a, c, now).Sub(now), longest(sends...)); wait > 0 {
			return refusal("send", verify.ErrTooManySends, wait)
		}
		if wait := takeAll(sends...); wait > 0 { // another request was faster
			return refusal("send", verify.ErrTooManySends, wait)
		}
		c.Form, c.Sending = rand.Text(), now
		a.Sends[c.Purpose] = append(a.Sends[c.Purpose], now)
		if err := save(tx, challenges, a.Name+"/"+id, c); err != nil {
			return err
		}
		return save(tx, accounts, a.Name, a)
	})
	return c, to, err
}

// noteSend keeps what became of a send that was claimed. One that surely never left is
// given back. Of another number that was chosen meanwhile it says nothing.
func (s *site) noteSend(v visitor, claimed challenge, receipt verify.Receipt, sent error) error {
	now := time.Now()
	return s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, claimed.ID)
		if err != nil || c.Number != claimed.Number {
			return err
		}
		c.Sending = time.Time{}
		switch kind := verify.OutcomeOf(sent); {
		case sent == nil:
			c.Live, c.Attempts, c.Channel, c.Digits, c.Wait = true, 0, receipt.Channel, receipt.Digits, receipt.ResendAt
			c.Sent, c.Expires = now, receipt.ExpiresAt
		case kind == verify.ErrOutcomeUnknown: // the code that may arrive is good
			c.Live, c.Attempts, c.Channel, c.Sent, c.Expires = true, 0, receipt.Channel, now, time.Time{}
		case kind == verify.ErrTooManySends || kind == verify.ErrRateLimited || kind == verify.ErrTooManyAttempts:
			c.Wait = now.Add(retryAfter(sent))
		}
		if n := len(a.Sends[c.Purpose]); n > 0 && nothingDone(sent) {
			a.Sends[c.Purpose] = a.Sends[c.Purpose][:n-1]
		}
		return save(tx, challenges, a.Name+"/"+c.ID, c)
	})
}

// nothingDone reports whether the vendor surely did nothing for which the person
// was to blame.
func nothingDone(err error) bool {
	switch verify.OutcomeOf(err) {
	case verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized, verify.ErrUnsupported:
		return true
	}
	return false
}

// retryAfter is how long err asks to wait, half a minute if it does not say.
func retryAfter(err error) time.Duration {
	var e *verify.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return 30 * time.Second
}
func toneOfSend(err error) string {
	switch verify.OutcomeOf(err) {
	case "":
		return good
	case verify.ErrOutcomeUnknown:
		return unsure
	}
	return bad
}
