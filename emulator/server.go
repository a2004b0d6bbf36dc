package emulator

import (
	"cmp"
	"net"
	"net/http"
	"time"
)

// A TB is what a server needs of *testing.T or *testing.B, whose package would
// bring its flags into every command that links an emulator.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Server serves a handler on an address of this machine.
type Server struct {
	URL string // "http://127.0.0.1:54321"

	http *http.Server
	done chan struct{}
}

// Serve starts serving h at addr, "host:port", until Close. An empty addr is a free
// port of 127.0.0.1.
func Serve(h http.Handler, addr string) (*Server, error) {
	l, err := net.Listen("tcp", cmp.Or(addr, "127.0.0.1:0"))
	if err != nil {
		return nil, err
	}

	s := &Server{
		URL:  "http://" + l.Addr().String(),
		http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with http.ErrServerClosed
	}()
	return s, nil
}

// ServeTest is Serve until a test ends. The test fails if the port is not free.
func ServeTest(t TB, h http.Handler, addr string) *Server {
	t.Helper()
	s, err := Serve(h, addr)
	if err != nil {
		t.Fatalf("the emulator cannot listen: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Close stops listening and closes all connections: from then on the server
// cannot be reached. It may be called more than once.
func (s *Server) Close() {
	_ = s.http.Close() // nothing to do about a listener that does not close
	<-s.done
}
