package failover

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify/internal/keys"
)

// Limits of keys.
const (
	minKey  = 32 // bytes
	maxKeys = 8
)

// A Looker is a Ledger that can be asked about a key without a change. A Verifier
// with several Keys needs one; the ledgers of this module are.
// [verifytest.RunLedger] tests it.
//
// [verifytest.RunLedger]: https://pkg.go.dev/github.com/go2fa/verify/verifytest#RunLedger
type Looker interface {
	// Look returns what is known of k.
	Look(ctx context.Context, k Key) (Seen, error)
}

// Seen is what a Looker knows of a key.
type Seen struct {
	Failures int           // attempts spent since the last approval
	Live     bool          // a backend may hold a code
	Busy     time.Duration // for how long a Send holds the key at most
}

// checkKeys refuses keys that are short, equal or too many, and several for a ledger
// that cannot be looked at.
func checkKeys(keys [][]byte, l Ledger) error {
	if l != nil && len(keys) == 0 {
		return errors.New("failover: Keys must be at least 32 random bytes each, the same in every process")
	}
	if len(keys) > maxKeys {
		return errors.New("failover: Keys must be 8 at most")
	}
	for i, key := range keys {
		if len(key) < minKey {
			return errors.New("failover: Keys must be at least 32 random bytes each, the same in every process")
		}
		if slices.ContainsFunc(keys[:i], func(other []byte) bool { return subtle.ConstantTimeCompare(key, other) == 1 }) {
			return errors.New("failover: Keys holds a key twice")
		}
	}
	if _, ok := l.(Looker); l != nil && len(keys) > 1 && !ok {
		return errors.New("failover: Keys must be one with this Ledger, which is no Looker")
	}
	return nil
}

// copyKeys makes a random key if there is none: no other process reads the ledger.
func copyKeys(keys [][]byte) (own [][]byte) {
	for _, key := range keys {
		own = append(own, slices.Clone(key))
	}
	if own == nil {
		own = [][]byte{make([]byte, minKey)}
		_, _ = rand.Read(own[0]) // never fails: see crypto/rand
	}
	return own
}

// ledgerKeys names one (recipient, scope) under each key.
func (v *Verifier) ledgerKeys(to, scope string) []Key {
	keys := make([]Key, len(v.keys))
	for i, key := range v.keys {
		keys[i] = ledgerKey(key, to, scope)
	}
	return keys
}

// ledgerKey names one (recipient, scope). Each field is preceded by its length,
// so that no two pairs run together.
func ledgerKey(key []byte, to, scope string) Key {
	return Key(keys.ID(key, "failover v1", strings.ToLower(to), scope))
}

// A subject is a recipient in a scope as the ledger knows it, which has one name there
// for each of Keys. Codes stand under one of them: under the one that has a live code,
// or else under the first. Failures may stand under all, and are added up.
type subject struct {
	v    *Verifier
	keys []Key // newest first
	at   int   // the one in use
}

// find returns the names of a recipient, and uses the first that has a live code.
func (v *Verifier) find(ctx context.Context, to, scope string) (subject, error) {
	r := subject{v: v, keys: v.ledgerKeys(to, scope)}
	if len(r.keys) == 1 {
		return r, nil
	}
	for i, k := range r.keys {
		seen, err := r.look(ctx, k)
		if err != nil {
			return r, err
		}
		if seen.Live {
			r.at = i
			break
		}
	}
	return r, nil
}

func (r subject) key() Key { return r.keys[r.at] }

// look asks once more if the ledger does not answer.
func (r subject) look(ctx context.Context, k Key) (seen Seen, err error) {
	for range 2 {
		if seen, err = r.v.ledger.(Looker).Look(ctx, k); err == nil { // New has seen that it is one
			return seen, nil
		}
	}
	return seen, err
}

// busy returns how long a Send under another key holds the recipient. It is asked
// after a Begin, so that of two that begin at once one sees the other.
func (r subject) busy(ctx context.Context) (busy time.Duration, err error) {
	for i, k := range r.keys {
		if i == r.at {
			continue
		}
		seen, err := r.look(ctx, k)
		if err != nil {
			return 0, err
		}
		busy = max(busy, seen.Busy)
	}
	return busy, nil
}

// count adds the failures under all keys up. It is asked after an Attempt was spent,
// so that of two at once one sees the other. With one key the ledger has counted.
func (r subject) count(ctx context.Context) (failures int, err error) {
	if len(r.keys) == 1 {
		return 0, nil
	}
	for _, k := range r.keys {
		seen, err := r.look(ctx, k)
		if err != nil {
			return 0, err
		}
		failures += seen.Failures
	}
	return failures, nil
}

// forgetOthers ends what is known under the other keys, once a Check was approved:
// failures, older codes, and attempts that are under way.
func (r subject) forgetOthers(ctx context.Context) {
	if len(r.keys) == 1 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	for i, k := range r.keys {
		if i != r.at {
			_ = r.v.ledger.Reset(ctx, k) // what stays is counted on, and ends by itself
		}
	}
}
