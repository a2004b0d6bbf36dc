package otp

import (
	"context"
	"time"
)

type (
	// A Key names one (recipient, scope): a hash under the index key.
	Key [16]byte

	// A MAC stands for one code, with its recipient, scope and transaction, under
	// one key. The zero MAC stands for none.
	MAC [32]byte

	// An ID names one call. It is random, and new for each Send and each Check, unless
	// the call has an idempotency key: then it is an HMAC over the key and all that the
	// call names. The zero ID names none.
	ID [16]byte
)

// A Store remembers codes between Send and Check. It sees no recipient and no
// code. Each method is one atomic step, on the store's own clock, and safe for
// concurrent use.
//
// A call that took effect and is made again with the same ID within two minutes
// changes nothing and answers the same, so that a lost reply may be asked for
// once more; Wait is counted anew. A call that was refused, or found no live
// code, had no effect and is decided afresh.
//
// An error says only that the store does not know: the caller fails closed. It
// must not hold a credential or a URL. Fields of [Limits] that are zero take
// their defaults; see [Limits.WithDefaults]. Of a time, a hundred years are as good as
// for ever, and a longer one must not overflow.
//
// Package verifytest proves these promises for any Store: RunStore.
type Store interface {
	// Issue admits one send under limits and makes mac the only live code of k for
	// ttl: it replaces the code before it, and the count of attempts on a code
	// starts again; the count of failures does not. A zero mac only counts a send
	// and leaves the live code as it is. A refused Issue changes nothing.
	//
	// If the ID is known, the Admission says Repeated, unless mac is the live code that
	// this ID made: then it is a lost reply that is asked for once more.
	Issue(ctx context.Context, k Key, id ID, mac MAC, ttl time.Duration, l Limits) (Admission, error)

	// Conclude keeps what became of the Issue with this id for two minutes, for the
	// Admission of one that is repeated: a text of at most 1,024 bytes, without a
	// recipient or a code. The last one counts. Conclude of an unknown id does no harm.
	Conclude(ctx context.Context, k Key, id ID, outcome string) error

	// Attempt charges one attempt and one failure, then compares the live code with
	// macs (one for each key in use), then settles. Match forgets the code, those
	// it replaced and all failures, and is returned to exactly one ID. With no live
	// code, or a limit reached, nothing is charged and nothing compared; no zero
	// MAC ever matches. Left is how many attempts remain; the wrong attempt that
	// spends the last one, of the code or of all codes, is Locked. It must not keep
	// macs.
	Attempt(ctx context.Context, k Key, id ID, macs []MAC, l Limits) (v Verdict, left int, err error)

	// Revoke takes back the Issue with this id: its code is dead, its send is not
	// counted, and the code that it replaced works again. That code keeps its own
	// ttl, and the attempts on the revoked one are added to its own. If a later
	// Issue has replaced the revoked code, that one now replaces the code before.
	//
	// A replaced code comes back only if it was replaced within the last two
	// minutes ([RestoreTime]), if nothing was approved since, and if the revoked
	// code had not expired. Of each key the last four ([MaxReplaced]) are kept.
	//
	// Revoke of an unknown id changes nothing. Revoke of the zero ID kills the live
	// code and all that it replaced, and leaves every count as it is.
	Revoke(ctx context.Context, k Key, id ID) error

	// Reset removes all that is kept under k: an operator's reset, or erasure.
	Reset(ctx context.Context, k Key) error
}

// What a [Store] keeps of codes that were replaced, in case the send that replaced
// them is revoked.
const (
	// RestoreTime is how long after it was replaced a code may come back.
	RestoreTime = 2 * time.Minute
	// MaxReplaced is how many replaced codes a store keeps of one key. Default
	// [Limits] admit no more sends than one above that.
	MaxReplaced = 4
)

// An Admission is a Store's answer to Issue.
type Admission struct {
	Refused Refusal       // zero: admitted
	Wait    time.Duration // until the next send may be admitted, as things stand; zero if unknown or at once

	Repeated bool   // a call with this ID was admitted before, and nothing changed
	Outcome  string // of a repeated one, what Conclude kept; empty while it is under way
	Stale    bool   // of a repeated one, it was more than two minutes ago
}

// A Refusal says why a Store did not admit a send. The zero value is Admitted. It
// is an error, so that a page can tell a person who must wait a moment from one
// who has asked for all codes of the window: errors.Is(err, otp.TooSoon).
type Refusal uint8

// The refusals. If both TooSoon and TooMany apply, it is TooMany.
const (
	Admitted    Refusal = iota
	TooSoon             // within the cooldown of the send before
	TooMany             // all sends of the window are spent
	SendBlocked         // too many failures over all codes
	Full                // the store has no room, and nothing it may drop
)

// String names the refusal, for logs and tests.
func (r Refusal) String() string {
	return name(int(r), "admitted", "too soon", "too many", "blocked", "full")
}

// Error is String.
func (r Refusal) Error() string { return r.String() }

// A Verdict is a Store's answer to Attempt. The zero value approves nothing.
type Verdict uint8

// The verdicts. Only Match approves. If several apply, Blocked goes before Gone,
// and Gone before Locked.
const (
	Gone    Verdict = iota // no live code
	Wrong                  // compared, and none of the MACs is the live one
	Locked                 // no attempts left on this code
	Blocked                // too many failures over all codes
	Match                  // compared, equal, and consumed
)

// String names the verdict, for logs and tests.
func (v Verdict) String() string {
	return name(int(v), "gone", "wrong", "locked", "blocked", "match")
}

func name(i int, names ...string) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}
