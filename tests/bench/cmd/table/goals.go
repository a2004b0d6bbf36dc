package main

import (
	"fmt"
	"io"
)

// A goal is a figure that was promised. Those that repeat to the letter are
// tests as well; the others need rounds. What is paired with a floor or a peer on a
// machine that is shared takes turns in one process instead: go test -ratios.
type goal struct {
	name string
	what string
	of   cell
	to   string // whom it is paired with; empty: the figure itself
	most float64
	show func(float64) string
}

func ratio(v float64) string { return fmt.Sprintf("%.2f", v) }
func count(v float64) string { return fmt.Sprintf("%.0f", v) }

func ours(row, unit string) cell { return cell{row, "ours", unit} }

const (
	oneInMemory   = "/over=memory/callers=1"
	oneOfAMillion = "/live=1M/callers=1"
)

var goals = []goal{
	{"H1", "Send, memory: allocations", ours("Send"+oneInMemory, "allocs/op"), "", 28, count},
	{"H1", "Send, memory: bytes", ours("Send"+oneInMemory, "B/op"), "", 3500, count},
	{"H1", "Check, memory: allocations", ours("Check"+oneInMemory, "allocs/op"), "", 28, count},
	{"H1", "Check, memory: bytes", ours("Check"+oneInMemory, "B/op"), "", 3500, count},
	{"E1", "local Send: allocations", ours("LocalSend"+oneOfAMillion, "allocs/op"), "", 3, count},
	{"E2", "local Check, wrong: allocations", ours("LocalCheck"+oneOfAMillion, "allocs/op"), "", 1, count},
	{"E3", "store of one process: bytes an entry", ours("Attempt"+oneOfAMillion, "B/entry"), "", 200, count},
	{"E3", "store of one process: one collection", ours("Attempt"+oneOfAMillion, "gc-ns"), "", 60e6, duration},
	{"E5", "authenticator app, 1M enrolled: CPU of a wrong code / three HMACs and one opened secret", ours("AppCheck"+oneOfAMillion, processor), "floor", 1.5, ratio},
	{"E5", "the same: allocations", ours("AppCheck"+oneOfAMillion, "allocs/op"), "", 4, count},
	{"E4", "Redis, 2 ms away: time of an Issue / PING", ours("RedisIssue/over=2ms/callers=1", clock), "PING", 1.1, ratio},
	{"E4", "Redis, 2 ms away: time of an Attempt / PING", ours("RedisAttempt/over=2ms/callers=1", clock), "PING", 1.1, ratio},
	{"E6", "PostgreSQL, 2 ms away: time of an Issue / one prepared UPDATE", ours("SQLIssue/over=2ms/callers=1", clock), "UPDATE", 1.15, ratio},
	{"E6", "PostgreSQL, 2 ms away: time of an Attempt / one prepared UPDATE", ours("SQLAttempt/over=2ms/callers=1", clock), "UPDATE", 1.15, ratio},
	{"E6", "the same through PgBouncer: an Issue", ours("SQLIssue/over=pgbouncer-2ms/callers=1", clock), "UPDATE", 1.15, ratio},
	{"E6", "the same through PgBouncer: an Attempt", ours("SQLAttempt/over=pgbouncer-2ms/callers=1", clock), "UPDATE", 1.15, ratio},
	{"E6", "PostgreSQL, 16 callers: time of an Issue / one prepared UPDATE; 2 is half of its throughput", ours("SQLIssue/over=near/callers=16", clock), "UPDATE", 2, ratio},
	{"E6", "PostgreSQL, 16 callers: an Attempt", ours("SQLAttempt/over=near/callers=16", clock), "UPDATE", 2, ratio},
	{"E6", "the same through PgBouncer: an Issue", ours("SQLIssue/over=pgbouncer/callers=16", clock), "UPDATE", 2, ratio},
	{"E6", "the same through PgBouncer: an Attempt", ours("SQLAttempt/over=pgbouncer/callers=16", clock), "UPDATE", 2, ratio},
}

// printGoals prints which goals are met, of those that were measured.
func printGoals(to io.Writer, r *results) {
	_, _ = fmt.Fprint(to, "### Goals\n\n| goal | what | at most | is (least-most) | |\n|---|---|---|---|---|\n")
	for _, g := range goals {
		got := r.cost(g.of)
		if g.to != "" {
			got = r.ratio(g.of, g.to)
		}
		if got == (spread{}) {
			continue
		}
		state := "met"
		if got.median > g.most {
			state = "**missed**"
		}
		_, _ = fmt.Fprintf(to, "| %s | %s | %s | %s (%s-%s) | %s |\n", g.name, g.what, g.show(g.most),
			g.show(got.median), g.show(got.least), g.show(got.most), state)
	}
	_, _ = fmt.Fprintln(to)
}
