package failover

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/internal/sent"
)

// A tally adds up what the backends answered.
type tally struct {
	parts    []string // "twilio unavailable", for Detail
	kinds    map[verify.Outcome]bool
	wait     time.Duration // the shortest that a backend asked for
	requests int
	unknown  bool // a backend may have sent
	last     error
	cause    error
}

func (t *tally) add(name string, err error) {
	kind := verify.OutcomeOf(err)
	part := name + " " + kind.Error()
	var e *verify.Error
	if errors.As(err, &e) {
		t.requests += e.Requests
		t.cause = callctx.Ended(e.Err)
		if e.RetryAfter > 0 && (t.wait == 0 || e.RetryAfter < t.wait) {
			t.wait = e.RetryAfter
		}
		if e.VendorCode != "" {
			part += " (" + e.VendorCode + ")"
		}
	}
	if t.kinds == nil {
		t.kinds = map[verify.Outcome]bool{}
	}
	t.parts = append(t.parts, part)
	t.kinds[kind], t.last = true, err
	t.unknown = t.unknown || kind == verify.ErrOutcomeUnknown
}

// final is the error of a backend that no other may follow: as it is, if it is the
// only one that was tried.
func (t *tally) final(op string, err error) error {
	if len(t.parts) > 1 {
		kind := verify.OutcomeOf(err)
		if t.unknown {
			kind = verify.ErrOutcomeUnknown
		}
		return t.of(op, kind)
	}
	var e *verify.Error
	if errors.As(err, &e) {
		return e // without what may be wrapped around it
	}
	return t.of(op, verify.OutcomeOf(err))
}

// worst is the order in which one outcome speaks for all: first what may hide an
// approval, then what says nothing about the code, then what denies it.
var worst = [...]verify.Outcome{
	verify.ErrOutcomeUnknown, verify.ErrUnavailable, verify.ErrRateLimited, verify.ErrUnauthorized,
	verify.ErrRejected, verify.ErrBlocked, verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrUnsupported,
	verify.ErrMismatch, verify.ErrTooManyAttempts, verify.ErrNotPending,
}

func (t *tally) failure(op string) *verify.Error {
	if op == "send" && sent.Elsewhere(t.last) && !t.unknown {
		e := t.of(op, verify.OutcomeOf(t.last))
		e.Elsewhere = true
		return e
	}
	for _, kind := range worst {
		if t.kinds[kind] {
			return t.of(op, kind)
		}
	}
	return t.of(op, verify.ErrUnavailable)
}

func (t *tally) of(op string, kind verify.Outcome) *verify.Error {
	return &verify.Error{
		Vendor: vendor, Op: op, Outcome: kind, Detail: strings.Join(t.parts, "; "),
		RetryAfter: t.wait, Requests: t.requests, Err: t.cause,
	}
}

// notBegun is the error where the ledger did not reserve the recipient.
func (t *tally) notBegun(busy time.Duration, err error) error {
	e := &verify.Error{Vendor: vendor, Op: "send", Requests: t.requests, Err: callctx.Ended(err)}
	switch {
	case t.unknown:
		e.Outcome, e.Detail = verify.ErrOutcomeUnknown, strings.Join(t.parts, "; ")
	case busy > 0:
		e.Outcome, e.Detail, e.RetryAfter = verify.ErrTooManySends, "a send is under way", busy
	default:
		e.Outcome, e.Detail = verify.ErrUnavailable, "the ledger is full, or did not answer: nothing was sent"
	}
	return e
}

var _ verify.Prober = (*Verifier)(nil)

// Probe asks each backend that can be asked, in its share of the time, and the ledger
// if it can be. The Detail names the backend of each fault.
func (v *Verifier) Probe(ctx context.Context) error {
	var p probing
	for name, err := range v.ProbeEach(ctx) {
		if err != verify.ErrUnsupported { //nolint:errorlint // bare: it cannot be asked
			p.add(name, err)
		}
	}
	return p.failure()
}

// ProbeEach is Probe with an answer for each backend, by its name, and for "ledger",
// if that can be asked. Nil means that no fault was found, and verify.ErrUnsupported
// itself that a backend cannot be asked. Package health serves it.
func (v *Verifier) ProbeEach(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		defer cancel()
		for i, l := range v.backends {
			err := error(verify.ErrUnsupported)
			if prober, ok := verify.As[verify.Prober](l.Verifier); ok {
				mine, cancel := share(ctx, len(v.backends)-i)
				err = prober.Probe(mine)
				cancel()
			}
			if !yield(l.Name, err) {
				return
			}
		}
		if prober, ok := v.ledger.(verify.Prober); ok {
			yield("ledger", ofLedger(prober.Probe(ctx)))
		}
	}
}

// ofLedger gives a ledger's error an outcome.
func ofLedger(err error) error {
	var e *verify.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &verify.Error{Outcome: verify.ErrUnavailable, Detail: "the ledger is not usable: its error says why", Err: err}
}

// A probing adds up what is wrong with the backends.
type probing struct {
	tally
	faults []string
	causes []error
}

func (p *probing) add(name string, err error) {
	if err == nil {
		return
	}
	p.tally.add(name, err)
	e := verify.Error{Outcome: verify.OutcomeOf(err)}
	var known *verify.Error
	if errors.As(err, &known) {
		e = *known
	}
	p.causes = append(p.causes, e.Err)
	e.Vendor, e.Op = name, ""
	for detail := range strings.SplitSeq(e.Detail, "; ") {
		e.Detail = detail
		p.faults = append(p.faults, e.Error())
	}
}

func (p *probing) failure() error {
	if len(p.faults) == 0 {
		return nil
	}
	e := p.tally.failure("probe")
	e.Detail, e.Err = strings.Join(p.faults, "; "), errors.Join(p.causes...)
	return e
}
