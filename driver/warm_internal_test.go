package driver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

var _ verify.Warmer = (*API)(nil)

// A warmed vendor counts connections and requests.
type warmed struct {
	*httptest.Server
	mu       sync.Mutex
	conns    []net.Conn
	requests int
}

func newWarmed(t *testing.T, version uint16) (*warmed, *Client) {
	t.Helper()
	w := new(warmed)
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.mu.Lock()
		w.requests++
		w.mu.Unlock()
		answer.WriteHeader(http.StatusCreated)
	}))
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			w.mu.Lock()
			w.conns = append(w.conns, c)
			w.mu.Unlock()
		}
	}
	if version > 0 {
		w.TLS = &tls.Config{MaxVersion: version}
		w.StartTLS()
	} else {
		w.Start()
	}
	t.Cleanup(w.Close)
	return w, clientOf(t, w.Server)
}

func (w *warmed) count() (conns, requests int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns), w.requests
}

func send(t *testing.T, c *Client) {
	t.Helper()
	r, err := c.Do(t.Context(), Call{Op: "send", Route: "/", JSON: []byte("{}")})
	require.NoError(t, err)
	assert.Equal(t, 1, r.Requests)
}

var versions = map[string]uint16{"plain": 0, "TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

// A connection that was opened ahead carries the next Send, and no request before.
// One that the vendor ended meanwhile carries none: no outcome is lost to it.
func TestWarm(t *testing.T) {
	t.Parallel()
	ends := map[string]func(t *testing.T, w *warmed, c *Client){
		"": nil,
		", closed by the vendor": func(t *testing.T, w *warmed, _ *Client) {
			w.mu.Lock()
			defer w.mu.Unlock()
			require.NoError(t, w.conns[0].Close())
		},
		", reset by the vendor": func(t *testing.T, w *warmed, _ *Client) {
			w.mu.Lock()
			defer w.mu.Unlock()
			socket := w.conns[0]
			if secure, ok := socket.(*tls.Conn); ok {
				socket = secure.NetConn()
			}
			require.NoError(t, socket.(*net.TCPConn).SetLinger(0))
			require.NoError(t, socket.Close())
		},
		", too old by the wall clock": func(t *testing.T, _ *warmed, c *Client) {
			c.dialer.mu.Lock()
			defer c.dialer.mu.Unlock()
			require.NotNil(t, c.dialer.ahead)
			c.dialer.ahead.conn.lastRead.Store(time.Now().Add(-idleTime - time.Second).UnixNano())
		},
	}
	for how, version := range versions {
		for name, end := range ends {
			t.Run(how+name, func(t *testing.T) {
				t.Parallel()
				for range 10 {
					w, c := newWarmed(t, version)
					require.NoError(t, c.Warm(t.Context()))
					require.Eventually(t, func() bool { conns, _ := w.count(); return conns == 1 }, 3*time.Second, time.Millisecond)
					want := 1
					if end != nil {
						want = 2
						end(t, w, c)
						require.Eventually(t, c.dialer.allEnded, 30*time.Second, time.Millisecond, "the end reaches this host")
					}
					_, requests := w.count()
					assert.Zero(t, requests, "Warm sends no request")
					send(t, c)
					conns, requests := w.count()
					assert.Equal(t, want, conns)
					assert.Equal(t, 1, requests)
				}
			})
		}
	}
}

// One is opened at most, none while one is idle, and one in ten seconds.
func TestWarmOpensNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	later := func(c *Client) {
		c.dialer.mu.Lock()
		defer c.dialer.mu.Unlock()
		c.dialer.last = time.Now().Add(-warmPause)
	}
	for how, version := range versions {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, c := newWarmed(t, version)
			var wait sync.WaitGroup
			for range 20 {
				wait.Go(func() { assert.NoError(t, c.Warm(t.Context())) })
			}
			wait.Wait()
			later(c)
			require.NoError(t, c.Warm(t.Context()), "one is parked")
			send(t, c)
			later(c)
			require.NoError(t, c.Warm(t.Context()), "one is idle")
			conns, _ := w.count()
			assert.Equal(t, 1, conns)

			require.NoError(t, c.Close())
			require.NoError(t, c.Warm(t.Context()))
			require.NoError(t, c.Close(), "the one that is parked too")
			require.NoError(t, c.Warm(t.Context()), "it is too soon")
			send(t, c)
			conns, requests := w.count()
			assert.Equal(t, 3, conns)
			assert.Equal(t, 2, requests)
		})
	}
}

// Close ends the connection that was opened ahead, and so does the time that an
// idle one is kept.
func TestWarmLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *Client){
		"closed":       func(c *Client) { _ = c.Close() },
		"kept so long": func(c *Client) { _ = c.dialer.ahead.conn.SetReadDeadline(time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := newWarmed(t, tls.VersionTLS13)
			require.NoError(t, c.Warm(t.Context()))
			p := c.dialer.ahead
			end(c)
			<-p.done
			assert.Eventually(t, func() bool { // it is no longer counted before it is closed
				c.dialer.mu.Lock()
				defer c.dialer.mu.Unlock()
				return c.dialer.ahead == nil && len(c.dialer.live) == 0 &&
					errors.Is(p.conn.SetReadDeadline(time.Time{}), net.ErrClosed)
			}, 30*time.Second, time.Millisecond)
		})
	}
}

// Through a proxy and on an application's transport there is nothing to do.
func TestWarmDoesNothingThatItCannot(t *testing.T) {
	t.Parallel()
	w, c := newWarmed(t, tls.VersionTLS13)
	c.own.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(w.URL) }
	require.NoError(t, c.Warm(t.Context()))

	theirs := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("dialed")
	}}}
	c, err := New(Config{Vendor: "acme", BaseURL: w.URL, Client: theirs})
	require.NoError(t, err)
	require.NoError(t, c.Warm(t.Context()))
	conns, _ := w.count()
	assert.Zero(t, conns)
	require.ErrorIs(t, (*Client)(nil).Warm(t.Context()), verify.ErrUnsupported)
}

// A vendor that cannot be reached is an error of Warm, which charges nothing.
func TestWarmInVain(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	c, err := New(Config{Vendor: "acme", BaseURL: untrusted.URL})
	require.NoError(t, err)
	err = c.Warm(t.Context())
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, verify.ErrUnavailable, e.Outcome)
	assert.Contains(t, e.Detail, "certificate is not trusted")
	assert.NotContains(t, err.Error(), "127.0.0.1")
	require.NoError(t, c.Warm(t.Context()), "it is too soon to try again")
	assert.Zero(t, c.budget.spent.Load())

	c, err = New(Config{Vendor: "acme", BaseURL: untrusted.URL})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = c.Warm(ctx)
	require.ErrorIs(t, err, verify.ErrUnavailable)
	assert.ErrorIs(t, err, context.Canceled)
}
