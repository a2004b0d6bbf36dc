package emulator

import (
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

// A Server serves a handler on loopback.
type Server struct {
	URL string // "http://127.0.0.1:54321"

	http *http.Server
	done chan struct{}
}

// Serve starts serving h on a free port of 127.0.0.1, until Close.
func Serve(h http.Handler) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
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

// ServeTest is Serve for the length of a test, which fails if no port is free.
func ServeTest(t TB, h http.Handler) *Server {
	t.Helper()
	s, err := Serve(h)
	if err != nil {
		t.Fatalf("no server on loopback: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Close stops listening and closes all connections: from then on the server
// cannot be reached. More than one Close is as good as one.
func (s *Server) Close() {
	_ = s.http.Close() // nothing to do about a listener that does not close
	<-s.done
}
