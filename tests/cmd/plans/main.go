// Command plans writes the table of numbering plans to the file that is named.
package main

import (
	"fmt"
	"os"

	"github.com/go2fa/verify/tests/plans"
)

//go:generate go run . ../../../plans.go

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: plans FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(file string) error {
	src, err := plans.Source()
	if err != nil {
		return err
	}
	return os.WriteFile(file, src, 0o644) //nolint:gosec // source code, for everybody to read
}
