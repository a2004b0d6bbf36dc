package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

// stat prints what benchstat makes of the lines of the calls: a column for each
// of those compared, beside the floor.
func (s series) stat(to io.Writer) error {
	if s.benchstat == "" {
		return nil
	}
	_, _ = fmt.Fprint(to, "### benchstat\n\n```\n")
	cmd := exec.Command("go", "run", s.benchstat, //nolint:gosec // pinned by default
		"-filter", ".unit:(cpu-sec/op OR sec/op OR allocs/op) .name:(Send OR Check)",
		"-table", "", "-row", ".name,/over,/callers",
		"-col", "/by@(raw ours retryablehttp twilio-go kevinburke)", s.keep)
	cmd.Stdout, cmd.Stderr = to, os.Stderr
	err := cmd.Run()
	_, _ = fmt.Fprint(to, "```\n")
	return err
}
