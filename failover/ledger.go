package failover

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"
)

type (
	// A Key names one (recipient, scope): a hash under one of Config.Keys.
	Key [16]byte
	// An ID names one Send or Check: random, or of a Check with an idempotency key an HMAC
	// over the key and all that the call names. Of the Checks of one ID each call has a
	// random ID of its own beside it.
	ID [16]byte
)

// A Ledger remembers, for each (recipient, scope), which backends may hold a live
// code and how many attempts each code has had. Each method is one atomic step on
// the ledger's own clock. Called again with the same ID within two minutes it
// changes nothing and answers the same; of the tries that have ended a ledger may
// remember the last 64 alone, or who sends without end would fill it. An error says
// only that the ledger does not know; the caller then refuses. Of a time, a hundred years
// are as good as for ever, and a longer one must not overflow. A [Record] computes each
// step, for a ledger over a store of another kind, and [verifytest.RunLedger] tests all of
// this.
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
	// nothing at all. Zero fields of l take the defaults. Of an id that was charged
	// before it also says what Settle and Conclude have kept of it. by is the caller's own
	// id: until Settle the Check is First again to the by that charged it, whose reply was
	// lost, and Pending to every other.
	Attempt(ctx context.Context, k Key, id, by ID, l Limits) (Attempt, error)

	// Settle ends a Check. Approved removes all live backends and answers true to
	// exactly one id of those charged since the last approval. NotAsked gives the
	// attempt back. An id that the ledger does not know is an error, since the
	// ledger may have forgotten it, and never a plain false.
	Settle(ctx context.Context, k Key, id ID, v Verdict) (won bool, err error)

	// Claim names the Send called id by its idempotency key: call is an HMAC over it. It
	// is Repeated, and changes nothing, if another id claimed the same call within two
	// minutes; of one k a ledger may remember the last 64 alone.
	Claim(ctx context.Context, k Key, call, id ID) (Claim, error)

	// Conclude keeps what became of a claimed call or of a charged Check: a text of at most
	// 1,024 bytes, without a recipient or a code. An empty one gives the call back.
	// Conclude of an unknown id changes nothing.
	Conclude(ctx context.Context, k Key, id ID, outcome string) error

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
	Progress Progress // of a Check that is made again
	Outcome  string   // what Conclude kept of it
}

// A Progress says what is known of the Check of an id.
type Progress uint8 // the zero value approves nothing

// How far a Check may be.
const (
	First       Progress = iota // it was not charged before, or by this very call
	Pending                     // it was by another call, and is not settled
	WasDenied                   // it is settled, and did not win
	WasApproved                 // it is settled, and won
)

// A Claim is a Ledger's answer to a Send with an idempotency key.
type Claim struct {
	Repeated bool   // another id has it
	Outcome  string // what Conclude kept of that one; empty while it is under way
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

// MarshalText writes 32 hexadecimal digits.
func (id ID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads 32 hexadecimal digits.
func (id *ID) UnmarshalText(text []byte) error {
	if n, err := hex.Decode(id[:], text[:min(len(text), 2*len(id))]); err != nil || n != len(id) || len(text) != 2*len(id) {
		return errors.New("failover: an ID is 32 hexadecimal digits")
	}
	return nil
}

func newID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails: see crypto/rand
	return id
}
