package totp

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/go2fa/verify/internal/waits"
)

type (
	// A Key names one account: a hash under the index key.
	Key [16]byte

	// An ID names one call, or one enrolment. It is random, and new for each, unless a
	// Check has an idempotency key: then it is an HMAC over key, account and code.
	ID [16]byte
)

// A Factor is what a Store keeps of one enrolment. It holds no account, and the
// secret only sealed.
type Factor struct {
	Enrolment ID     // new with each enrolment
	KeyID     KeyID  // which of Config.Keys sealed it
	Step      uint64 // the last one accepted, below 2^53; of a hardware token, the counter plus one
	Sealed    []byte // must not be changed by anybody
}

// A KeyID names one of Config.Keys and says nothing about it.
type KeyID [8]byte

// A Store keeps one factor for each account, with its limits. Each method is one
// atomic step, on the store's own clock, and safe for concurrent use.
//
// A call that took effect and is made again with the same ID within two minutes
// changes nothing and answers the same, so that a lost reply may be asked for once
// more. A call that was refused had no effect and is decided afresh.
//
// An error says only that the store does not know: the caller fails closed. It must
// not hold a credential or a URL. Fields of [Limits] that are zero take their
// defaults; see [Limits.WithDefaults]. Of a wait, a hundred years are as good as for
// ever, and a longer one must not overflow.
//
// Package verifytest proves these promises for any Store: RunFactors.
type Store interface {
	// Create keeps f if k has no factor, with all counts at zero.
	Create(ctx context.Context, k Key, id ID, f Factor) (created bool, err error)

	// Attempt charges one failure, before anything is compared, and returns the
	// factor. Without a factor it writes nothing. When blocked or within a wait, it
	// charges nothing. One that is made again answers the same, and its Age and whether
	// it was Accepted.
	Attempt(ctx context.Context, k Key, id ID, l Limits) (Attempt, error)

	// Accept makes step the last accepted one if it is greater than the one kept and
	// the factor is still that of enrolment; then all failures since the last
	// approval are forgotten, and the attempt called id is no failure. A resealed
	// that is not nil replaces what is sealed.
	Accept(ctx context.Context, k Key, id ID, enrolment ID, step uint64, resealed *Resealed) (won bool, err error)

	// Swap puts f in the place of the factor under the same condition as Accept.
	Swap(ctx context.Context, k Key, id ID, enrolment ID, step uint64, f Factor) (won bool, err error)

	// Refund takes back the charge of the attempt called id, of which surely nothing
	// was compared. Refund of an unknown id changes nothing.
	Refund(ctx context.Context, k Key, id ID) error

	// Get returns the factor of k, and charges nothing.
	Get(ctx context.Context, k Key) (f Factor, found bool, err error)

	// Reseal replaces what is sealed if the factor is still that of enrolment, and
	// changes nothing else.
	Reseal(ctx context.Context, k Key, enrolment ID, r Resealed) (done bool, err error)

	// Reset forgets all failures of k, and keeps its factor and last step.
	Reset(ctx context.Context, k Key) error

	// Delete removes all that is kept under k.
	Delete(ctx context.Context, k Key) error
}

// Resealed is a factor's secret under another key.
type Resealed struct {
	KeyID  KeyID
	Sealed []byte
}

// An Attempt is a Store's answer to one attempt. The zero value stands for an
// account without a factor.
type Attempt struct {
	Found   bool
	Blocked bool          // nothing was charged
	Wait    time.Duration // above zero: nothing was charged until then

	Factor   Factor        // the rest is set if the attempt was charged
	Failures int           // since the last approval, with this one
	Left     int           // further attempts before a wait
	Next     time.Duration // the wait that begins if this attempt fails; zero if there is none

	Age      time.Duration // of one that is made again: how long ago it was charged
	Accepted bool          // of one that is made again: Accept of its ID has won
}

// Limits of one authenticator. Zero fields take the defaults.
type Limits struct {
	// Attempts is how many failures in a row are free of a wait, 1 to 10. Defaults
	// to 5.
	Attempts int
	// Wait is the wait after that failure; it doubles with each further one, up to
	// MaxWait. Defaults to 30 seconds; never less.
	Wait time.Duration
	// MaxWait is the longest wait. Defaults to one hour; never less than Wait.
	MaxWait time.Duration
	// Failures is how many failures since the last approval block, 1 to 100 (NIST
	// SP 800-63B-4 section 3.2.2). Defaults to 100.
	Failures int
	// Total is how many failures within 30 days block, approvals or not, 1 to 200.
	// They are counted by halves of that time, so that a block may last up to 45
	// days. Defaults to 200.
	Total int
}

const (
	defaultAttempts = 5
	defaultWait     = 30 * time.Second
	defaultMaxWait  = time.Hour
	maxAttempts     = 10
	maxFailures     = 100
	maxTotal        = 200
)

// WithDefaults returns l with the default in every field that is zero or below, and
// with no count higher and no wait shorter than it may be. Stores call it first.
func (l Limits) WithDefaults() Limits {
	l.Attempts = min(orDefault(l.Attempts, defaultAttempts), maxAttempts)
	l.Wait = max(orDefault(l.Wait, defaultWait), defaultWait)
	l.MaxWait = max(orDefault(l.MaxWait, defaultMaxWait), l.Wait)
	l.Failures = min(orDefault(l.Failures, maxFailures), maxFailures)
	l.Total = min(orDefault(l.Total, maxTotal), maxTotal)
	return l
}

// After returns the wait that begins with the n-th failure in a row.
func (l Limits) After(n int) time.Duration {
	return waits.After(n, l.Attempts, l.Wait, l.MaxWait)
}

// validate refuses what WithDefaults would silently change.
func (l Limits) validate() error {
	switch {
	case l.Attempts < 0 || l.Attempts > maxAttempts:
		return errors.New("totp: Limits.Attempts must be 1 to 10")
	case l.Wait != 0 && l.Wait < defaultWait:
		return errors.New("totp: Limits.Wait must be at least 30 seconds")
	case l.MaxWait != 0 && l.MaxWait < max(l.Wait, defaultWait):
		return errors.New("totp: Limits.MaxWait must be at least Limits.Wait")
	case l.Failures < 0 || l.Failures > maxFailures:
		return errors.New("totp: Limits.Failures must be 1 to 100")
	case l.Total < 0 || l.Total > maxTotal:
		return errors.New("totp: Limits.Total must be 1 to 200")
	}
	return nil
}

func orDefault[T ~int | ~int64](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

func newID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails: see crypto/rand
	return id
}
