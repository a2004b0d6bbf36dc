// Package observe tells of every Send and Check in one event, for logs, metrics
// and alarms. An event holds neither a recipient nor a code.
//
//	v = observe.New(v, observe.Slog(slog.Default()))
//
// The wrapped Verifier is one like any other; verify.As finds what is behind it.
package observe

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// A Subject stands for one recipient in one scope. It joins a Send with its Check
// within one process and means nothing outside of it: it is a hash under a key
// made by New.
type Subject [8]byte

// String returns the subject in hexadecimal.
func (s Subject) String() string { return hex.EncodeToString(s[:]) }

// An Event is what became of one Send or Check.
type Event struct {
	Time        time.Time      // when the call began
	Op          string         // "send" or "check"
	Vendor      string         // who answered; of a composite, the backend that sent
	Channel     verify.Channel // of a Send: how the code travels, or would have
	Scope       string         // empty also where it was refused
	Outcome     verify.Outcome // empty: sent, or approved
	VendorCode  string         // the vendor's own number for a failure
	HTTPStatus  int            // of a failure; zero if there was no answer
	Latency     time.Duration  // how long the call took
	Requests    int            // requests made; zero if unknown
	CallingCode string         // country calling code, without the plus; empty for e-mail
	Subject     Subject        // of recipient and scope
	Duplicate   bool           // another copy of the code may be on its way
}

// An Observer is told of each event, after the call and before the caller is
// answered. It must be fast, safe for concurrent use, and must not panic, which
// would cost the caller the receipt. The context is the call's, and may have
// ended.
type Observer func(ctx context.Context, e Event)

// New wraps v so that every observer is told of every call, in order. Observers
// that are nil are left out.
func New(v verify.Verifier, observers ...Observer) verify.Verifier {
	o := &observed{
		verifier:  v,
		observers: slices.DeleteFunc(slices.Clone(observers), func(o Observer) bool { return o == nil }),
	}
	_, _ = rand.Read(o.key[:]) // never fails: see crypto/rand
	return o
}

type observed struct {
	verifier  verify.Verifier
	observers []Observer
	key       [32]byte
}

// Format keeps the key, and what is wrapped, out of every print.
func (observed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("observe.New([hidden])")) }

// Unwrap lets verify.As see through.
func (o *observed) Unwrap() verify.Verifier { return o.verifier }

// Capabilities are those of the wrapped Verifier.
func (o *observed) Capabilities() verify.Capabilities { return o.verifier.Capabilities() }

// Send sends and tells of it.
func (o *observed) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	e := Event{Time: time.Now(), Op: "send"}
	receipt, err := o.verifier.Send(ctx, to, opts...)
	e.Latency = time.Since(e.Time)

	capabilities := o.verifier.Capabilities()
	if req, refusal := capabilities.SendRequest(to, opts...); refusal == nil {
		e.Channel, e.Scope = req.Channel, req.Scope
	}
	e.Vendor, e.Requests, e.Duplicate = capabilities.Vendor, receipt.Requests, receipt.PossibleDuplicate
	if err == nil {
		e.Vendor, e.Channel = receipt.Vendor, receipt.Channel
	}
	o.tell(ctx, e, to, err)
	return receipt, err
}

// Check checks and tells of it.
func (o *observed) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	e := Event{Time: time.Now(), Op: "check"}
	err := o.verifier.Check(ctx, to, code, opts...)
	e.Latency = time.Since(e.Time)

	capabilities := o.verifier.Capabilities()
	if req, refusal := capabilities.SubjectRequest("check", to, opts...); refusal == nil {
		e.Scope = req.Scope
	}
	e.Vendor = capabilities.Vendor
	o.tell(ctx, e, to, err)
	return err
}

// tell completes the event with what the error says.
func (o *observed) tell(ctx context.Context, e Event, to string, err error) {
	e.Outcome = verify.OutcomeOf(err)
	var failure *verify.Error
	if errors.As(err, &failure) {
		e.VendorCode, e.HTTPStatus, e.Requests = failure.VendorCode, failure.HTTPStatus, failure.Requests
		if failure.Vendor != "" {
			e.Vendor = failure.Vendor
		}
	}
	e.CallingCode = verify.CallingCode(to)
	e.Subject = o.subject(to, e.Scope)
	for _, observe := range o.observers {
		observe(ctx, e)
	}
}

// subject hashes recipient and scope, each preceded by its length.
func (o *observed) subject(to, scope string) Subject {
	h := hmac.New(sha256.New, o.key[:])
	for _, field := range []string{strings.ToLower(to), scope} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(field))
	}
	return Subject(h.Sum(nil)[:len(Subject{})])
}
