package driver_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go2fa/verify/driver"
)

// A double is a vendor in memory, so that time can be the test's own. It calls
// the hooks of the trace as net/http does.
type double struct {
	mu      sync.Mutex
	moves   []move // in turn; the last one repeats
	tries   int
	effects int
	closed  int // calls of CloseIdleConnections
}

// A move is what becomes of one try.
type move func(*double, *http.Request) (*http.Response, error)

func (d *double) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	next := d.moves[min(d.tries, len(d.moves)-1)]
	d.tries++
	d.mu.Unlock()
	return next(d, r)
}

// CloseIdleConnections is what go-retryablehttp must never reach.
func (d *double) CloseIdleConnections() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed++
}

// restart begins with other moves, and forgets what was seen.
func (d *double) restart(moves ...move) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moves, d.tries, d.effects = moves, 0, 0
}

// newDouble makes a client whose vendor makes these moves.
func newDouble(t *testing.T, moves ...move) (*driver.Client, *double) {
	t.Helper()
	d := &double{moves: moves}
	return newClient(t, "https://canary.example", &http.Client{Transport: d}), d
}

// connect calls the hooks up to the moment when the headers are written.
func connect(r *http.Request) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn(r.URL.Host)
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteHeaders()
}

// deliver has a request read to its end, which is one effect.
func (d *double) deliver(r *http.Request) {
	connect(r)
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body) // of memory
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.effects++
}

func refuse(_ *double, r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GetConn(r.URL.Host)
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

// vanish has no packet come back while a connection is made.
func vanish(_ *double, r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GetConn(r.URL.Host)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func lose(d *double, r *http.Request) (*http.Response, error) {
	d.deliver(r)
	return nil, syscall.ECONNRESET
}

// mute loses an answer without a hook, as a transport does that does not trace.
func mute(d *double, r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.effects++
	return nil, io.ErrUnexpectedEOF
}

func stall(d *double, r *http.Request) (*http.Response, error) {
	d.deliver(r)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// dribble begins an answer that never ends.
func dribble(d *double, r *http.Request) (*http.Response, error) {
	d.deliver(r)
	return &http.Response{StatusCode: 200, Body: io.NopCloser(until{r.Context()}), ContentLength: -1}, nil
}

// An until is a body that keeps still until the end of a context.
type until struct{ context.Context }

func (u until) Read([]byte) (int, error) {
	<-u.Done()
	return 0, u.Err()
}

// say is a complete answer; header holds keys and values in turn.
func say(status int, body string, header ...string) move {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return func(d *double, r *http.Request) (*http.Response, error) {
		if status == http.StatusTooManyRequests {
			connect(r)
		} else {
			d.deliver(r)
		}
		return &http.Response{
			StatusCode: status, Header: h, Request: r,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// A toyServer answers three checks: yes, no, and by another status.
func toyServer(last string) http.RoundTripper {
	statuses := []string{"approved", "wrong", last}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		next := statuses[0]
		statuses = statuses[1:]
		return say(200, `{"to":"+15005550006","status":"`+next+`"}`)(&double{}, r)
	})
}
