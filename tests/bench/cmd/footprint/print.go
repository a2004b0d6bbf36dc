package main

import (
	"fmt"
	"io"
	"strings"
)

// printAll prints what each program leaves.
func printAll(to io.Writer, programs []program, all map[string]print) {
	_, _ = fmt.Fprintf(to, "| program | stripped MB | modules in go.mod | in its graph | packages | foreign | build s | CPU s | largest process MB | init ms |\n%s|\n",
		strings.Repeat("|---", 10))
	for _, p := range programs {
		f := all[p.name]
		name := p.name
		if p.module == ours {
			name = "**" + name + "**"
		}
		_, _ = fmt.Fprintf(to, "| %s | %.2f | %d | %d | %d | %d | %s | %.2f |\n", name, f.size/1e6, f.required, f.graph,
			f.packages, f.foreign, f.times(), f.inits)
	}
	_, _ = fmt.Fprintln(to)
}

// times are the three columns of the build.
func (f print) times() string {
	if f.wall == 0 {
		return "- | - | -"
	}
	return fmt.Sprintf("%.2f | %.2f | %.0f", f.wall.Seconds(), f.cpu.Seconds(), f.memory/1e6)
}
