package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
)

// What a person is told after a change, by a text message and on the account's
// page. The thief of a session sees the page; the message is for the owner.
const (
	toldAppAdded       = "An authenticator app was added to your account."
	toldAppReplaced    = "The authenticator app of your account was replaced."
	toldAppRemoved     = "The authenticator app was removed from your account."
	toldPasskeyAdded   = "A passkey was added to your account."
	toldPasskeyRemoved = "A passkey was removed from your account."
	toldPasskeyCopied  = "A passkey of your account may have been copied, and was switched off."
	toldNumber         = "The phone number of your account was changed."
	toldNumberAdded    = "Another phone number was added to your account."
	toldNumberRemoved  = "A phone number was removed from your account."
	toldTurnedOff      = "The second factor of your account was turned off."
	toldRecovery       = "A recovery code was used for your account."
	toldBlocked        = "There were so many wrong codes for your authenticator app that it was blocked. Somebody knows your password: change it."
)

// notYou ends each message.
const notYou = " If this was not you, log in, put it right and change your password."

// newsKept is how many changes the page of the account shows.
const newsKept = 5

// news is one change as the page of the account tells it.
type news struct {
	At   time.Time
	Text string
}

// Day is when it was.
func (n news) Day() string { return n.At.UTC().Format("2 Jan 2006, 15:04 UTC") }

// note keeps a change for the account's page.
func (a *account) note(text string) {
	a.News = append([]news{{time.Now(), text}}, a.News...)
	a.News = a.News[:min(len(a.News), newsKept)]
}

// tell writes to all numbers of a person about a change that was made, where the site
// has a messenger. A vendor of codes sends nothing else, and then the page alone tells.
func (s *site) tell(ctx context.Context, to []string, text string) {
	if s.notices == nil || text == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, phone := range to {
		all.Go(func() {
			if err := s.notice(ctx, phone, text); err != nil { // the change is made: the page tells it all the same
				s.log.Warn("notice failed", "outcome", verify.OutcomeOf(err))
			}
		})
	}
	all.Wait()
}

func (s *site) notice(ctx context.Context, phone, text string) error {
	var ref [16]byte
	_, _ = rand.Read(ref[:]) // never fails: it ends the program instead
	_, err := s.notices.Deliver(ctx, otp.Message{
		To: phone, Channel: verify.ChannelSMS, Text: "Acme Bank: " + text + notYou, TTL: 24 * time.Hour, Ref: hex.EncodeToString(ref[:]),
	})
	return err
}

// Capabilities of the inbox as a messenger for notices.
func (b *inbox) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "inbox", Channels: []verify.Channel{verify.ChannelSMS}}
}

// Deliver shows a notice among the messages of the emulated vendor.
func (b *inbox) Deliver(_ context.Context, m otp.Message) (string, error) {
	b.add(emulator.Message{Vendor: "inbox", To: m.To, Channel: string(m.Channel), Text: m.Text, At: time.Now()})
	return m.Ref, nil
}
