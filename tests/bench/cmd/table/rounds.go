package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// measure builds the benchmarks once and runs each in a process of its own, all
// of them in every round. Within a process those compared take turns in an order
// drawn anew.
func (s series) measure(program string, which *regexp.Regexp) (*results, error) {
	build := exec.Command("go", "test", "-c", "-tags", "peers", "-o", program, ".") //nolint:gosec // a folder of our own
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("the benchmarks cannot be built, which this must be run beside: %w", err)
	}
	names, err := list(program, which)
	if err != nil {
		return nil, err
	}
	var lines bytes.Buffer
	all := newResults()
	for round := range s.rounds {
		for _, name := range names {
			fmt.Fprintf(os.Stderr, "round %d of %d, %s\n", round+1, s.rounds, name)
			out, err := s.once(program, name)
			if err != nil {
				return nil, err
			}
			all.add(round, out)
			lines.Write(out)
		}
	}
	return all, os.WriteFile(s.keep, lines.Bytes(), 0o600)
}

func list(program string, which *regexp.Regexp) ([]string, error) {
	out, err := exec.Command(program, "-test.list", "^Benchmark").Output()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range strings.Fields(string(out)) {
		if which.MatchString(name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no benchmark matches %s", which)
	}
	return names, nil
}

func (s series) once(program, name string) ([]byte, error) {
	cmd := exec.Command(program, "-test.run", "^$", "-test.bench", "^"+name+"$", "-test.benchtime", s.benchtime) //nolint:gosec // built above
	out, err := cmd.Output()
	if err != nil {
		_, _ = os.Stderr.Write(out)
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}
