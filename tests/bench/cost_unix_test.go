//go:build unix

package bench

import "syscall"

// processor is the time that this process has had a processor for, in
// nanoseconds: its own, the collector's and the kernel's on its behalf.
func processor() int64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
