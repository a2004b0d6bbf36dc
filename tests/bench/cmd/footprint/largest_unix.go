//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// largest is the most memory that a process held, or one of those it started, in
// bytes.
func largest(p *os.ProcessState) float64 {
	used, ok := p.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin": // which counts bytes, and all others kilobytes
		return float64(used.Maxrss)
	}
	return float64(used.Maxrss) * 1024
}
