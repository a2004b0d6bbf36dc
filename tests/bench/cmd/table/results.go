package main

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results are what all rounds came to.
type results struct {
	machine string
	rows    []string // sorted
	costs   map[cell]map[int]float64
}

// A cell is one cost of one of those compared: Send/over=memory/callers=1, raw,
// ns/op. Its costs are kept by round.
type cell struct{ row, by, unit string }

func newResults() *results { return &results{costs: map[cell]map[int]float64{}} }

// benchmark is a line such as
// BenchmarkSend/over=memory/callers=1/by=raw-2   100   9912 ns/op   43 allocs/op.
var benchmark = regexp.MustCompile(`^Benchmark(\S+)/by=(\S+?)(?:-[0-9]+)?\s+[0-9]+\s+(.*)$`)

func (r *results) add(round int, out []byte) {
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if cpu, ok := strings.CutPrefix(line, "cpu: "); ok {
			r.machine = cpu
		}
		found := benchmark.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		if !slices.Contains(r.rows, found[1]) {
			r.rows = append(r.rows, found[1])
			slices.Sort(r.rows)
		}
		fields := strings.Fields(found[3])
		for i := 0; i+1 < len(fields); i += 2 {
			r.put(cell{found[1], found[2], fields[i+1]}, round, fields[i])
		}
	}
}

func (r *results) put(c cell, round int, value string) {
	cost, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return
	}
	if r.costs[c] == nil {
		r.costs[c] = map[int]float64{}
	}
	r.costs[c][round] = cost
}

// compared are those that a row compares, the cheapest first.
func (r *results) compared(row, unit string) []string {
	var names []string
	for c := range r.costs {
		if c.row == row && c.unit == unit {
			names = append(names, c.by)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Compare(r.cost(cell{row, a, unit}).median, r.cost(cell{row, b, unit}).median)
	})
	return names
}

// A spread is the median of several figures, and the ends.
type spread struct{ median, least, most float64 }

func (r *results) cost(c cell) spread {
	var all []float64
	for _, v := range r.costs[c] {
		all = append(all, v)
	}
	return spreadOf(all)
}

// ratio is what c costs beside another, round by round.
func (r *results) ratio(c cell, to string) spread {
	var all []float64
	against := r.costs[cell{c.row, to, c.unit}]
	for round, v := range r.costs[c] {
		if other := against[round]; other > 0 {
			all = append(all, v/other)
		}
	}
	return spreadOf(all)
}

func spreadOf(all []float64) spread {
	if len(all) == 0 {
		return spread{}
	}
	slices.Sort(all)
	n := len(all)
	return spread{(all[(n-1)/2] + all[n/2]) / 2, all[0], all[n-1]}
}
