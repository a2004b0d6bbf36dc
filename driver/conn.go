package driver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
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
	socket   *socket       // nil: it cannot be asked
	answer   answer        // of the request under way, for Read alone
	tunnel   bool          // through a proxy: answers are encrypted
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
	if c.tunnel {
		c.state.And(^uint64(idle))
	}
	c.sent.Store(false)
	c.reused.Store(reused)
	return c.state.Add(2) &^ idle
}

// release ends a request in a tunnel, where the end of an answer cannot be
// seen. It does nothing once the connection was given to the next request.
func (c *conn) release(busy uint64) {
	if c.tunnel {
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
		c.tunnel = c.tunnel || bytes.HasPrefix(p, []byte("CONNECT "))
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
func (c *conn) isStale() bool {
	unused := time.Since(time.Unix(0, c.lastRead.Load()))
	return unused > idleTime || unused < 0 || c.socket != nil && c.socket.hasUnread()
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
	if c.tunnel {
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
type dialer struct{ net.Dialer }

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return newConn(c, c), nil
}

// dialTLS shakes hands itself, so that the conn sees answers and not records.
func (d *dialer) dialTLS(ctx context.Context, network, addr string, config *tls.Config) (net.Conn, error) {
	socket, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = &tls.Config{} //nolint:gosec // TLS 1.2 is Go's own minimum
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
	return newConn(c, socket), nil
}

// An answer follows one HTTP/1.1 answer to its end, to the byte. What it cannot
// follow it leaves to net/http.
type answer struct {
	part    part
	line    [maxLine]byte
	used    int // of line
	status  int64
	length  int64 // of the body; below zero: until the connection ends
	chunked bool
	left    int64 // of the body or the chunk
}

type part int

const (
	partStatus part = iota
	partHeader
	partBody
	partSize
	partChunk
	partChunkEnd
	partTrailer
	partEndless
)

const maxLine = 64 // enough for the lines that count

// feed reads p and returns where the answer ends, or len(p).
func (a *answer) feed(p []byte) (end int, complete bool) {
	for end < len(p) {
		switch a.part {
		case partEndless:
			return len(p), false
		case partBody, partChunk:
			n := min(a.left, int64(len(p)-end))
			end, a.left = end+int(n), a.left-n
			complete = a.left == 0 && a.endBody()
		default:
			n, whole := a.readLine(p[end:])
			end += n
			complete = whole && a.endLine()
		}
		if complete {
			*a = answer{}
			return end, true
		}
	}
	return end, false
}

func (a *answer) readLine(p []byte) (n int, whole bool) {
	n = bytes.IndexByte(p, '\n') + 1
	whole = n > 0
	if !whole {
		n = len(p)
	}
	a.used += copy(a.line[a.used:], p[:n])
	return n, whole
}

func (a *answer) endBody() (complete bool) {
	if a.part == partBody {
		return true
	}
	a.part = partChunkEnd
	return false
}

func (a *answer) endLine() (complete bool) {
	line := bytes.TrimRight(a.line[:a.used], "\r\n")
	a.used = 0
	switch a.part {
	case partStatus:
		if len(line) >= len("HTTP/1.1 200") {
			a.status = number(line[9:12], 10)
		}
		a.part, a.length = partHeader, -1
	case partHeader:
		if len(line) > 0 {
			a.header(line)
			return false
		}
		return a.endHead()
	case partChunkEnd:
		a.part = partSize
	case partSize:
		size, _, _ := bytes.Cut(line, []byte(";"))
		a.left = number(bytes.TrimSpace(size), 16)
		a.part = partChunk
		if a.left == 0 {
			a.part = partTrailer
		}
		if a.left < 0 {
			a.part = partEndless
		}
	case partTrailer:
		return len(line) == 0
	}
	return false
}

func (a *answer) header(line []byte) {
	key, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(key, []byte("Content-Length")):
		a.length = number(value, 10)
	case bytes.EqualFold(key, []byte("Transfer-Encoding")):
		a.chunked = bytes.EqualFold(value, []byte("chunked"))
	}
}

func (a *answer) endHead() (complete bool) {
	switch {
	case a.status == http.StatusSwitchingProtocols:
		a.part = partEndless
	case a.status/100 == 1:
		*a = answer{} // the answer itself follows
	case a.status == http.StatusNoContent || a.status == http.StatusNotModified:
		return true
	case a.chunked:
		a.part = partSize
	case a.length < 0:
		a.part = partEndless
	default:
		a.part, a.left = partBody, a.length
		return a.length == 0
	}
	return false
}

// number reads digits of a base; -1 is anything else.
func number(digits []byte, base int) int64 {
	n, err := strconv.ParseUint(string(digits), base, 62)
	if err != nil {
		return -1
	}
	return int64(n) //nolint:gosec // of 62 bits
}
