package driver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// Where an answer ends is known to the byte, however it is cut into packets.
func TestAnswerEndsToTheByte(t *testing.T) {
	t.Parallel()
	const surplus = "HTTP/1.1 201 Created\r\n\r\n"
	tests := map[string]string{
		"a length":                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"a length, oddly written":    "HTTP/1.1 200 OK\ncontent-LENGTH:5 \n\nhello",
		"an empty body":              "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n",
		"no content":                 "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
		"not modified":               "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
		"chunks":                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\n",
		"chunks with a trailer":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n5\r\n0\r\nX: y\r\n\r\n",
		"early hints":                "HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"a header that is very long": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 9000) + "\r\nContent-Length: 2\r\n\r\n\r\n",
	}
	for name, whole := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(whole) {
				var a answer
				end, complete := a.feed([]byte(whole[:cut]))
				require.Equal(t, cut, end)
				require.False(t, complete, "cut at %d", cut)
				end, complete = a.feed([]byte(whole[cut:] + surplus))
				require.True(t, complete, "cut at %d", cut)
				require.Equal(t, len(whole)-cut, end, "cut at %d", cut)
				require.Equal(t, answer{}, a, "ready for the next one")
			}
		})
	}
	endless := map[string]string{
		"until the connection ends": "HTTP/1.1 200 OK\r\n\r\n", "a bare connection": "HTTP/1.1 101 Switching\r\n\r\n",
		"a length that is none": "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "a chunk that is none": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	}
	for name, head := range endless {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var a answer
			for range 3 {
				end, complete := a.feed([]byte(head + surplus))
				assert.Equal(t, len(head+surplus), end)
				assert.False(t, complete)
			}
		})
	}
}

const (
	created = "HTTP/1.1 201 Created\r\nContent-Length: 21\r\n\r\n{\"status\": \"pending\"}"
	leak    = "HTTP/1.1 201 Created\r\nContent-Length: 29\r\n\r\n{\"body\": \"918273 is the code\"}"
)

// speak serves one connection: after each request it writes what say writes.
func speak(c net.Conn, say func(net.Conn)) {
	buf := make([]byte, 4096)
	for {
		if n, err := c.Read(buf); err != nil || !bytes.Contains(buf[:n], []byte("\r\n\r\n")) {
			return
		}
		say(c)
	}
}

// What a vendor says too much, on a connection of ours that is idle or in the
// packet of the answer itself, never reaches the log of the process.
func TestSurplusAnswerIsNeverLogged(t *testing.T) { // not parallel: the logger is everybody's
	var logged bytes.Buffer
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })

	plays := map[string]func(net.Conn){
		"in the same packet": func(c net.Conn) { _, _ = io.WriteString(c, created+leak) },
		"a moment later": func(c net.Conn) {
			_, _ = io.WriteString(c, created)
			go func() {
				time.Sleep(20 * time.Millisecond) // a peer on a real socket
				_, _ = io.WriteString(c, leak)
			}()
		},
	}
	for name, play := range plays {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %t", name, secure), func(t *testing.T) {
				c := surplusClient(t, secure, play)
				for range 3 {
					_, err := c.Do(t.Context(), Call{Op: "send", Route: "/", JSON: []byte("{}")})
					require.NoError(t, err)
					time.Sleep(40 * time.Millisecond) // for the surplus to arrive
				}
				assert.Empty(t, logged.String())
			})
		}
	}

	t.Run("on a connection that is new", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, leak)
				_ = c.Close()
			}
		}()
		c, err := New(Config{Vendor: "acme", BaseURL: "http://" + l.Addr().String()})
		require.NoError(t, err)
		_, _ = c.Do(t.Context(), Call{Op: "send", Route: "/", JSON: []byte("{}")}) // whichever comes first
		assert.Empty(t, logged.String())
	})
}

func surplusClient(t *testing.T, secure bool, play func(net.Conn)) *Client {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		play(c)
		go speak(c, play)
		t.Cleanup(func() { _ = c.Close() })
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of every handshake that fails
	base := "http://"
	if secure {
		s.StartTLS()
		base = "https://"
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	c, err := New(Config{Vendor: "acme", BaseURL: base + s.Listener.Addr().String()})
	require.NoError(t, err)
	if secure {
		c.own.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A deaf connection does not hear that the peer has hung up, as in a process
// that is frozen: what the kernel knows has not reached anybody.
type deaf struct {
	net.Conn
	closed chan struct{}
}

func (d *deaf) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if n == 0 {
		<-d.closed
	}
	return n, err
}

func (d *deaf) Close() error {
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	return d.Conn.Close()
}

// No request is written to a connection whose end has reached this host, and
// none to one that was idle for too long by the wall clock.
func TestNoRequestOnAConnectionThatHasEnded(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		for name, spoil := range map[string]func(t *testing.T, server net.Conn, ours *conn){
			"the peer hung up": func(t *testing.T, server net.Conn, ours *conn) {
				require.NoError(t, server.Close())
				require.Eventually(t, ours.socket.hasUnread, 3*time.Second, time.Millisecond)
			},
			"the machine slept": func(_ *testing.T, _ net.Conn, ours *conn) {
				ours.lastRead.Store(time.Now().Add(-idleTime - time.Second).UnixNano())
			},
			"the clock was set back": func(_ *testing.T, _ net.Conn, ours *conn) {
				ours.lastRead.Store(time.Now().Add(time.Hour).UnixNano())
			},
		} {
			for _, method := range []string{"POST", "GET"} {
				t.Run(fmt.Sprintf("%s, TLS %t, %s", name, secure, method), func(t *testing.T) {
					t.Parallel()
					served := make(chan net.Conn, 2)
					c := surplusClient(t, secure, func(c net.Conn) {
						served <- c
						_, _ = io.WriteString(c, created)
					})
					d := &dialer{}
					var ours *conn
					wrap := func(socket net.Conn) net.Conn {
						ours = newConn(&deaf{socket, make(chan struct{})}, socket)
						return ours
					}
					c.own.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
						socket, err := d.DialContext(ctx, network, addr)
						if err != nil {
							return nil, err
						}
						return wrap(socket), nil
					}
					c.own.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
						made, err := d.dialTLS(ctx, network, addr, c.own.TLSClientConfig)
						if err != nil {
							return nil, err
						}
						inner := made.(*conn)
						ours = &conn{Conn: &deaf{inner.Conn, make(chan struct{})}, socket: inner.socket}
						ours.state.Store(idle)
						return ours, nil
					}
					call := Call{Op: "send", Method: method, Route: "/"}
					if method == "POST" {
						call.JSON = []byte("{}")
					}
					_, err := c.Do(t.Context(), call)
					require.NoError(t, err)
					first := ours
					spoil(t, <-served, ours)
					_, err = c.Do(t.Context(), call)
					require.NoError(t, err, "sent on a connection of its own")
					assert.NotSame(t, first, ours)
					assert.Len(t, served, 1, "nothing was asked on the first connection")
				})
			}
		}
	}
}

// A tunnel through a proxy hides where answers end, but not that the connection
// is idle, nor that it has ended.
func TestTunnel(t *testing.T) {
	t.Parallel()
	served := make(chan net.Conn, 1)
	c := surplusClient(t, true, func(c net.Conn) {
		served <- c
		_, _ = io.WriteString(c, created)
	})
	target := c.base.Host
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "CONNECT", r.Method)
		there, err := net.Dial("tcp", target)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}))
	t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	c.own.Proxy = http.ProxyURL(at)
	call := Call{Op: "send", Route: "/", JSON: []byte("{}")}
	for range 5 {
		_, err = c.Do(t.Context(), call)
		require.NoError(t, err)
		last := <-served
		_, err = c.Do(t.Context(), call)
		require.NoError(t, err)
		assert.Same(t, last, <-served, "one connection serves many requests")
		require.NoError(t, last.Close())
		require.Eventually(t, c.dialer.allEnded, 30*time.Second, time.Millisecond, "the end passes through the proxy")
	}
}

func TestConnOfAForeignConnection(t *testing.T) {
	t.Parallel()
	assert.Nil(t, connOf(nil))
	assert.Nil(t, connOf(deadConn{}))
	busy := new(conn)
	request := busy.take(false)
	busy.tunnel.Store(true)
	next := busy.take(true)
	busy.release(request)
	assert.False(t, busy.isIdle(), "the end of an earlier request does not end the next one")
	busy.release(next)
	assert.True(t, busy.isIdle())
}

type deadConn struct{ net.Conn }

// An image without CA certificates is said to be one.
func TestNoRoots(t *testing.T) { // not parallel: it changes a variable
	c := surplusClient(t, true, func(net.Conn) {})
	c.own.TLSClientConfig = nil
	before := lacksRoots
	t.Cleanup(func() { lacksRoots = before })
	for lacks, want := range map[bool]string{true: "this machine has no CA certificates", false: "something may stand between us and the vendor"} {
		lacksRoots = func() bool { return lacks }
		_, err := c.Do(t.Context(), Call{Op: "send", Route: "/", JSON: []byte("{}")})
		var e *verify.Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, err, verify.ErrUnavailable)
		assert.Contains(t, e.Detail, want)
		assert.Equal(t, 1, e.Requests, "a second try would fail the same way")
	}
}

// The User-Agent says which version of this module calls, and for which vendor.
func TestUserAgent(t *testing.T) {
	t.Parallel()
	const path = "github.com/go2fa/verify"
	tests := map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"a dependency":    {debug.BuildInfo{Deps: []*debug.Module{{Path: "x", Version: "v9.9.9"}, {Path: path, Version: "v1.2.3"}}}, "1.2.3"},
		"a commit":        {debug.BuildInfo{Deps: []*debug.Module{{Path: path, Version: "v0.0.0-20261128000000-abcdefabcdef+dirty"}}}, "0.0.0-20261128000000-abcdefabcdef+dirty"},
		"the main module": {debug.BuildInfo{Main: debug.Module{Path: path, Version: "(devel)"}}, "devel"},
		"a replacement":   {debug.BuildInfo{Deps: []*debug.Module{{Path: path, Version: "v1.2.3", Replace: &debug.Module{Path: "../x"}}}}, "devel"},
		"not there":       {debug.BuildInfo{}, "devel"},
		"an odd one":      {debug.BuildInfo{Deps: []*debug.Module{{Path: path, Version: "v1 (x)\r\n"}}}, "devel"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, versionIn(&test.info))
		})
	}
	assert.Regexp(t, `^go2fa-verify/[0-9A-Za-z.+-]+ \(acme\)$`, userAgent("acme"))
}
