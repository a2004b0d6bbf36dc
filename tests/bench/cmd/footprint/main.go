// Command footprint builds one small program for each of those compared, and
// prints, in Markdown, what each adds to an application: size, modules, packages,
// build time and what runs before main.
//
//	go run ./cmd/footprint -builds 3
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

func main() {
	var s study
	only := flag.String("only", "", "which programs, with commas between; empty: all")
	flag.IntVar(&s.builds, "builds", 3, "how often each is built, beside a cache that knows the standard library alone; 0: once, with the cache of this machine, and no times")
	flag.BoolVar(&s.strict, "strict", false, "fail if a goal that repeats to the letter is missed")
	flag.Parse()
	if err := s.run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "footprint:", err)
		os.Exit(1)
	}
}

// A study is what one run of this command measures.
type study struct {
	builds int
	strict bool
	dir    string // for everything that is made
	std    string // the cache that knows the standard library; empty: that of this machine
}

func (s *study) run(only string) (err error) {
	began := time.Now()
	if s.dir, err = os.MkdirTemp("", "footprint"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(s.dir) }()

	programs, err := programs(only)
	if err != nil {
		return err
	}
	if s.builds > 0 {
		if err := s.warm(); err != nil {
			return err
		}
	}
	all := map[string]print{}
	for _, p := range programs {
		fmt.Fprintln(os.Stderr, p.name)
		if all[p.name], err = s.measure(p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	fmt.Printf("%s, %s/%s, %d processors, %s, in %s.\n\n", began.UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), runtime.Version(), time.Since(began).Round(time.Second))
	printAll(os.Stdout, programs, all)
	return s.judge(os.Stdout, all)
}

// warm makes a cache that knows the standard library, as every machine that
// builds Go has one, and nothing else.
func (s *study) warm() error {
	fmt.Fprintln(os.Stderr, "the standard library")
	s.std = filepath.Join(s.dir, "std")
	_, err := command(s.dir, s.std, "build", "-trimpath", "std")
	return err
}
