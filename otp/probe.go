package otp

import (
	"context"
	"errors"
	"strings"

	"github.com/go2fa/verify"
)

var _ verify.Prober = (*Engine)(nil)

// Probe asks the messenger, each of them below [Fallback], and the store, if they
// have a Probe of their own: nil says nothing of one that has none. An error of
// the store is the cause of the error returned.
func (e *Engine) Probe(ctx context.Context) error {
	var faults []*verify.Error
	for _, c := range e.messengers() {
		if p, ok := c.(verify.Prober); ok {
			if err := p.Probe(ctx); err != nil {
				faults = append(faults, named(c.Capabilities().Vendor, err))
			}
		}
	}
	if p, ok := e.store.(verify.Prober); ok {
		if err := p.Probe(ctx); err != nil {
			faults = append(faults, e.failure("probe", verify.ErrUnavailable, "the store would not do: its error says why", err))
		}
	}
	return e.together(faults)
}

func (e *Engine) messengers() []Messenger {
	if f, ok := e.messenger.(*fallback); ok {
		return f.messengers
	}
	return []Messenger{e.messenger}
}

// together makes one error of several. It matches what all of them match, or else
// says that the engine would not work.
func (e *Engine) together(faults []*verify.Error) error {
	switch len(faults) {
	case 0:
		return nil
	case 1:
		faults[0].Op = "probe"
		return faults[0]
	}
	all := &verify.Error{Vendor: e.caps.Vendor, Op: "probe", Outcome: faults[0].Outcome}
	var details []string
	var causes []error
	for _, fault := range faults {
		if fault.Outcome != all.Outcome {
			all.Outcome = verify.ErrUnavailable
		}
		causes = append(causes, fault.Err)
		fault.Op = ""
		for detail := range strings.SplitSeq(fault.Detail, "; ") {
			fault.Detail = detail
			details = append(details, fault.Error())
		}
	}
	all.Detail, all.Err = strings.Join(details, "; "), errors.Join(causes...)
	return all
}
