// Package observe reports every Send and Check as one event, for logs, metrics
// and alarms. An event holds neither a recipient nor a code.
//
//	v = observe.New(v, observe.Slog(slog.Default()))
//
// The wrapped Verifier is one like any other; verify.As finds what is behind it.
//
// Package failover reports more: each backend's request, and each change of a
// breaker. Give its Config.Observer the same Observer; such an event has a
// Backend. What became of a message is told by its vendor's reports, which
// [Deliveries] joins with their Sends.
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
	"sync/atomic"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/internal/areas"
)

// A Subject stands for one recipient in one scope. It joins a Send with its Check
// within one process and means nothing outside of it: it is a hash under a key
// made by New.
type Subject [8]byte

// String returns the subject in hexadecimal.
func (s Subject) String() string { return hex.EncodeToString(s[:]) }

// The values of Event.Op.
const (
	OpSend    = "send"
	OpCheck   = "check"
	OpBreaker = "breaker" // a breaker of package failover has changed
	OpGuard   = "guard"   // package guard has refused a Send, or closed a prefix

	// OpDelivery: a vendor reports what became of a message; see [Deliveries].
	OpDelivery = "delivery"

	// OpCredentials: new credentials of a vendor were read. Without Outcome they are in
	// use. Else the former ones are: the vendor refuses the new ones (ErrUnauthorized),
	// they cannot be ones (ErrUnsupported), or they could not be read (ErrUnavailable).
	OpCredentials = "credentials"
)

// TestVendor answers for the test numbers of package insecuretest.
const TestVendor = "insecuretest"

// An Event is what became of one Send or Check, of one backend's part in it, of a
// message, or of a breaker.
type Event struct {
	Time        time.Time      // when the call began
	Op          string         // OpSend, OpCheck, OpDelivery, OpBreaker, OpGuard or OpCredentials
	Vendor      string         // who answered; behind a failover, the vendor that sent or compared
	ID          string         // of a Send and of its reports: the vendor's reference, which is Receipt.ID
	Channel     verify.Channel // of a Send: how the code travels, or would have
	Scope       string         // empty also where it was refused
	Outcome     verify.Outcome // empty: sent, or approved
	VendorCode  string         // the vendor's own number for a failure
	HTTPStatus  int            // of a failure; zero if there was no answer
	Latency     time.Duration  // how long the call took
	Requests    int            // requests made; zero if unknown
	CallingCode string         // country calling code, without the plus; empty for e-mail
	Region      string         // the country of the number by ISO 3166-1, "001" for calling codes of no country; empty if it is not known
	Subject     Subject        // of recipient and scope
	Duplicate   bool           // another copy of the code may be on its way
	Repeated    bool           // of a Send: nothing was sent, the answer is that of an earlier one with the same idempotency key
	Test        bool           // of a test number, whose code is known beforehand

	Backend    string // of an event of package failover: the backend's name; of new credentials, if it has one
	Breaker    string // of a breaker: "open", "half_open" or "closed"
	BreakerFor string // which calls it stops: OpSend (on Channel) or OpCheck

	Rule     string // of an event of package guard: the rule, such as "prefix"
	Prefix   string // calling code and first digits that the rule counts; without Outcome they were closed
	Observed bool   // the guard only observes: the Send went on

	// Of OpDelivery, whose Time is that of the Send and whose Latency ends when the
	// message came so far, by the vendor's clock.
	Status    delivery.Status // how far the message came
	Unmatched bool            // no Send of the last 72 hours is known: there is no more than Vendor, ID, Status and VendorCode, and Time is that of the report
}

// Country is the country of a phone number by ISO 3166-1, such as "DK". Where the
// number belongs to none that is known it is the calling code, "+1" or "+882", and
// empty where nobody has that one, and for e-mail. There are at most 265 of them.
func (e Event) Country() string {
	switch {
	case e.Region != "" && e.Region != "001":
		return e.Region
	case areas.IsCode(e.CallingCode):
		return "+" + e.CallingCode
	}
	return ""
}

// An Observer gets each event after the call and before its caller gets the
// answer. It must be fast and safe for concurrent use. A panic of an Observer is
// dropped, because the message has left and the caller needs the receipt. The
// context is that of the call and may have ended.
type Observer func(ctx context.Context, e Event)

// Observe calls o and drops its panic. A nil Observer is none.
func (o Observer) Observe(ctx context.Context, e Event) {
	if o == nil {
		return
	}
	defer func() { _ = recover() }() // an event is worth less than the answer to the call
	o(ctx, e)
}

// Answered says who answers the call that ctx belongs to, for its event. It is
// for a Verifier made of several, whose Check has no receipt to say it.
func Answered(ctx context.Context, vendor string) {
	if who, ok := ctx.Value(answeredKey{}).(*atomic.Pointer[string]); ok {
		who.Store(&vendor)
	}
}

type answeredKey struct{}

// New wraps v so that every observer gets an event of every call, in order. A nil
// observer is left out.
func New(v verify.Verifier, observers ...Observer) verify.Verifier {
	o := &observed{verifier: v, teller: teller{observers: some(observers)}}
	_, _ = rand.Read(o.key[:]) // never fails: see crypto/rand
	return o
}

type observed struct {
	verifier verify.Verifier
	teller
}

// Format keeps the key, and what is wrapped, out of every print.
func (observed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("observe.New([hidden])")) }

// Unwrap lets verify.As see through.
func (o *observed) Unwrap() verify.Verifier { return o.verifier }

// Capabilities are those of the wrapped Verifier.
func (o *observed) Capabilities() verify.Capabilities { return o.verifier.Capabilities() }

// Send sends and reports it.
func (o *observed) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	e := Event{Time: time.Now(), Op: OpSend}
	receipt, err := o.verifier.Send(ctx, to, opts...)
	e.Latency = time.Since(e.Time)

	capabilities := o.verifier.Capabilities()
	if req, refusal := capabilities.SendRequest(to, opts...); refusal == nil {
		e.Channel, e.Scope = req.Channel, req.Scope
	}
	e.Vendor, e.Requests, e.Duplicate = capabilities.Vendor, receipt.Requests, receipt.PossibleDuplicate
	e.Repeated = receipt.Repeated
	if err == nil {
		e.Vendor, e.Channel, e.ID = receipt.Vendor, receipt.Channel, receipt.ID
	}
	o.told(ctx, e, to, err)
	return receipt, err
}

// Check checks and reports it.
func (o *observed) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	e := Event{Time: time.Now(), Op: OpCheck}
	var who atomic.Pointer[string]
	err := o.verifier.Check(context.WithValue(ctx, answeredKey{}, &who), to, code, opts...)
	e.Latency = time.Since(e.Time)

	capabilities := o.verifier.Capabilities()
	if req, refusal := capabilities.SubjectRequest("check", to, opts...); refusal == nil {
		e.Scope = req.Scope
	}
	e.Vendor = capabilities.Vendor
	if vendor := who.Load(); vendor != nil {
		e.Vendor = *vendor
	}
	o.told(ctx, e, to, err)
	return err
}

// told tells what became of a call for a recipient.
func (o *observed) told(ctx context.Context, e Event, to string, err error) {
	e.CallingCode = verify.CallingCode(to)
	e.Region = areas.Of(e.CallingCode, to).Region
	e.Subject = o.subject(strings.ToLower(to), e.Scope)
	o.tell(ctx, e, o.verifier.Capabilities().Vendor, err)
}

// A teller completes events and hands them on.
type teller struct {
	observers []Observer
	key       [32]byte
}

// some leaves out the observers that are nil.
func some(observers []Observer) []Observer {
	return slices.DeleteFunc(slices.Clone(observers), func(o Observer) bool { return o == nil })
}

// tell completes the event with what the error says. An error that names somebody
// else than the one who was asked says who answered.
func (t *teller) tell(ctx context.Context, e Event, asked string, err error) {
	e.Outcome = verify.OutcomeOf(err)
	var failure *verify.Error
	if errors.As(err, &failure) {
		e.VendorCode, e.HTTPStatus, e.Requests = failure.VendorCode, failure.HTTPStatus, failure.Requests
		if failure.Vendor != "" && failure.Vendor != asked {
			e.Vendor = failure.Vendor
		}
	}
	e.Test = e.Vendor == TestVendor
	for _, observe := range t.observers {
		observe.Observe(ctx, e)
	}
}

func (t *teller) subject(fields ...string) Subject {
	return Subject(macOf(t.key[:], fields...)[:len(Subject{})])
}

// macOf hashes its fields, each preceded by its length.
func macOf(key []byte, fields ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, field := range fields {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(field))
	}
	return h.Sum(nil)
}
