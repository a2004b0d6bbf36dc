//go:build unix

package ports

import "syscall"

// reuse binds a port of which closed connections are not yet forgotten, and lets
// a listener have it that asks for this very port.
func reuse(_, _ string, c syscall.RawConn) error {
	var failed error
	if err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	}); err != nil {
		return err
	}
	return failed
}
