package main

import (
	"fmt"
	"io"
	"strings"
)

// A family is one top benchmark: what its rows are compared by and with.
type family struct {
	name  string
	title string
	unit  string   // of the ratios
	to    []string // whom they are paired with
}

const (
	clock     = "ns/op"
	processor = "cpu-ns/op"
)

var families = []family{
	{"Send", "A Send", processor, []string{"raw", "twilio-go"}},
	{"Check", "A Check", processor, []string{"raw", "twilio-go"}},
	{"LocalSend", "A local code is made, kept and written", processor, []string{"pquerna"}},
	{"LocalCheck", "A local code is checked, and wrong", processor, []string{"pquerna"}},
	{"AppCheck", "A code of an authenticator app is checked, and wrong", processor, []string{"floor", "pquerna"}},
	{"Issue", "The store of one process: a send", clock, []string{"mutex-map"}},
	{"Attempt", "The store of one process: an attempt", clock, []string{"mutex-map"}},
	{"RedisIssue", "The store on Redis: a send", clock, []string{"PING", "script"}},
	{"RedisAttempt", "The store on Redis: an attempt", clock, []string{"PING", "script"}},
	{"SQLIssue", "The store on PostgreSQL: a send", clock, []string{"UPDATE"}},
	{"SQLAttempt", "The store on PostgreSQL: an attempt", clock, []string{"UPDATE"}},
}

// printCosts prints a table for each family.
func printCosts(to io.Writer, r *results) {
	for _, f := range families {
		var rows []string
		for _, row := range r.rows {
			if strings.HasPrefix(row, f.name+"/") {
				rows = append(rows, row)
			}
		}
		if len(rows) > 0 {
			f.print(to, r, rows)
		}
	}
}

func (f family) print(to io.Writer, r *results, rows []string) {
	which := map[string]string{clock: "time", processor: "CPU"}[f.unit]
	_, _ = fmt.Fprintf(to, "### %s\n\n| | by | time | CPU | B/op | allocs/op |", f.title)
	for _, name := range f.to {
		_, _ = fmt.Fprintf(to, " %s / %s (least-most) |", which, name)
	}
	_, _ = fmt.Fprintf(to, "\n|---|---|---|---|---|---|%s\n", strings.Repeat("---|", len(f.to)))
	for _, row := range rows {
		for _, by := range r.compared(row, f.unit) {
			f.printRow(to, r, row, by)
		}
	}
	_, _ = fmt.Fprintln(to)
}

func (f family) printRow(to io.Writer, r *results, row, by string) {
	cost := func(unit string) float64 { return r.cost(cell{row, by, unit}).median }
	name := by
	if by == "ours" {
		name = "**ours**"
	}
	_, _ = fmt.Fprintf(to, "| %s | %s | %s | %s | %.0f | %.0f |", strings.TrimPrefix(row, f.name+"/"), name,
		duration(cost(clock)), duration(cost(processor)), cost("B/op"), cost("allocs/op"))
	for _, other := range f.to {
		_, _ = fmt.Fprintf(to, " %s |", r.ratio(cell{row, by, f.unit}, other))
	}
	_, _ = fmt.Fprintln(to)
}

// String shows a ratio and how far the rounds are apart.
func (s spread) String() string {
	if s == (spread{}) {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", s.median, s.least, s.most)
}

func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	case ns >= 1e3:
		return fmt.Sprintf("%.1f us", ns/1e3)
	}
	return fmt.Sprintf("%.0f ns", ns)
}
