package authytest

import "github.com/go2fa/verify/internal/emulator"

// A TB is what a Server needs of *testing.T.
type TB = emulator.TB

// A Server is an [Emulator] that listens on loopback.
type Server struct {
	*Emulator
	URL string // "http://127.0.0.1:54321"

	server *emulator.Server
}

// NewServer starts a server that is closed when the test ends. It takes at most
// one Options.
func NewServer(t TB, opts ...Options) *Server {
	t.Helper()
	if len(opts) == 0 {
		opts = []Options{{}}
	}
	e := New(opts[0])
	s := emulator.ServeTest(t, e)
	return &Server{Emulator: e, URL: s.URL, server: s}
}

// Close closes the server early: from now on the vendor cannot be reached.
func (s *Server) Close() { s.server.Close() }
