package guard

import (
	"context"
	"encoding/hex"
	"time"
)

// KnownFor is how long a recipient is known after an approval.
const KnownFor = 90 * 24 * time.Hour

// KnownRoom is how many known recipients a shared store keeps. The oldest approval
// leaves first.
const KnownRoom = 1_000_000

// An ID names one call: random.
type ID [16]byte

// A Name names one record of a [Store]. Its first byte says of what. Behind
// [NamePrefix], [NameCountry], [NameTotal] and [NameBudget] stands ASCII text with
// zeros after it; behind the others a keyed hash, since they stand for a person.
type Name [16]byte

// The first bytes of a Name.
const (
	NameRecipient = 'r'
	NameAddress   = 'a' // one IPv4 address, or an IPv6 network of /64
	NameNetwork   = 'n' // an IPv6 network of /48
	NamePrefix    = 'p' // calling code and the first digits behind it: "p4574"
	NameCountry   = 'c' // "cDK"
	NameTotal     = 't'
	NameBudget    = 'b'
)

// ClearName returns the name of a record that stands for no person: "p4574", "cDK",
// "t". Longer text is cut.
func ClearName(text string) (n Name) {
	copy(n[:], text)
	return n
}

// IsClear reports whether n is text, and stands for no person.
func (n Name) IsClear() bool {
	return n[0] == NamePrefix || n[0] == NameCountry || n[0] == NameTotal || n[0] == NameBudget
}

// String returns the text of a clear name, and else the first letter and the hash in
// hexadecimal: fit for the key of a record, and the same for each Name.
func (n Name) String() string {
	var room [1 + 2*len(n)]byte
	b, _ := n.AppendText(room[:0])
	return string(b)
}

// AppendText appends what String returns. It never fails.
func (n Name) AppendText(b []byte) ([]byte, error) {
	if !n.IsClear() {
		return hex.AppendEncode(append(b, n[0]), n[1:]), nil
	}
	for _, c := range n {
		if c == 0 {
			break
		}
		b = append(b, c)
	}
	return b, nil
}

// A Limit is the most that is admitted within a window of time. It is exact in one
// direction: no window holds more. A window is counted in eighths, so that it may
// last one eighth longer than it was asked to.
type Limit struct {
	Sends  int64 // or money, of a budget
	Window time.Duration
}

// A Count is one record that a Send is counted in.
type Count struct {
	Name  Name
	Limit Limit // a zero Window: nothing is limited
	Adds  int64 // what the Send adds: 1, or its price
	// Everybody binds known recipients too, who are not counted otherwise.
	Everybody bool
	// Floor is how many of a thousand sends must be approved; zero: any number.
	Floor int64
	// Keep is how long the record is kept after its last Send, even if it means
	// nothing for Limit and Floor by then.
	Keep time.Duration
}

// A Send is what a [Store] decides on.
type Send struct {
	ID     ID
	Counts []Count // at most 12; the first one is that of the recipient
}

// A Decision is a [Store]'s answer. The zero value admits nothing.
type Decision struct {
	Admitted bool
	Known    bool // the recipient approved within KnownFor
	// Of a Send that is not admitted: which of its counts refuses it, why, and for
	// how long. Of several it is the one with the longest wait.
	By     int
	Reason Reason
	Wait   time.Duration
	// Closed are the counts whose share of approvals was found below its floor by
	// this very call.
	Closed []int
}

// A Reason says why a count refuses a Send.
type Reason uint8

// The reasons.
const (
	None         Reason = iota
	OverLimit           // the limit of its window is reached
	BelowFloor          // too few of its codes are approved: it is closed
	WaitingProbe        // it was closed, and the few that were let through are not judged yet
)

// An Approval is a code that was approved. Counts are the names of those counts of
// its Send that have a floor or are reported.
type Approval struct {
	Recipient Name
	Counts    []Name
}

// A Tally is what a [Store] knows of one record with a clear name. All numbers but
// Until count from Since on, and are of strangers: recipients that were not known.
type Tally struct {
	Name      Name
	Since     time.Time
	Sends     int64
	Approvals int64
	Refusals  int64
	Spent     int64 // of the budget: the prices of all sends
	// Until is when a closed record is tried again; zero if it is open.
	Until time.Time
}

// A Store keeps counts. Each method is one atomic step on the store's own clock and,
// where the store is elsewhere, one round trip. All are safe for concurrent use.
//
// An error says only that the store does not know: the guard refuses. It must not
// hold a credential or a URL.
//
// What is counted, when a window is full and when a record closes is the same in
// all stores: see [Record]. Nothing that still counts may be dropped to make room;
// a store that is full answers with an error. The slices of a Send belong to the
// caller, who uses them again.
type Store interface {
	// Admit decides on one Send and, if it is admitted, counts it. A Send that is
	// refused changes nothing but tallies and the state of a floor. Each of the last
	// three admitted IDs of a recipient, asked again, is admitted and not counted again.
	Admit(ctx context.Context, s Send) (Decision, error)

	// Revoke takes back what Admit has counted for s, if that is one of the last
	// three Sends to its recipient: nothing was sent. The others stay as they are. It
	// is safe to repeat.
	Revoke(ctx context.Context, s Send) error

	// Approve makes the recipient known for KnownFor, and counts one approval for
	// the last Send to it that was not revoked, if that was to a stranger and was not
	// approved before.
	Approve(ctx context.Context, a Approval) error

	// Report returns the tallies of all records with clear names, in any order.
	Report(ctx context.Context) ([]Tally, error)

	// Reset removes a record and, of a recipient, that it is known.
	Reset(ctx context.Context, n Name) error
}
