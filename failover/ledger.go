package failover

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
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
// code and how many attempts each code has had. Each method is one atomic step on
// the ledger's own clock. Called again with the same ID within two minutes it
// changes nothing and answers the same; of the tries that have ended a ledger may
// remember the last 64 alone, or who sends without end would fill it. An error says
// only that the ledger does not know; the caller then refuses.
// [verifytest.RunLedger] tests all of this.
//
// [verifytest.RunLedger]: https://pkg.go.dev/github.com/go2fa/verify/verifytest#RunLedger
type Ledger interface {
	// Begin reserves k for the Send called id until the lease ends, and puts backend
	// first among the live backends, as possibly sent. A backend that was live before
	// stays live for its own time at least, and its count of attempts goes on. If another id holds
	// k, or if a Check was approved since the first Begin of this id, nothing
	// changes and busy is above zero: no other backend needs to send.
	Begin(ctx context.Context, k Key, id ID, backend string, lease time.Duration) (busy time.Duration, err error)

	// End says what became of that. NotSent restores the live backends as they were
	// before Begin, with every attempt made since. Sent and Unknown keep backend live for ttl. Sent
	// starts its count of attempts again, at those made since Begin, because the
	// code may have arrived before; Unknown does not, because the older code may
	// still be the good one. What a second backend of this id sent is dropped if a
	// Check was approved since the first.
	End(ctx context.Context, k Key, id ID, backend string, s State, ttl time.Duration) error

	// Attempt spends one failure, and one attempt of each backend that it returns:
	// of the two newest live backends those that have attempts left. If neither
	// has, if the failures are spent, or if 64 ids were charged within two minutes,
	// it spends nothing and returns Locked. Without a live backend it returns
	// nothing at all. Zero fields of l take the defaults.
	Attempt(ctx context.Context, k Key, id ID, l Limits) (Attempt, error)

	// Settle ends a Check. Approved removes all live backends and answers true to
	// exactly one id of those charged since the last approval. NotAsked gives the
	// attempt back. An id that the ledger does not know is an error, since the
	// ledger may have forgotten it, and never a plain false.
	Settle(ctx context.Context, k Key, id ID, v Verdict) (won bool, err error)

	// Reset forgets all that is known of k, failures included.
	Reset(ctx context.Context, k Key) error
}

// ErrForgotten is what the ledgers of this module return from Settle for an ID
// that they do not know.
var ErrForgotten = errors.New("failover: the ledger does not know this id")

// A State is what became of one backend's Send.
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
	Denied   Verdict = iota // or unknown: the attempt stays spent
	NotAsked                // surely no backend compared the code
	Approved
)

// An Attempt is a Ledger's answer to one Check.
type Attempt struct {
	Backends []string // to ask, newest first
	Left     int      // attempts that remain
	Locked   bool     // a limit is reached: nothing was spent
	Blocked  bool     // that limit is Failures: a new code does not help
}

// Limits of attempts for one (recipient, scope). Zero fields take the defaults.
type Limits struct {
	// Attempts is how many attempts on one code are compared, at most 10. Defaults to 5.
	Attempts int `dsn:"attempts" default:"5" example:"3"`
	// Failures is how many wrong attempts over all codes are compared since the last
	// approval, at most 100; then every Check is blocked. Defaults to 100.
	Failures int `dsn:"failures" default:"100" example:"50"`
	// Remember is how long failures are kept after the last one, at least 24 hours.
	// Defaults to 30 days.
	Remember time.Duration `dsn:"remember" default:"720h" example:"720h"`
}

const (
	defaultAttempts = 5
	maxAttempts     = 10
	maxFailures     = 100
	defaultRemember = 30 * 24 * time.Hour
	minRemember     = 24 * time.Hour
)

// WithDefaults returns l with defaults in its zero fields and with the limits
// that are never exceeded. Every Ledger applies it.
func (l Limits) WithDefaults() Limits {
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

// check refuses a memory so short that a patient person never meets the limit.
func (l Limits) check() error {
	if l.Remember != 0 && l.Remember < minRemember {
		return errors.New("failover: Limits.Remember must be at least 24h")
	}
	return nil
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
