package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Outcome names why a call failed, in one word that is the same for every
// vendor. It is an error itself, so that errors.Is(err, [ErrMismatch]) decides,
// and string(outcome) is a stable label for metrics and logs.
type Outcome string

// The outcomes. An error of this module matches exactly one of them.
const (
	// ErrMismatch: the code is wrong, or cannot be one. Let the person try again.
	ErrMismatch Outcome = "mismatch"

	// ErrNotPending: the code has expired, was used, or was never sent. Send a
	// new one.
	ErrNotPending Outcome = "not_pending"

	// ErrTooManyAttempts: too many attempts were made, so that even the right code is
	// refused. Send a new one, later.
	ErrTooManyAttempts Outcome = "too_many_attempts"

	// ErrTooManySends: this recipient was sent too many codes, or a send is under
	// way. Wait Error.RetryAfter; never turn to another vendor.
	ErrTooManySends Outcome = "too_many_sends"

	// ErrInvalidRecipient: malformed, or unreachable on this channel. Ask for
	// another number or channel.
	ErrInvalidRecipient Outcome = "invalid_recipient"

	// ErrBlocked: refused by a fraud guard, a geographic permission or an opt-out,
	// or after a hundred wrong attempts. Never turn to another vendor: it would
	// defeat the guard.
	ErrBlocked Outcome = "blocked"

	// ErrUnsupported: an option this vendor cannot honor; no request was made.
	// Fix the call.
	ErrUnsupported Outcome = "unsupported"

	// ErrUnauthorized: the vendor refused the credentials or the account. Alarm
	// an operator; another vendor may serve.
	ErrUnauthorized Outcome = "unauthorized"

	// ErrRejected: refused for a reason without a name here. Read
	// Error.VendorCode; never turn to another vendor.
	ErrRejected Outcome = "rejected"

	// ErrRateLimited: the vendor throttles this account; nothing was done. Wait
	// Error.RetryAfter, or turn to another vendor.
	ErrRateLimited Outcome = "rate_limited"

	// ErrUnavailable: not reached, or too busy: surely nothing was done. Try
	// again, or turn to another vendor.
	ErrUnavailable Outcome = "unavailable"

	// ErrOutcomeUnknown: the request left and no trustworthy answer came back.
	// The message may arrive, the code may be spent: ask the person.
	ErrOutcomeUnknown Outcome = "outcome_unknown"
)

var outcomes = [...]Outcome{
	ErrMismatch, ErrNotPending, ErrTooManyAttempts, ErrTooManySends,
	ErrInvalidRecipient, ErrBlocked, ErrUnsupported, ErrUnauthorized,
	ErrRejected, ErrRateLimited, ErrUnavailable, ErrOutcomeUnknown,
}

// Error returns the outcome in words: "rate limited".
func (o Outcome) Error() string { return strings.ReplaceAll(string(o), "_", " ") }

// OutcomeOf returns the outcome that err matches. It returns
// [ErrOutcomeUnknown] for an error that names none, since nothing is known of
// it, and "" for nil.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return ""
	}
	var o Outcome
	if errors.As(err, &o) && slices.Contains(outcomes[:], o) {
		return o
	}
	return ErrOutcomeUnknown
}

// An Error says what is known about a call that failed. It never holds a
// recipient, a code, a credential, a URL or the vendor's prose, and prints the
// same one line under every verb.
type Error struct {
	Vendor       string        // who failed: "twilio"
	Op           string        // the call: "send", "check", "cancel"
	Outcome      Outcome       // what it means
	Detail       string        // which argument or setting is at fault, in our own words
	HTTPStatus   int           // zero if there was no answer
	VendorCode   string        // the vendor's own number for it
	RequestID    string        // the vendor's reference, for support tickets
	RetryAfter   time.Duration // how long to wait; zero if unknown
	AttemptsLeft int           // how many attempts an ErrMismatch leaves; zero if unknown
	Requests     int           // requests made; zero if the call was refused before any
	Elsewhere    bool          // surely nothing was sent, and it says nothing about other vendors: another may serve this recipient
	Err          error         // what the caller may look for, such as context.Canceled; never another *Error
}

// Error returns one line: "twilio: send: rate limited (HTTP 429, 20429)".
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range [...]string{e.Vendor, e.Op} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(OutcomeOf(e.Outcome).Error())
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if facts := e.facts(); len(facts) > 0 {
		b.WriteString(" (" + strings.Join(facts, ", ") + ")")
	}
	return b.String()
}

// facts are the numbers an operator looks up or waits for.
func (e *Error) facts() []string {
	var facts []string
	if e.HTTPStatus != 0 {
		facts = append(facts, "HTTP "+strconv.Itoa(e.HTTPStatus))
	}
	if e.VendorCode != "" {
		facts = append(facts, e.VendorCode)
	}
	if s := e.retrySeconds(); s > 0 {
		facts = append(facts, "retry after "+(time.Duration(s)*time.Second).String())
	}
	return facts
}

// retrySeconds rounds up, so that a caller never retries too early.
func (e *Error) retrySeconds() int { return int(math.Ceil(e.RetryAfter.Seconds())) }

// Unwrap makes errors.Is match Outcome, and the cause if there is one. An Outcome that
// is none of ours matches ErrOutcomeUnknown. A cause that names an outcome itself is
// left out: two answers to one question open doors.
func (e *Error) Unwrap() []error {
	outcome := OutcomeOf(e.Outcome)
	var second Outcome
	if e.Err == nil || errors.As(e.Err, &second) {
		return []error{outcome}
	}
	return []error{outcome, e.Err}
}

// Format prints the line of Error under every verb: %+v and %#v must not show
// a cause that holds a URL, whether the Error is a pointer or a copy.
func (e Error) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.Error())) }

// MarshalJSON writes the fields under stable names and leaves the cause out.
func (e Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Outcome      Outcome `json:"outcome"`
		Vendor       string  `json:"vendor,omitempty"`
		Op           string  `json:"op,omitempty"`
		Detail       string  `json:"detail,omitempty"`
		HTTPStatus   int     `json:"http_status,omitempty"`
		VendorCode   string  `json:"vendor_code,omitempty"`
		RequestID    string  `json:"request_id,omitempty"`
		RetryAfter   int     `json:"retry_after_seconds,omitempty"`
		AttemptsLeft int     `json:"attempts_left,omitempty"`
		Requests     int     `json:"requests,omitempty"`
		Elsewhere    bool    `json:"elsewhere,omitempty"`
	}{
		OutcomeOf(e.Outcome), e.Vendor, e.Op, e.Detail, e.HTTPStatus, e.VendorCode,
		e.RequestID, e.retrySeconds(), e.AttemptsLeft, e.Requests, e.Elsewhere,
	})
}
