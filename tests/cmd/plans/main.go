// Command plans writes the tables of numbering plans and of regions to the files that
// are named.
package main

import (
	"fmt"
	"os"

	"github.com/go2fa/verify/tests/plans"
)

//go:generate go run . ../../../plans.go ../../../internal/areas/areas.txt

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: plans PLANS AREAS")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(plansFile, areasFile string) error {
	src, err := plans.Source()
	if err != nil {
		return err
	}
	areas, err := plans.Areas()
	if err != nil {
		return err
	}
	if err := os.WriteFile(plansFile, src, 0o644); err != nil { //nolint:gosec // source code, for everybody to read
		return err
	}
	return os.WriteFile(areasFile, []byte(areas), 0o644) //nolint:gosec // the same
}
