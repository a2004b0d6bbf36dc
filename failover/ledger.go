package failover

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
)

type (
	// A Key names one (recipient, scope): a hash under Config.Key.
	Key [16]byte
	// An ID names one Send or Check: random.
	ID [16]byte
)

// A Ledger remembers, for each (recipient, scope), which legs may hold a live
// code and how many guesses were spent. Each method is one atomic step on the
// ledger's own clock. Called again with the same ID within two minutes it
// changes nothing and answers the same. An error says only that the ledger does
// not know: the caller fails closed.
type Ledger interface {
	// Open reserves k for the Send called id until lease ends and puts leg first
	// among the live legs, two at most, as possibly sent. Busy is above zero, and
	// nothing changes, while another id holds k, and once a Check was approved
	// since the first Open of this id: then no other leg need send.
	Open(ctx context.Context, k Key, id ID, leg string, lease time.Duration) (busy time.Duration, err error)

	// Close ends that try. NotSent restores the live legs as they were before
	// Open; Sent and Unknown keep leg alive for ttl and start a new count of guesses,
	// at those made since Open: the code may have arrived before. What a second leg
	// of this id sent is not kept if a Check was approved since the first.
	Close(ctx context.Context, k Key, id ID, leg string, s State, ttl time.Duration) error

	// Charge spends one guess and one failure and returns the live legs, newest
	// first. If a limit is reached, or 64 ids were charged within two minutes, it
	// spends nothing and returns no legs and Locked, and if there is no live leg,
	// nothing at all.
	Charge(ctx context.Context, k Key, id ID, l Limits) (Charge, error)

	// Settle ends a Check. Approved kills all legs and answers true to exactly one
	// id of those charged since the last approval; NotAsked gives the guess back.
	Settle(ctx context.Context, k Key, id ID, v Verdict) (won bool, err error)
}

// A State is what became of one try to send.
type State uint8

// The states.
const (
	NotSent State = iota // surely nothing was sent
	Sent
	Unknown
)

// A Verdict is what became of a Check.
type Verdict uint8 // the zero value approves nothing

// The verdicts.
const (
	Denied   Verdict = iota // or not known: the guess stays spent
	NotAsked                // surely no leg compared the code
	Approved
)

// A Charge is what a guess bought.
type Charge struct {
	Legs    []string // newest first
	Left    int      // guesses that remain
	Locked  bool     // a limit is reached: nothing was charged
	Blocked bool     // it is that of failures: no new code helps
}

// Limits of guesses for one (recipient, scope), over all legs. Zero fields take
// the defaults.
type Limits struct {
	Guesses  int           // since the last send: 5, at most 10
	Failures int           // since the last approval: 100, never more; then every Check is locked ...
	Remember time.Duration // ... until so long after the last one: 30 days
}

const (
	defaultGuesses  = 5
	maxGuesses      = 10
	maxFailures     = 100
	defaultRemember = 30 * 24 * time.Hour
)

func (l Limits) withDefaults() Limits {
	if l.Guesses <= 0 {
		l.Guesses = defaultGuesses
	}
	if l.Failures <= 0 {
		l.Failures = maxFailures
	}
	if l.Remember <= 0 {
		l.Remember = defaultRemember
	}
	l.Guesses, l.Failures = min(l.Guesses, maxGuesses), min(l.Failures, maxFailures)
	return l
}

// ledgerKey names one (recipient, scope). Each field is preceded by its length,
// so that no two pairs run together.
func (v *Verifier) ledgerKey(to, scope string) Key {
	h := hmac.New(sha256.New, v.key)
	for _, field := range []string{"failover v1", strings.ToLower(to), scope} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(field))) //nolint:gosec // a recipient and a scope are short
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(field))
	}
	return Key(h.Sum(nil)[:len(Key{})])
}

func newID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails: see crypto/rand
	return id
}
