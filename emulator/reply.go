package emulator

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// A Break is what happens to a connection in place of a proper reply.
type Break uint8

// The breaks; the zero value breaks nothing.
const (
	_        Break = iota
	Reset          // the peer resets the connection (RST) without a byte of reply
	Close          // the peer closes the connection (FIN) without a byte of reply
	Truncate       // the reply ends in the middle of its body
	Garbage        // what comes back is not HTTP
)

// silent says that nothing of the vendor's own reply is seen.
func (b Break) silent() bool {
	return b == Reset || b == Close || b == Garbage
}

// A reply is the vendor's answer before the client gets it.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *reply) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *reply) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *reply) Write(b []byte) (int, error) { return a.body.Write(b) }

// deliver lets the client have a, or what the fault leaves of it.
func (f Fault) deliver(w http.ResponseWriter, r *http.Request, a *reply) {
	if f.Break != 0 {
		f.Break.apply(w, a)
		return
	}

	for name, values := range a.header {
		w.Header()[name] = values
	}
	if f.Drip > 0 || f.Pad > 0 {
		w.Header().Del("Content-Length") // it would be untrue, or spoil the pauses
	}
	w.WriteHeader(a.status)
	if f.Drip > 0 {
		drip(w, r, a.body.Bytes(), f.Drip)
	} else {
		_, _ = w.Write(a.body.Bytes()) //nolint:gosec // the client has gone: nobody to tell; no browser reads an emulator's answers
	}
	pad(w, f.Pad)
}

func drip(w http.ResponseWriter, r *http.Request, body []byte, pause time.Duration) {
	control := http.NewResponseController(w)
	for i := range body {
		if control.Flush() != nil || !wait(r.Context(), pause) {
			return
		}
		if _, err := w.Write(body[i : i+1]); err != nil { //nolint:gosec // no browser reads an emulator's answers
			return
		}
	}
}

func pad(w http.ResponseWriter, n int64) {
	spaces := bytes.Repeat([]byte(" "), 32<<10)
	for n > 0 {
		m, err := w.Write(spaces[:min(n, int64(len(spaces)))])
		if err != nil {
			return
		}
		n -= int64(m)
	}
}

// apply takes the connection from net/http and breaks it.
func (b Break) apply(w http.ResponseWriter, a *reply) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, or no network: as close as can be
	}
	defer func() { _ = conn.Close() }() // the client sees what it sees

	switch tcp, ok := conn.(*net.TCPConn); {
	case b == Reset && ok:
		_ = tcp.SetLinger(0) // unsent is unsent: Close then resets
	case b == Truncate:
		_, _ = conn.Write(a.half())
	case b == Garbage:
		_, _ = conn.Write([]byte("\x16\x03\x01 is not a status line\r\n\r\n"))
	}
}

// half renders a with half of the body that its length promises.
func (a *reply) half() []byte {
	body := a.body.Bytes()
	header := a.header.Clone()
	header.Set("Content-Length", fmt.Sprint(max(len(body), 1)))

	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	_ = header.Write(&b) // a Builder takes everything
	b.WriteString("\r\n")
	b.Write(body[:len(body)/2])
	return []byte(b.String())
}
