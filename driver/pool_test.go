package driver_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// transports are ours and one of the application, which vendors may share.
func transports(t *testing.T) map[string]*http.Client {
	theirs := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(theirs.CloseIdleConnections)
	return map[string]*http.Client{"our transport": nil, "the application's": theirs}
}

// A vendor's errors cost no connection: each is read to its end.
func TestErrorsKeepTheConnection(t *testing.T) {
	t.Parallel()
	for which, theirs := range transports(t) {
		for name, page := range map[string]string{
			"8 kB of a page":      strings.Repeat("<p>x</p>", 1<<10),
			"a vendor's own body": vendorError("60200"),
			"nothing":             "",
		} {
			t.Run("30 errors with "+name+", "+which, func(t *testing.T) {
				t.Parallel()
				keepsConnection(t, func() bool {
					s := newServer(t, answer(400, page))
					c := newClient(t, s.URL, theirs)
					for range 30 {
						_, err := c.Do(t.Context(), kinds()["send"].call)
						require.Error(t, err)
					}
					assert.Equal(t, 30, s.now().requests)
					return s.now().conns == 1
				})
			})
		}
	}
}

// As many callers as there are take as many connections, and no more. They all begin
// before the first is answered: net/http dials for each that finds no connection idle.
func TestCallersTakeAsManyConnectionsAsTheyAre(t *testing.T) {
	t.Parallel()
	const callers, sends = 16, 40
	var here sync.WaitGroup
	here.Add(callers)
	var requests, conns atomic.Int64
	vendor := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= callers {
			here.Done()
			here.Wait()
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, accepted)
	}))
	vendor.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	vendor.Start()
	t.Cleanup(vendor.Close)
	c := newClient(t, vendor.URL, nil)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range sends {
				_, err := c.Do(t.Context(), kinds()["send"].call)
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, callers*sends, requests.Load())
	assert.EqualValues(t, callers, conns.Load(), "connections that were dialed")
}

// What happens to one vendor costs no other vendor its connections.
func TestOtherVendorsKeepTheirConnections(t *testing.T) {
	t.Parallel()
	closed := nobody(t)
	for name, other := range map[string]func(*testing.T) string{
		"cannot be reached": func(*testing.T) string { return closed },
		"resets":            func(t *testing.T) string { return newServer(t, reset("")).URL },
		"answers with 500":  func(t *testing.T) string { return newServer(t, answer(500, "")).URL },
		"throttles":         func(t *testing.T) string { return newServer(t, refusal(429, "")).URL },
		"keeps still":       func(t *testing.T) string { return newServer(t, hang("")).URL },
	} {
		t.Run("another vendor "+name, func(t *testing.T) {
			t.Parallel()
			theirs := &http.Client{Transport: &http.Transport{}}
			t.Cleanup(theirs.CloseIdleConnections)
			keepsConnection(t, func() bool {
				s := newServer(t, answer(200, accepted))
				c := newClient(t, s.URL, theirs)
				_, err := c.Do(t.Context(), kinds()["send"].call)
				require.NoError(t, err)

				sick := newClient(t, other(t), theirs)
				for _, k := range kinds() {
					ctx, cancel := context.WithTimeout(t.Context(), soon)
					_, err = sick.Do(ctx, k.call)
					require.Error(t, err)
					cancel()
				}
				require.NoError(t, sick.Close())

				_, err = c.Do(t.Context(), kinds()["send"].call)
				require.NoError(t, err)
				return s.now().conns == 1
			})
		})
	}
}

// go-retryablehttp asks for that after every failure.
func TestNobodyClosesIdleConnections(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]move{
		"refused": refuse, "reset": lose, "throttled": say(429, ""), "in vain": say(500, ""), "accepted": say(200, accepted),
	} {
		for how, cancels := range map[string]bool{"": false, ", canceled": true} {
			t.Run(name+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, d := newDouble(t, m)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if cancels {
						time.AfterFunc(time.Nanosecond, cancel) // in the wait for another try
					}
					_, _ = c.Do(ctx, kinds()["send"].call) // any end will do
					require.NoError(t, c.Close())
					assert.Zero(t, d.closed)
				})
			})
		}
	}
}

// Close gives back what is ours and nothing that the application brought.
func TestClose(t *testing.T) {
	t.Parallel()
	for which, theirs := range transports(t) {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			twice := func() *server {
				s := newServer(t, answer(200, accepted))
				c := newClient(t, s.URL, theirs)
				for range 2 {
					_, err := c.Do(t.Context(), kinds()["send"].call)
					require.NoError(t, err)
					require.NoError(t, c.Close())
					require.NoError(t, c.Close(), "closing twice does no harm")
				}
				return s
			}
			if theirs != nil {
				keepsConnection(t, func() bool {
					s := twice()
					return s.now().conns == 1 && s.idle() == 1
				})
				return
			}
			s := twice()
			assert.Equal(t, 2, s.now().conns, "a client that was closed still works")
			assert.Eventually(t, func() bool { return s.idle() == 0 }, enough, time.Millisecond)
		})
	}
}

// An answer that is given up gives its connection back at once, lest the server
// keeps it open and full.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]step{
		"a body without end":       flood(endless, "x", 1<<30),
		"a page without end":       flood(head(500), "<p>", 1<<30),
		"a body that is too large": flood(head(200, "Content-Length: 1073741824"), "x", 1<<30),
		"a body in an encoding":    flood(head(200, "Content-Encoding: gzip"), "x", 1<<30),
		"a bare connection":        hang(head(101, "Connection: upgrade", "Upgrade: x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, s)
			_, err := newClient(t, s.URL, nil).Do(t.Context(), kinds()["send"].call)
			assertOutcome(t, err, unknown)
			assert.Eventually(t, func() bool { return s.idle() == 0 }, enough, time.Millisecond)
		})
	}
}

// A body is closed whether it was read, given up, or not even looked at.
func TestEveryBodyIsClosed(t *testing.T) {
	t.Parallel()
	for name, resp := range map[string]http.Response{
		"read":              {StatusCode: 200, ContentLength: -1},
		"too large":         {StatusCode: 200, ContentLength: 1 << 30},
		"in an encoding":    {StatusCode: 200, Header: http.Header{"Content-Encoding": {"gzip"}}},
		"a bare connection": {StatusCode: 101},
		"a page":            {StatusCode: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &closable{Reader: strings.NewReader(accepted)}
			var try context.Context
			c := newClient(t, "https://canary.example", &http.Client{Transport: roundTripper(
				func(r *http.Request) (*http.Response, error) {
					resp.Body, try = body, r.Context()
					return &resp, nil
				})})
			_, _ = c.Do(t.Context(), kinds()["send"].call) // any end will do
			assert.True(t, body.closed)
			assert.Error(t, try.Err(), "no timer is left either")
		})
	}
}

type closable struct {
	*strings.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

// One client serves many at a time, and each its own answer.
func TestManyCallers(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://canary.example", &http.Client{Transport: roundTripper(
		func(r *http.Request) (*http.Response, error) {
			connect(r)
			id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
			if strings.HasPrefix(id, "no") {
				return say(400, vendorError("60200"), "X-Request-Id", id)(&double{}, r)
			}
			return say(200, accepted, "X-Request-Id", id)(&double{}, r)
		})})
	for i := range 16 {
		t.Run(fmt.Sprintf("caller %d", i), func(t *testing.T) {
			t.Parallel()
			call := kinds()["send"].call
			for range 20 {
				call.Args = []string{fmt.Sprintf("VA%d", i)}
				reply, err := c.Do(t.Context(), call)
				require.NoError(t, err)
				require.Equal(t, call.Args[0], reply.RequestID)

				call.Args = []string{fmt.Sprintf("no%d", i)}
				_, err = c.Do(t.Context(), call)
				require.Equal(t, call.Args[0], assertOutcome(t, err, verify.ErrInvalidRecipient).RequestID)
			}
		})
	}
}
