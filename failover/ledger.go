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

// A Ledger remembers, for each (recipient, scope), which backends may hold a live
// code and how many attempts were spent. Each method is one atomic step on the
// ledger's own clock. Called again with the same ID within two minutes it
// changes nothing and answers the same. An error says only that the ledger does
// not know: the caller fails closed.
type Ledger interface {
	// Begin reserves k for the Send called id until lease ends and puts backend first
	// among the live backends, two at most, as possibly sent. Busy is above zero, and
	// nothing changes, while another id holds k, and once a Check was approved
	// since the first Begin of this id: then no other backend need send.
	Begin(ctx context.Context, k Key, id ID, backend string, lease time.Duration) (busy time.Duration, err error)

	// End says what became of that. NotSent restores the live backends as they were before
	// Begin; Sent and Unknown keep backend alive for ttl and start a new count of attempts,
	// at those made since Begin: the code may have arrived before. What a second backend
	// of this id sent is not kept if a Check was approved since the first.
	End(ctx context.Context, k Key, id ID, backend string, s State, ttl time.Duration) error

	// Attempt spends one attempt and one failure and returns the live backends, newest
	// first. If a limit is reached, or 64 ids were charged within two minutes, it
	// spends nothing and returns no backends and Locked, and if there is no live backend,
	// nothing at all.
	Attempt(ctx context.Context, k Key, id ID, l Limits) (Attempt, error)

	// Settle ends a Check. Approved kills all backends and answers true to exactly one
	// id of those charged since the last approval; NotAsked gives the attempt back.
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
	Denied   Verdict = iota // or not known: the attempt stays spent
	NotAsked                // surely no backend compared the code
	Approved
)

// An Attempt is a Ledger's answer to one Check.
type Attempt struct {
	Backends []string // newest first
	Left     int      // attempts that remain
	Locked   bool     // a limit is reached: nothing was charged
	Blocked  bool     // it is that of failures: no new code helps
}

// Limits of attempts for one (recipient, scope), over all backends. Zero fields take
// the defaults.
type Limits struct {
	Attempts int           // since the last send: 5, at most 10
	Failures int           // since the last approval: 100, never more; then every Check is locked ...
	Remember time.Duration // ... until so long after the last one: 30 days
}

const (
	defaultAttempts = 5
	maxAttempts     = 10
	maxFailures     = 100
	defaultRemember = 30 * 24 * time.Hour
)

func (l Limits) withDefaults() Limits {
	if l.Attempts <= 0 {
		l.Attempts = defaultAttempts
	}
	if l.Failures <= 0 {
		l.Failures = maxFailures
	}
	if l.Remember <= 0 {
		l.Remember = defaultRemember
	}
	l.Attempts, l.Failures = min(l.Attempts, maxAttempts), min(l.Failures, maxFailures)
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
