// Package ports keeps ports on which nobody listens. The port of a listener that
// was closed is free: the next server of this machine may get it, and a test that
// takes it for unreachable reaches a stranger.
package ports

import (
	"net"
	"sync"
)

// A TB is what Closed needs of *testing.T.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Closed is an address of this machine, "127.0.0.1:54321", on which nobody listens
// until the test ends. A program that asks for this very port may listen there.
func Closed(t TB) string {
	t.Helper()
	var failed error
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("no port is free: %v", err)
		}
		_ = l.Close() // nobody knows of it
		var release func()
		if release, failed = hold(l.Addr()); failed == nil {
			t.Cleanup(release)
			return l.Addr().String()
		}
	}
	t.Fatalf("no port can be kept: %v", failed)
	return ""
}

// Hold keeps the port of a listener that was just closed, until release is called:
// nobody else is given it, and connections to it are refused. It does nothing if
// the system has given the port away already.
func Hold(closed net.Addr) (release func()) {
	release, err := hold(closed)
	if err != nil {
		return func() {}
	}
	return release
}

// hold makes the port the local end of a connection: such a port is in use, but
// nobody listens there.
func hold(addr net.Addr) (release func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Control: reuse, LocalAddr: addr}
	c, err := d.Dial("tcp", l.Addr().String())
	if err != nil {
		_ = l.Close() // nothing was accepted
		return nil, err
	}
	return sync.OnceFunc(func() {
		_ = c.Close() // nobody reads at its other end
		_ = l.Close()
	}), nil
}
