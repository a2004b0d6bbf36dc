// Command table runs the benchmarks of this module in rounds and prints, in
// Markdown, what they say: what each costs by the ratios inside of a round, which
// a busy machine leaves alone, what became of the goals, and the table of
// benchstat.
//
//	go run ./cmd/table -rounds 10 -benchtime 100ms
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"
)

func main() {
	var s series
	flag.IntVar(&s.rounds, "rounds", 10, "how often each benchmark is run")
	flag.StringVar(&s.benchtime, "benchtime", "100ms", "how long each is run, as go test has it")
	flag.StringVar(&s.bench, "bench", ".", "which benchmarks, by their top names")
	flag.StringVar(&s.benchstat, "benchstat", "golang.org/x/perf/cmd/benchstat@v0.0.0-20250813145418-2f7363a06fe1",
		"the benchstat to run, or empty for none")
	flag.StringVar(&s.keep, "o", "", "keeps the lines of the benchmarks in this file")
	flag.Parse()
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

// A series is what one run of this command measures.
type series struct {
	rounds                            int
	benchtime, bench, benchstat, keep string
}

func (s series) run() error {
	which, err := regexp.Compile(s.bench)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "table")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	if s.keep == "" {
		s.keep = filepath.Join(dir, "bench.txt")
	}
	began := time.Now()
	all, err := s.measure(filepath.Join(dir, "bench.test"), which)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s, %d processors, %s. %d rounds of %s each, in %s.\n\n", began.UTC().Format(time.DateOnly),
		all.machine, runtime.NumCPU(), runtime.Version(), s.rounds, s.benchtime, time.Since(began).Round(time.Second))
	printCosts(os.Stdout, all)
	printGoals(os.Stdout, all)
	return s.stat(os.Stdout)
}
