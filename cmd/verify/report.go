package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

const (
	statusNotApproved = 1
	statusUsage       = 2
)

// statuses are the exit statuses of failures. Zero is said by a nil error only.
var statuses = map[verify.Outcome]int{
	verify.ErrMismatch:         statusNotApproved,
	verify.ErrNotPending:       statusNotApproved,
	verify.ErrTooManyAttempts:  statusNotApproved,
	verify.ErrUnsupported:      statusUsage,
	verify.ErrInvalidRecipient: statusUsage,
	verify.ErrBlocked:          3,
	verify.ErrUnauthorized:     3,
	verify.ErrRejected:         3,
	verify.ErrRateLimited:      4,
	verify.ErrTooManySends:     4,
	verify.ErrUnavailable:      4,
	verify.ErrOutcomeUnknown:   5,
}

// errQuit ends a try that was given up.
var errQuit = errors.New("given up")

// report tells what err means and returns the exit status.
func (t terminal) report(f *flags, err error) int {
	if err == nil {
		return 0
	}
	if silent := (told{}); errors.As(err, &silent) {
		return statuses[verify.OutcomeOf(known(err))]
	}
	say(t.err, "verify: %v\n", spoken(err))
	e := known(err)
	if f.json {
		t.json(e)
	}
	var m misuse
	if errors.As(err, &m) {
		say(t.err, "usage: verify %s %s\n", f.name, f.synopsis)
	}
	if errors.Is(err, errQuit) {
		return statusNotApproved
	}
	return statuses[verify.OutcomeOf(e)]
}

// spoken leaves the status of HTTP out where it says nothing to a person: many
// vendors answer 200 to a wrong code.
func spoken(err error) error {
	e, ok := err.(*verify.Error) //nolint:errorlint // one that is wrapped says more than this
	if !ok || e.HTTPStatus < 200 || e.HTTPStatus > 299 {
		return err
	}
	plain := *e
	plain.HTTPStatus = 0
	return &plain
}

// known is err in the words of package verify. A misuse asks for what cannot be
// honored: the caller must change the call.
func known(err error) *verify.Error {
	var e *verify.Error
	var m misuse
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &m):
		return &verify.Error{Outcome: verify.ErrUnsupported, Detail: string(m)}
	}
	return &verify.Error{Outcome: verify.ErrOutcomeUnknown, Err: err}
}

// json prints v on a line of its own, an & as it is: lines are cut with sed.
func (t terminal) json(v any) {
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // texts and numbers always encode; the exit status tells the rest
}

// say prints. The exit status tells the rest if nobody reads.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// sentence tells a receipt.
func sentence(r verify.Receipt) string {
	parts := []string{fmt.Sprintf("sent by %s over %s", r.Vendor, r.Channel)}
	if r.Digits > 0 {
		parts = append(parts, fmt.Sprintf("%d digits", r.Digits))
	}
	if !r.ExpiresAt.IsZero() {
		parts = append(parts, "works until "+r.ExpiresAt.Format(time.RFC3339))
	}
	if !r.ResendAt.IsZero() {
		parts = append(parts, "can be sent again from "+r.ResendAt.Format(time.RFC3339))
	}
	if r.PossibleDuplicate {
		parts = append(parts, "another copy may arrive as well")
	}
	if r.ID != "" {
		parts = append(parts, "id "+r.ID)
	}
	return strings.Join(parts, ", ")
}
