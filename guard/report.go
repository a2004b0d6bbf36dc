package guard

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
)

// A Report is what the store knows. Its numbers count from Since on and only grow
// until a record ends, so that the difference of two reports is what came between.
// All but Spent are of strangers.
type Report struct {
	Total     Line
	Countries []Line // by sends, the most first
	Prefixes  []Line // the same
	Spent     Money  // prices of all sends that the budget counts, those to the known too
}

// A Line is one country, by ISO 3166-1, or one prefix of numbers, or all of them.
// Countries are forgotten a day after their last Send, prefixes after three hours.
type Line struct {
	Name      string // "DK", "453212"; empty for all
	Since     time.Time
	Sends     int64
	Approvals int64
	Refusals  int64 // by the rules that count: not of countries and kinds that are not permitted
	// ClosedUntil is when numbers that begin so are tried again; zero if they are open.
	ClosedUntil time.Time
}

// Report tells what was sent, approved and refused. It is for operators: it asks the
// store for all its records of countries and prefixes.
func (v *Verifier) Report(ctx context.Context) (Report, error) { return v.gate.report(ctx) }

func (g *gate) report(ctx context.Context) (Report, error) {
	all, err := g.cfg.Store.Report(ctx)
	if err != nil {
		return Report{}, &verify.Error{Vendor: vendor, Op: "report", Outcome: verify.ErrUnavailable, Detail: "the guard's store did not answer", Err: callctx.Ended(err)}
	}
	var r Report
	for _, t := range all {
		line := Line{t.Name.String()[1:], t.Since, t.Sends, t.Approvals, t.Refusals, t.Until}
		switch t.Name[0] {
		case NameTotal:
			r.Total = line
		case NameCountry:
			r.Countries = append(r.Countries, line)
		case NamePrefix:
			r.Prefixes = append(r.Prefixes, line)
		case NameBudget:
			r.Spent = Money(t.Spent)
		}
	}
	slices.SortFunc(r.Countries, bySends)
	slices.SortFunc(r.Prefixes, bySends)
	return r, nil
}

func bySends(a, b Line) int {
	return cmp.Or(cmp.Compare(b.Sends, a.Sends), strings.Compare(a.Name, b.Name))
}

// Reset forgets what is counted for one recipient, and that it is known: after a
// mistake, or to erase a person.
func (v *Verifier) Reset(ctx context.Context, to string) error { return v.gate.reset(ctx, to) }

func (g *gate) reset(ctx context.Context, to string) error {
	if !verify.IsPhone(to) && !verify.IsEmail(to) {
		return &verify.Error{Vendor: vendor, Op: "reset", Outcome: verify.ErrInvalidRecipient}
	}
	return g.forget(ctx, g.names.recipient(to))
}

// Reopen forgets what is counted for numbers that begin alike, "+453212", or for a
// country, "DK": after a closure that was a mistake.
func (v *Verifier) Reopen(ctx context.Context, prefixOrRegion string) error {
	if digits, ok := strings.CutPrefix(prefixOrRegion, "+"); ok {
		return v.gate.forget(ctx, ClearName(string(rune(NamePrefix))+digits))
	}
	return v.gate.forget(ctx, countryName(prefixOrRegion))
}

func (g *gate) forget(ctx context.Context, n Name) error {
	if err := g.cfg.Store.Reset(ctx, n); err != nil {
		return &verify.Error{Vendor: vendor, Op: "reset", Outcome: verify.ErrUnavailable, Detail: "the guard's store did not answer", Err: callctx.Ended(err)}
	}
	return nil
}
