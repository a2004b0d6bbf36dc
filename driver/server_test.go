package driver_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/ports"
)

const patience = 2 * time.Second

// A step is the server's side of one exchange.
type step struct {
	play   func(net.Conn)
	early  bool // before the body is read
	futile bool // nothing of what was asked is done: an effect of zero
}

// A server speaks HTTP by hand on a bare socket, so that it can break off
// anywhere. A request that it has read to its end is one effect.
type server struct {
	URL string

	listener net.Listener
	wait     sync.WaitGroup

	mu     sync.Mutex
	script []step // in turn; the last one repeats
	seen   seen
	open   map[net.Conn]bool
}

// What a server has seen since its last script.
type seen struct {
	conns    int // opened
	requests int // whose header was read
	effects  int
	reused   bool // the first request came on a connection from before
	headers  []http.Header
}

func newServer(t *testing.T, script ...step) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{URL: "http://" + l.Addr().String(), listener: l, script: script, open: map[net.Conn]bool{}}
	s.wait.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

// nobody is where no server listens as long as the test runs.
func nobody(t *testing.T) (url string) {
	t.Helper()
	return "http://" + ports.Closed(t)
}

func (s *server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[c] = true
		s.seen.conns++
		s.mu.Unlock()
		s.wait.Go(func() { s.serve(c) })
	}
}

func (s *server) serve(c net.Conn) {
	defer s.forget(c)
	r := bufio.NewReader(c)
	for i := 0; ; i++ {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		next := s.next(req, i > 0)
		if !next.early {
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
			s.count(next)
		}
		next.play(c)
	}
}

func (s *server) next(req *http.Request, reused bool) step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen.requests == 0 {
		s.seen.reused = reused
	}
	s.seen.headers = append(s.seen.headers, req.Header)
	i := min(s.seen.requests, len(s.script)-1)
	s.seen.requests++
	return s.script[i]
}

func (s *server) count(next step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !next.futile {
		s.seen.effects++
	}
}

func (s *server) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	_ = c.Close() // may be closed already
}

// restart begins a new script and forgets what was seen.
func (s *server) restart(script ...step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.seen = script, seen{}
}

func (s *server) now() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// idle is how many connections are open.
func (s *server) idle() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *server) opened() (all []net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		all = append(all, c)
	}
	return all
}

func (s *server) close() {
	_ = s.listener.Close() // closing twice does no harm
	s.mu.Lock()
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wait.Wait()
}

// head is an answer up to its body.
func head(status int, header ...string) string {
	lines := append([]string{fmt.Sprintf("HTTP/1.1 %d %s", status, prose)}, header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// answer is a complete answer on a connection that stays open.
func answer(status int, body string, header ...string) step {
	whole := head(status, append(header, "Content-Length: "+strconv.Itoa(len(body)))...) + body
	return step{play: func(c net.Conn) { write(c, whole) }}
}

// refusal is an answer of a vendor that did nothing.
func refusal(status int, body string, header ...string) step {
	s := answer(status, body, header...)
	s.futile = true
	return s
}

// broken writes what it is given and ends the connection.
func broken(raw string) step {
	return step{play: func(c net.Conn) {
		write(c, raw)
		_ = c.Close()
	}}
}

// reset writes what it is given and ends the connection with a RST.
func reset(raw string) step {
	return step{play: func(c net.Conn) {
		write(c, raw)
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}}
}

// hang writes what it is given and keeps still until the client goes away, or
// has broken every promise by staying.
func hang(raw string) step {
	return step{play: func(c net.Conn) {
		write(c, raw)
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, _ = io.Copy(io.Discard, c)
	}}
}

// drip answers with a byte every ten milliseconds.
func drip(head string) step {
	return step{play: func(c net.Conn) {
		write(c, head)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for start := time.Now(); time.Since(start) < patience; <-tick.C {
			if _, err := c.Write([]byte(" ")); err != nil {
				return
			}
		}
	}}
}

// flood writes a piece over and over until n bytes are out or the client has
// gone away.
func flood(head, piece string, n int) step {
	piece = strings.Repeat(piece, 64<<10/len(piece))
	return step{play: func(c net.Conn) {
		write(c, head)
		for left := n; left > 0; left -= len(piece) {
			if _, err := c.Write([]byte(piece)); err != nil {
				return
			}
		}
	}}
}

// write ignores a client that has gone away: that is what many steps play.
func write(c net.Conn, raw string) { _, _ = io.WriteString(c, raw) }
