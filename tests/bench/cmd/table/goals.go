package main

import (
	"fmt"
	"io"
)

// A goal is a figure that was promised. Those that repeat to the letter are
// tests as well; the others need rounds.
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
	oneInMemory    = "/over=memory/callers=1"
	manyOnLoopback = "/over=loopback/callers=16"
	oneOfAMillion  = "/live=1M/callers=1"
)

var goals = []goal{
	{"H1", "Send, memory: allocations", ours("Send"+oneInMemory, "allocs/op"), "", 40, count},
	{"H1", "Send, memory: bytes", ours("Send"+oneInMemory, "B/op"), "", 4000, count},
	{"H1", "Check, memory: allocations", ours("Check"+oneInMemory, "allocs/op"), "", 38, count},
	{"H1", "Check, memory: bytes", ours("Check"+oneInMemory, "B/op"), "", 3500, count},
	{"H3", "Send, memory: CPU / raw", ours("Send"+oneInMemory, processor), "raw", 0.95, ratio},
	{"H3", "Send, memory: CPU / twilio-go", ours("Send"+oneInMemory, processor), "twilio-go", 0.45, ratio},
	{"H3", "Check, memory: CPU / raw", ours("Check"+oneInMemory, processor), "raw", 0.95, ratio},
	{"H3", "Check, memory: CPU / twilio-go", ours("Check"+oneInMemory, processor), "twilio-go", 0.45, ratio},
	{"H4", "Send, 16 callers, loopback, transports as they come: time / raw with a wide pool", ours("Send"+manyOnLoopback, clock), "raw", 1.05, ratio},
	{"H4", "the same: time / twilio-go", ours("Send"+manyOnLoopback, clock), "twilio-go", 0.5, ratio},
	{"H4", "the same: time / twilio-go behind a RoundTripper of the application's", ours("Send"+manyOnLoopback, clock), "twilio-go-wrapped", 0.5, ratio},
	{"E1", "local Send, 1M live: CPU", ours("LocalSend"+oneOfAMillion, processor), "", 1500, duration},
	{"E1", "local Send: allocations", ours("LocalSend"+oneOfAMillion, "allocs/op"), "", 4, count},
	{"E2", "local Check, 1M live: CPU", ours("LocalCheck"+oneOfAMillion, processor), "", 1000, duration},
	{"E2", "local Check, wrong: allocations", ours("LocalCheck"+oneOfAMillion, "allocs/op"), "", 1, count},
	{"E3", "store of one process: bytes an entry", ours("Attempt"+oneOfAMillion, "B/entry"), "", 200, count},
	{"E3", "store of one process: one collection", ours("Attempt"+oneOfAMillion, "gc-ns"), "", 60e6, duration},
	{"E5", "authenticator app, 1M enrolled: CPU of a wrong code / three HMACs and one opened secret", ours("AppCheck"+oneOfAMillion, processor), "floor", 1.5, ratio},
	{"E5", "the same: allocations", ours("AppCheck"+oneOfAMillion, "allocs/op"), "", 4, count},
	{"E4", "Redis, 2 ms away: time of an Issue / PING", ours("RedisIssue/over=2ms/callers=1", clock), "PING", 1.1, ratio},
	{"E4", "Redis, 2 ms away: time of an Attempt / PING", ours("RedisAttempt/over=2ms/callers=1", clock), "PING", 1.1, ratio},
	{"E4", "Redis, near: time of an Attempt / the least script", ours("RedisAttempt/over=near/callers=1", clock), "script", 1.15, ratio},
	{"E4", "Redis, 16 callers: the same; 1.18 is 0.85 of its checks a second", ours("RedisAttempt/over=near/callers=16", clock), "script", 1 / 0.85, ratio},
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
