//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package rest

import "syscall"

// hasUnread cannot ask the kernel here.
func hasUnread(syscall.RawConn) bool { return false }
