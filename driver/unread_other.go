//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package driver

import "syscall"

// A socket cannot be asked here what lies in it.
type socket struct{}

func newSocket(syscall.RawConn) *socket { return new(socket) }

func (*socket) hasUnread() bool { return false }
