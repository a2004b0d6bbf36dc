//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package driver

import "syscall"

// A socket can be asked, without waiting, whether something lies in it that
// nobody has read: the end of the connection, an error, or bytes. It is used by
// one goroutine at a time, and keeps what a question needs, so that none
// allocates.
type socket struct {
	raw    syscall.RawConn
	look   func(fd uintptr)
	unread bool
	b      [1]byte
}

func newSocket(raw syscall.RawConn) *socket {
	s := &socket{raw: raw}
	s.look = func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), s.b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		s.unread = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK && err != syscall.EINTR // an Errno
	}
	return s
}

func (s *socket) hasUnread() bool { return s.raw.Control(s.look) != nil || s.unread }
