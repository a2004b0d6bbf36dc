package failover

import (
	"context"
	"errors"
	"strings"

	"github.com/go2fa/verify"
)

var _ verify.Prober = (*Verifier)(nil)

// Probe asks each backend that can be asked, in its share of the time, and the ledger
// if it can be. The Detail names the backend of each fault.
func (v *Verifier) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()

	var p probing
	for i, l := range v.backends {
		if prober, ok := verify.As[verify.Prober](l.Verifier); ok {
			mine, cancel := share(ctx, len(v.backends)-i)
			p.add(l.Name, prober.Probe(mine))
			cancel()
		}
	}
	if prober, ok := v.ledger.(verify.Prober); ok {
		p.add("ledger", ofLedger(prober.Probe(ctx)))
	}
	return p.failure()
}

// ofLedger names an outcome for a ledger's error, which knows none.
func ofLedger(err error) error {
	var e *verify.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &verify.Error{Outcome: verify.ErrUnavailable, Detail: "the ledger would not do: its error says why", Err: err}
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
