package sqlstore_test

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/dbserver"
)

// A fate is what a proxy does to one statement.
type fate int

const (
	pass      fate = iota
	cutBefore      // the server does not get it
	cutAfter       // the server has answered, and the answer is lost
	hang           // nobody ever hears of it again
)

// A proxy stands between a store and its server, and decides the fate of each
// statement that settles a step: PostgreSQL's functions and those of Seen, and every
// COMMIT.
type proxy struct {
	dir, target string
	decide      atomic.Pointer[func() fate]
	statements  atomic.Int64 // that settle something
	rounds      atomic.Int64 // what a client sent at once
	lost        atomic.Int64
	resets      atomic.Bool            // a DELETE settles something too
	answered    atomic.Pointer[func()] // called when the answer that is lost is there

	mu    sync.Mutex
	conns []net.Conn
}

// settling are how such a statement stands on the wire of PostgreSQL, and of MySQL
// in the end.
var settling = [][]byte{
	[]byte("attempt_v2("), []byte("issue_v2("), []byte(" AS r (k, data, till)"), []byte(" AS r SET data"), []byte("COMMIT\x00"), []byte("\x03COMMIT"),
}

// through returns a proxy before the server of a URL, and the URL through it.
func through(t testing.TB, at string) (*proxy, string) {
	t.Helper()
	dir, err := dbserver.Dir()
	require.NoError(t, err)
	base, options, _ := strings.Cut(at, "?")
	query, err := url.ParseQuery(options)
	require.NoError(t, err)
	p := &proxy{dir: dir}
	listen := filepath.Join(dir, "s")
	if strings.HasPrefix(at, "postgres") {
		listen = filepath.Join(dir, ".s.PGSQL.5432")
		p.target = filepath.Join(query.Get("host"), ".s.PGSQL.5432")
		query.Set("host", dir)
	} else {
		p.target = query.Get("socket")
		query.Set("socket", listen)
	}
	p.set(func() fate { return pass })
	l, err := net.Listen("unix", listen)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = l.Close()
		p.cutAll()
		_ = os.RemoveAll(dir)
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p, base + "?" + query.Encode()
}

func (p *proxy) set(decide func() fate) { p.decide.Store(&decide) }

// cutAll ends all connections.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("unix", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	defer func() { _, _ = client.Close(), server.Close() }()

	var losing atomic.Bool
	go func() {
		defer func() { _, _ = client.Close(), server.Close() }()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if err != nil {
				return
			}
			if losing.Load() {
				if f := p.answered.Swap(nil); f != nil {
					(*f)()
				}
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		p.rounds.Add(1)
		if settles(buffer[:n]) || p.resets.Load() && bytes.Contains(buffer[:n], []byte("DELETE FROM")) {
			p.statements.Add(1)
			switch f := (*p.decide.Load())(); f {
			case cutBefore:
				p.lost.Add(1)
				return
			case hang:
				p.lost.Add(1)
				losing.Store(true)
				continue
			case cutAfter:
				p.lost.Add(1)
				losing.Store(true)
			case pass:
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func settles(said []byte) bool {
	for _, s := range settling {
		if bytes.Contains(said, s) {
			return true
		}
	}
	return false
}
