package guard

import (
	"context"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

// details say what an operator may change.
var details = map[string]string{
	RuleCountry:   "codes are not sent to this country: see Countries, which is countries= in a DSN",
	RuleKind:      "codes are not sent to this kind of number: see Kinds, which is kinds= in a DSN",
	RuleProxy:     "the client address is a proxy's: hand in that of the person, or set Private",
	RuleAddress:   "IP is limited and there is no client address: use WithClientIP",
	RuleStore:     "the guard's store did not answer, and nothing is sent without it",
	RuleRecipient: "too many codes were sent to this recipient",
	RulePrefix:    "too many codes were sent to numbers that begin like this one",
	RuleTotal:     "too many codes were sent to strangers in total",
	RuleLimit:     "too many codes were sent to strangers of this country",
	RuleIP:        "too many codes were sent for this client address",
	RuleBudget:    "the budget is spent",
	RuleConvert:   "too few of the codes that were sent to such numbers are approved",
}

func ruleOf(n Name, r Reason) string {
	if r == BelowFloor || r == WaitingProbe {
		return RuleConvert
	}
	switch n[0] {
	case NamePrefix:
		return RulePrefix
	case NameCountry:
		return RuleLimit
	case NameAddress, NameNetwork:
		return RuleIP
	case NameTotal:
		return RuleTotal
	case NameBudget:
		return RuleBudget
	}
	return RuleRecipient
}

// refuse tells and returns the refusal; nothing is returned by a guard that only
// observes.
func (g *gate) refuse(ctx context.Context, p *passage, rule, by string, failure *verify.Error) error {
	failure.Vendor, failure.Op = vendor, "send"
	p.send.Counts = nil // it was not counted
	g.tell(ctx, p, rule, by, failure.Outcome)
	if g.cfg.Observe {
		return nil
	}
	return failure
}

// tell makes an event. Without an outcome it is of a prefix that was closed.
func (g *gate) tell(ctx context.Context, p *passage, rule, by string, outcome verify.Outcome) {
	if g.cfg.Observer == nil {
		return
	}
	e := observe.Event{
		Time: time.Now(), Op: observe.OpGuard, Vendor: vendor, Outcome: outcome, CallingCode: verify.CallingCode(p.to),
		Region: p.area.Region, Rule: rule, Observed: g.cfg.Observe,
	}
	if prefix, ok := strings.CutPrefix(by, string(rune(NamePrefix))); ok {
		e.Prefix = prefix
	}
	g.cfg.Observer.Observe(ctx, e)
}
