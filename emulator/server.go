package emulator

import (
	"cmp"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/go2fa/verify/internal/ports"
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
	kept func() // keeps the port, in a test
}

// Serve starts serving h at addr, "host:port", until Close. An empty addr is a free
// port of 127.0.0.1.
func Serve(h http.Handler, addr string) (*Server, error) {
	_, s, err := serve(h, addr)
	return s, err
}

func serve(h http.Handler, addr string) (net.Listener, *Server, error) {
	l, err := net.Listen("tcp", cmp.Or(addr, "127.0.0.1:0"))
	if err != nil {
		return nil, nil, err
	}

	s := &Server{
		URL:  "http://" + l.Addr().String(),
		http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
		done: make(chan struct{}),
		kept: func() {},
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with http.ErrServerClosed
	}()
	return l, s, nil
}

// ServeTest is Serve until a test ends. The test fails if the port is not free.
// Until the test ends, no other server is given the port of one that was closed
// before: what cannot be reached stays so.
func ServeTest(t TB, h http.Handler, addr string) *Server {
	t.Helper()
	l, s, err := serve(h, addr)
	if err != nil {
		t.Fatalf("the emulator cannot listen: %v", err)
	}
	s.kept = sync.OnceFunc(func() { t.Cleanup(ports.Hold(l.Addr())) })
	t.Cleanup(s.stop)
	return s
}

// NewServer makes an emulator of the first of opts, or of zero ones, and has it listen
// until a test ends, at their field Addr if they have one: what the NewServer of every
// emulator does.
func NewServer[E http.Handler, O any](t TB, newEmulator func(O) E, opts []O) (E, *Server) {
	t.Helper()
	o, addr := First(opts), ""
	if field := reflect.ValueOf(o).FieldByName("Addr"); field.IsValid() {
		addr = field.String()
	}
	e := newEmulator(o)
	return e, ServeTest(t, e, addr)
}

// Close stops listening and closes all connections: from then on the server
// cannot be reached. It may be called more than once.
func (s *Server) Close() {
	s.stop()
	s.kept()
}

func (s *Server) stop() {
	_ = s.http.Close() // nothing to do about a listener that does not close
	<-s.done
}
