package stress

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A step is what becomes of one request that was read to its end.
type step func(*recording)

// A recording is one request on a connection, and the vendor behind it.
type recording struct {
	net.Conn
	request *http.Request
	vendor  http.Handler
}

// act has the vendor do what it is asked, and returns its answer.
func (x *recording) act() (status int, header http.Header, body []byte) {
	out := httptest.NewRecorder()
	x.vendor.ServeHTTP(out, x.request)
	return out.Code, out.Header(), out.Body.Bytes()
}

// say ignores a client that has gone away: that is what many steps play.
func (x *recording) say(raw string) { _, _ = io.WriteString(x.Conn, raw) }

// A wire serves a vendor by hand on a bare socket, so that it can break off
// anywhere. It follows its script once it is armed, and until then, and for
// requests that only ask for an access token, lets the vendor answer.
type wire struct {
	URL string

	asks     string // a part of the path of what is answered whatever the script says
	vendor   http.Handler
	listener net.Listener
	wait     sync.WaitGroup

	mu       sync.Mutex
	script   []step // in turn; the last one repeats
	conns    int    // opened since it was armed
	requests int    // read to the end since then
	reused   bool   // the first of them came on a connection from before
	open     map[net.Conn]bool
}

func newWire(t testing.TB, vendor http.Handler, asks string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{URL: "http://" + l.Addr().String(), asks: asks, vendor: vendor, listener: l, open: map[net.Conn]bool{}}
	w.wait.Go(w.accept)
	t.Cleanup(w.close)
	return w
}

func (w *wire) accept() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		w.open[c] = true
		w.conns++
		w.mu.Unlock()
		w.wait.Go(func() { w.serve(c) })
	}
}

func (w *wire) serve(c net.Conn) {
	defer w.forget(c)
	in := bufio.NewReader(c)
	for served := 0; ; served++ {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.next(r, served > 0)(&recording{c, r, w.vendor})
	}
}

func (w *wire) next(r *http.Request, reused bool) step {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.script) == 0 || w.asks != "" && strings.Contains(r.URL.Path, w.asks) {
		return healthy
	}
	if w.requests == 0 {
		w.reused = reused
	}
	w.requests++
	return w.script[min(w.requests, len(w.script))-1]
}

// arm begins a script and forgets what was seen.
func (w *wire) arm(script ...step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script, w.requests, w.conns, w.reused = script, 0, 0, false
}

func (w *wire) seen() (requests int, reused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests, w.reused
}

func (w *wire) forget(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c)
	_ = c.Close() // may be closed already
}

func (w *wire) close() {
	_ = w.listener.Close() // closing twice does no harm
	w.mu.Lock()
	for c := range w.open {
		_ = c.Close()
	}
	w.mu.Unlock()
	w.wait.Wait()
}

// whole renders an answer.
func whole(status int, header http.Header, body string) string {
	return head(status, header, len(body)) + body
}

func head(status int, header http.Header, length int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d x\r\n", status)
	for key, values := range header {
		for _, value := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", key, value)
		}
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", length)
	return b.String()
}

// healthy is the vendor's own answer.
func healthy(x *recording) {
	status, header, body := x.act()
	x.say(whole(status, header, string(body)))
}

// reply is another answer, of a vendor that did nothing.
func reply(status int, body string, header ...string) step {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return func(x *recording) { x.say(whole(status, h, body)) }
}

// raw is anything else, after which the connection ends.
func raw(text string) step {
	return func(x *recording) {
		x.say(text)
		_ = x.Close()
	}
}

// after has the vendor act before it plays s.
func after(s step) step {
	return func(x *recording) {
		x.act()
		s(x)
	}
}

// reset ends the connection with a RST.
func reset(x *recording) {
	if tcp, ok := x.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // unsent is unsent: Close then resets
	}
	_ = x.Close()
}

// hang writes what it is given and keeps still until the client goes away, or
// has broken every promise by staying.
func hang(text string) step {
	return func(x *recording) {
		x.say(text)
		_ = x.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.Copy(io.Discard, x.Conn)
	}
}

// half is the vendor's own answer, cut off in the middle of its body.
func half(x *recording) {
	status, header, body := x.act()
	x.say(head(status, header, len(body)) + string(body[:len(body)/2]))
	_ = x.Close()
}

// drip is a head, and then a byte every ten milliseconds.
func drip(text string) step {
	return func(x *recording) {
		x.say(text)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for began := time.Now(); time.Since(began) < 5*time.Second; <-tick.C {
			if _, err := x.Write([]byte(" ")); err != nil {
				return
			}
		}
	}
}

// flood writes a head, and then a piece until n bytes are out or the client has
// gone away.
func flood(text, piece string, n int) step {
	block := []byte(strings.Repeat(piece, max(1, 64<<10/len(piece))))
	return func(x *recording) {
		x.say(text)
		for left := n; left > 0; left -= len(block) {
			if _, err := x.Write(block); err != nil {
				break
			}
		}
		_ = x.Close()
	}
}
