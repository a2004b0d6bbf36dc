package redisstore_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// A wire stands between a client and its server: it counts requests, holds them
// up, and loses answers after the server has given them.
type wire struct {
	requests atomic.Int64 // scripts and removals
	lose     atomic.Int64 // answers still to be lost
	how      error        // what the client sees instead; io.EOF if nil
	delay    time.Duration
}

func (w *wire) into(o *redis.Options) {
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer(ctx, network, addr)
		return &wireConn{Conn: c, wire: w}, err
	}
}

type wireConn struct {
	net.Conn
	*wire
	deaf bool
}

func (c *wireConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("eval")) || bytes.Contains(p, []byte("\r\ndel\r\n")) {
		c.requests.Add(1)
		c.deaf = c.lose.Add(-1) >= 0
	}
	c.hold()
	return c.Conn.Write(p)
}

func (c *wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.hold()
	if !c.deaf {
		return n, err
	}
	_ = c.Close()
	if c.how != nil {
		return 0, c.how
	}
	return 0, io.EOF
}

func (c *wireConn) hold() {
	if c.delay > 0 {
		<-time.After(c.delay) // it is the network that is slow, not the test that waits
	}
}

// late is what a read deadline gives.
var late error = &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
