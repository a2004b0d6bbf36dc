package main

import (
	"context"
	"fmt"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/internal/pump"
	"github.com/go2fa/verify/vendors"
)

// guardian shows what a guard does, without an account and without a send.
func guardian(ctx context.Context, t terminal, f *flags) error {
	switch {
	case f.word == "demo" && f.set.NArg() == 0:
		return guardDemo(ctx, t, f)
	case f.word == "replay" && f.set.NArg() == 1:
		return guardReplay(ctx, t, f, f.set.Arg(0))
	}
	return misuse("say demo, or replay and the file of a log")
}

// guarded opens a guard by its settings around v, on the store s.
func (f *flags) guarded(opts ...vendors.Option) pump.Open {
	return func(v verify.Verifier, s guard.Store) (verify.Verifier, error) {
		dsn := "guard(inner://)?store=inner://s"
		if f.settings != "" {
			dsn += "&" + f.settings
		}
		made, err := vendors.Open(dsn, append(opts,
			vendors.With("inner", func(struct{}) (verify.Verifier, error) { return v, nil }),
			vendors.WithGuardStore("inner", func(string) (guard.Store, error) { return s, nil }))...)
		if err != nil {
			return nil, misuse("-settings: " + forCommand.Replace(err.Error()))
		}
		return made, nil
	}
}

// guardDemo plays each attack as often as there are seeds.
func guardDemo(ctx context.Context, t terminal, f *flags) error {
	if f.seeds < 1 || f.seeds > 100 {
		return misuse("-seeds must be 1 to 100")
	}
	say(t.out, "a pump asks for %d messages from 500 addresses, among %d honest people of 20 countries, %.0f %% of them known:\n\n", pump.Messages, pump.Logins, 100*pump.Known)
	say(t.out, "%-6s %11s %9s %9s   %-17s %-17s %s\n", "lasts", "subscribers", "approves", "attacked", "of the pump left", "of honest refused", "known refused")
	for i := range pump.Settings(1) {
		var left, refused span
		known := 0
		var s pump.Setting
		for seed := range f.seeds {
			if err := ctx.Err(); err != nil {
				return err
			}
			s = pump.Settings(uint64(seed + 1))[i]
			r, err := pump.Play(s, f.guarded())
			if err != nil {
				return err
			}
			left, refused, known = left.with(r.LeftShare()), refused.with(r.RefusedShare()), known+r.KnownRefused
		}
		say(t.out, "%-6s %11d %7.0f %% %7.0f %%   %-17s %-17s %d\n", hours(s.Lasts), s.Subscribers, 100*s.Approves, 100*s.Attacked, left, refused, known)
	}
	return nil
}

func hours(d time.Duration) string { return fmt.Sprintf("%.0f h", d.Hours()) }

// A span is the least and the most of some shares.
type span struct {
	least, most float64
	some        bool
}

func (s span) with(share float64) span {
	if !s.some {
		return span{share, share, true}
	}
	return span{min(s.least, share), max(s.most, share), true}
}

// String returns percents.
func (s span) String() string {
	least, most := fmt.Sprintf("%.2f", 100*s.least), fmt.Sprintf("%.2f %%", 100*s.most)
	if least+" %" == most {
		return most
	}
	return least + " to " + most
}
