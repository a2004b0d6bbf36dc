//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package driver

import "syscall"

// hasUnread cannot ask the kernel here.
func hasUnread(syscall.RawConn) bool { return false }
