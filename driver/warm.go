package driver

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

// warmPause is the least time between two connections that Warm opens.
const warmPause = 10 * time.Second

// Warm is [verify.Warmer]. It opens a connection on the client's own transport and
// sends no request. It does nothing, and returns nil, with an application's
// transport, through a proxy, while a connection is idle, and within 10 seconds of
// the last one that it opened. With OAuth2 it opens none to the host of tokens.
func (c *Client) Warm(ctx context.Context) error {
	if c == nil {
		return unsupported("", "warm", "the client was not made by New")
	}
	req := &http.Request{URL: c.base}
	if c.own == nil || c.isProxied(req) || !c.dialer.mayOpen() {
		return nil
	}
	err := c.dialer.openAhead(ctx, c.base.Scheme == "https", c.address(), c.own.TLSClientConfig)
	if err == nil {
		return nil
	}
	r := c.classifyUnreached(req, err, ctx.Err() != nil)
	if ended := ctx.Err(); ended != nil {
		r = canceled(verify.ErrUnavailable, ended)
	}
	return &verify.Error{Vendor: c.vendor, Op: "warm", Outcome: r.outcome, Detail: r.detail, Err: r.cause}
}

// Warm is [verify.Warmer]: see [Client.Warm].
func (a *API) Warm(ctx context.Context) error { return a.Client.Warm(ctx) }

// address is where net/http dials for the base URL.
func (c *Client) address() string {
	port := c.base.Port()
	switch {
	case port != "":
	case c.base.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(c.base.Hostname(), port)
}

// A parked connection was opened ahead. It is read until it is taken: the tickets
// of TLS 1.3 come after the handshake, and one that the vendor ends is let go.
type parked struct {
	conn    *conn
	address string
	done    chan struct{} // closed when nobody reads any more
	alive   bool          // what the reading found; good once done is closed
}

// conns are the open connections of a transport.
type conns struct {
	mu     sync.Mutex
	live   map[*conn]struct{}
	ahead  *parked
	last   time.Time // when a connection was last opened ahead
	closed int       // how often the client was closed
}

func (d *conns) add(c *conn) {
	c.among = d
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.live == nil {
		d.live = map[*conn]struct{}{}
	}
	d.live[c] = struct{}{}
}

func (d *conns) remove(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, c)
}

// mayOpen reports whether a connection may be opened ahead, once for each pause.
func (d *conns) mayOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.live {
		if c.isIdle() && c.isFresh() {
			return false
		}
	}
	if !d.last.IsZero() && time.Since(d.last) < warmPause {
		return false
	}
	d.last = time.Now()
	return true
}

// openAhead opens a connection and parks it for the next dial to the address.
func (d *dialer) openAhead(ctx context.Context, secure bool, address string, config *tls.Config) error {
	d.mu.Lock()
	before := d.closed
	d.mu.Unlock()
	var c *conn
	var err error
	if secure {
		c, err = d.openTLS(ctx, "tcp", address, config)
	} else {
		c, err = d.open(ctx, "tcp", address)
	}
	if err != nil {
		return err
	}
	p := &parked{conn: c, address: address, done: make(chan struct{})}
	_ = c.SetReadDeadline(time.Now().Add(idleTime)) // one that has ended says so to the watch
	d.mu.Lock()
	late := d.closed != before // Close came meanwhile
	if !late {
		d.ahead = p
	}
	d.mu.Unlock()
	if late {
		return c.Close()
	}
	go d.watch(p)
	return nil
}

// watch reads until the connection is taken, ends, or has been idle for too long.
func (d *dialer) watch(p *parked) {
	var b [1]byte
	n, err := p.conn.Conn.Read(b[:])
	late, ok := err.(net.Error) //nolint:errorlint // of net or crypto/tls, which wrap no timeout
	p.alive = n == 0 && ok && late.Timeout()
	close(p.done)
	if d.unpark(p) {
		_ = p.conn.Close()
	}
}

// unpark reports whether p was still parked.
func (d *conns) unpark(p *parked) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.ahead == p && p != nil
	if was {
		d.ahead = nil
	}
	return was
}

// take returns the connection that is parked for address, unless it has ended.
func (d *dialer) take(address string) *conn {
	d.mu.Lock()
	p := d.ahead
	d.mu.Unlock()
	if p == nil || p.address != address || !d.unpark(p) {
		return nil
	}
	_ = p.conn.SetReadDeadline(time.Unix(1, 0)) // ends the watch; one that is closed says so below
	<-p.done
	err := p.conn.SetReadDeadline(time.Time{})
	if err != nil || !p.alive || p.conn.isStale() {
		_ = p.conn.Close()
		return nil
	}
	return p.conn
}

// closeAhead closes the connection that is parked, if any.
func (d *conns) closeAhead() {
	d.mu.Lock()
	p := d.ahead
	d.ahead, d.closed = nil, d.closed+1
	d.mu.Unlock()
	if p != nil {
		_ = p.conn.Close()
	}
}
