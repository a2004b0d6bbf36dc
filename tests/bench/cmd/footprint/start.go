package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// measureInit takes the median of what the runtime says of each package that has
// something to do before main.
func measureInit(dir string, f *print) error {
	var all, our []float64
	for range 7 {
		cmd := exec.Command(filepath.Join(dir, "app")) //nolint:gosec // built here
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		var trace bytes.Buffer
		cmd.Stderr = &trace
		if err := cmd.Run(); err != nil {
			return err
		}
		total, ofOurs := sum(trace.String())
		all, our = append(all, total), append(our, ofOurs)
	}
	slices.Sort(all)
	slices.Sort(our)
	f.inits, f.ourInits = all[len(all)/2], our[len(our)/2]
	return nil
}

// sum adds up lines such as
// init internal/bytealg @0.008 ms, 0.001 ms clock, 0 bytes, 0 allocs.
func sum(trace string) (total, ofOurs float64) {
	for line := range strings.Lines(trace) {
		var name string
		var at, took float64
		if n, _ := fmt.Sscanf(line, "init %s @%f ms, %f ms clock", &name, &at, &took); n < 3 {
			continue
		}
		total += took
		if strings.HasPrefix(name, ours) {
			ofOurs += took
		}
	}
	return total, ofOurs
}
