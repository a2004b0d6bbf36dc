//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package driver

import "syscall"

// hasUnread asks the kernel, without waiting, whether something lies in the
// socket that nobody has read: the end of the connection, an error, or bytes.
func hasUnread(raw syscall.RawConn) bool {
	unread := true
	err := raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		unread = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK && err != syscall.EINTR //nolint:errorlint // an Errno
	})
	return err != nil || unread
}
