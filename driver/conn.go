package driver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

var errStale = errors.New("the connection ended while it was idle")

// A conn is a connection of our own transport. It knows what net/http does not
// tell: whether a byte of a request left, whether the peer hung up while nobody
// looked, and where an answer ends. net/http would write what follows an answer
// to the log of the process, with the recipient and the code.
type conn struct {
	net.Conn
	among    *conns        // the open ones; nil: nobody counts
	socket   *socket       // nil: it cannot be asked
	answer   answer        // of the request under way, for Read alone
	tunnel   atomic.Bool   // through a proxy: answers are encrypted
	state    atomic.Uint64 // twice the requests it was given to, and one if none is under way
	reused   atomic.Bool   // the next Write opens a request on a connection from before
	sent     atomic.Bool   // a byte of the present request may have left
	lastRead atomic.Int64  // wall clock: the monotonic one stands still in a machine that sleeps
}

// newConn wraps c, a connection made by socket.
func newConn(c, socket net.Conn) *conn {
	o := &conn{Conn: c}
	if s, ok := socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			o.socket = newSocket(raw)
		}
	}
	o.state.Store(idle)
	o.lastRead.Store(time.Now().UnixNano())
	return o
}

// connOf finds the conn behind what a trace is told, if it is ours.
func connOf(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	o, _ := c.(*conn)
	return o
}

const idle = 1 // the bit of a state

func (c *conn) isIdle() bool { return c.state.Load()&idle != 0 }

// take gives the connection to a request and returns the state in which that
// request is under way.
func (c *conn) take(reused bool) (busy uint64) {
	if c.tunnel.Load() {
		c.state.And(^uint64(idle))
	}
	c.sent.Store(false)
	c.reused.Store(reused)
	return c.state.Add(2) &^ idle
}

// release ends a request in a tunnel, where the end of an answer cannot be
// seen. It does nothing once the connection was given to the next request.
func (c *conn) release(busy uint64) {
	if c.tunnel.Load() {
		c.state.CompareAndSwap(busy, busy|idle)
	}
}

// Write begins a request on a connection that is idle. On one that has ended
// meanwhile it writes nothing, so that net/http takes another.
func (c *conn) Write(p []byte) (int, error) {
	if c.reused.Swap(false) && c.isStale() {
		return 0, errStale
	}
	if c.isIdle() {
		if bytes.HasPrefix(p, []byte("CONNECT ")) {
			c.tunnel.Store(true)
		}
		c.state.And(^uint64(idle))
	}
	before := c.sent.Swap(true)
	n, err := c.Conn.Write(p)
	if n == 0 && err != nil && !before {
		c.sent.Store(false)
	}
	return n, err
}

// isStale knows a connection that the peer has ended, whose answer nobody asked
// for, or that has been idle for too long by the wall clock.
func (c *conn) isStale() bool { return !c.isFresh() || c.socket != nil && c.socket.hasUnread() }

func (c *conn) isFresh() bool {
	unused := time.Since(time.Unix(0, c.lastRead.Load()))
	return 0 <= unused && unused <= idleTime
}

// Close is net.Conn's.
func (c *conn) Close() error {
	if c.among != nil {
		c.among.remove(c)
	}
	return c.Conn.Close()
}

// Read ends the connection after an answer that is followed by more, and when
// something arrives that nobody asked for.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case n == 0:
		return 0, err
	case c.isIdle():
		return 0, io.EOF
	}
	c.lastRead.Store(time.Now().UnixNano())
	if c.tunnel.Load() {
		return n, err
	}
	end, complete := c.answer.feed(p[:n])
	if complete {
		c.state.Or(idle)
	}
	if end < n {
		return end, io.EOF
	}
	return n, err
}

// dialer makes the connections of our own transport.
type dialer struct {
	net.Dialer
	conns
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if c := d.take(addr); c != nil {
		return c, nil
	}
	c, err := d.open(ctx, network, addr)
	if err != nil {
		return nil, err // an interface that is nil
	}
	return c, nil
}

func (d *dialer) dialTLS(ctx context.Context, network, addr string, config *tls.Config) (net.Conn, error) {
	if c := d.take(addr); c != nil {
		return c, nil
	}
	c, err := d.openTLS(ctx, network, addr, config)
	if err != nil {
		return nil, err // an interface that is nil
	}
	return c, nil
}

func (d *dialer) open(ctx context.Context, network, addr string) (*conn, error) {
	socket, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := newConn(socket, socket)
	d.add(c)
	return c, nil
}

// openTLS shakes hands itself, so that the conn sees answers and not records.
func (d *dialer) openTLS(ctx context.Context, network, addr string, config *tls.Config) (*conn, error) {
	socket, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = &tls.Config{} // TLS 1.2 is Go's own minimum
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(addr) // net/http joined it
	}
	c := tls.Client(socket, config)
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		_ = socket.Close() // the handshake has failed already
		return nil, err
	}
	o := newConn(c, socket)
	d.add(o)
	return o, nil
}
