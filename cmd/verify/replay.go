package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/internal/pump"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/vendors"
)

// A logged send is one line of a log: {"time": "2026-11-28T12:00:00Z", "to":
// "+15017122661", "ip": "203.0.113.7", "approved": true}. An address may be missing.
type logged struct {
	Time     time.Time  `json:"time"`
	To       string     `json:"to"`
	IP       netip.Addr `json:"ip"`
	Approved bool       `json:"approved"` // the code was typed back
}

// typed is when a code is taken to come back, since the log does not say.
const typed = 30 * time.Second

// guardReplay tells what a guard would have done to a log. It prints no recipient and
// no address.
func guardReplay(ctx context.Context, t terminal, f *flags, file string) error {
	sends, err := readLog(file)
	if err != nil {
		return err
	}
	r := &replay{rules: map[string]*judged{}, regions: map[string]*judged{}}
	v, err := f.guarded(vendors.WithObserver(r.refused))(pump.Nobody{}, &guard.MemoryStore{Clock: func() time.Time { return r.now }})
	if err != nil {
		return err
	}
	for _, s := range sends {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.send(ctx, v, s)
	}
	r.print(t)
	return nil
}

// readLog returns the sends in the order of their times. Its errors name a line and
// quote nothing.
func readLog(file string) ([]logged, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, misuse("the log cannot be read")
	}
	var sends []logged
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var s logged
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil || s.Time.Year() < 1971 || s.To == "" {
			return nil, misuse(fmt.Sprintf(`line %d of the log must be an object with "time" as in RFC 3339, "to", and perhaps "ip" and "approved"`, n))
		}
		sends = append(sends, s)
	}
	if lines.Err() != nil {
		return nil, misuse("a line of the log is too long")
	}
	slices.SortStableFunc(sends, func(a, b logged) int { return a.Time.Compare(b.Time) })
	return sends, nil
}

// A replay knows what came of all sends.
type replay struct {
	now            time.Time
	last           observe.Event
	all            judged
	rules, regions map[string]*judged
	due            []due
}

// A due approval is a code that comes back later.
type due struct {
	at time.Time
	to string
}

// Judged counts sends of one kind, how many a guard refuses, and how many of these
// were typed back: people.
type judged struct{ sends, refused, people int }

func (r *replay) refused(_ context.Context, e observe.Event) {
	if e.Outcome != "" {
		r.last = e
	}
}

func (r *replay) send(ctx context.Context, v verify.Verifier, s logged) {
	for len(r.due) > 0 && !r.due[0].at.After(s.Time) {
		r.now = r.due[0].at
		_ = v.Check(ctx, r.due[0].to, "123456") // it is approved, and only known from now on
		r.due = r.due[1:]
	}
	r.now, r.last = s.Time, observe.Event{}
	region := cmp.Or(guard.AreaOf(s.To).Region, "none")
	channel := verify.ChannelSMS
	if verify.IsEmail(s.To) {
		region, channel = "e-mail", verify.ChannelEmail
	}
	_, err := v.Send(ctx, s.To, verify.WithClientIP(s.IP), verify.WithChannel(channel))
	counts := []*judged{&r.all, at(r.regions, region)}
	if err != nil {
		counts = append(counts, at(r.rules, cmp.Or(r.last.Rule, "no recipient")))
	} else if s.Approved {
		r.due = append(r.due, due{s.Time.Add(typed), s.To})
	}
	for _, c := range counts {
		c.sends++
		if err != nil {
			c.refused++
			if s.Approved {
				c.people++
			}
		}
	}
}

func at(all map[string]*judged, name string) *judged {
	if all[name] == nil {
		all[name] = new(judged)
	}
	return all[name]
}

func (r *replay) print(t terminal) {
	say(t.out, "%d sends, of which the guard would have refused %d; the codes of %d of these were approved\n", r.all.sends, r.all.refused, r.all.people)
	r.table(t, "rule", r.rules)
	r.table(t, "region", r.regions)
}

// table prints the most refused first.
func (r *replay) table(t terminal, what string, all map[string]*judged) {
	if len(all) == 0 {
		return
	}
	say(t.out, "\n%-14s %10s %10s %10s\n", what, "sends", "refused", "approved")
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[b].refused, all[a].refused), cmp.Compare(all[b].sends, all[a].sends), cmp.Compare(a, b))
	})
	for _, name := range names {
		say(t.out, "%-14s %10d %10d %10d\n", name, all[name].sends, all[name].refused, all[name].people)
	}
}
