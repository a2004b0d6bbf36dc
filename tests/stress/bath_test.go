package stress

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/internal/ports"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

// A swap is an emulator that is replaced by a new one in a quiet moment, since an
// emulator remembers what no SDK has to.
type swap struct {
	kind kind
	now  atomic.Pointer[emulator]
	post atomic.Pointer[post]
}

func (s *swap) renew() {
	e := s.kind.emulate(nil)
	s.now.Store(&e)
	s.post.Store(newPost(e))
}

// ServeHTTP implements http.Handler.
func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.now.Load()).ServeHTTP(w, r) }

// A bath is what soaks: each vendor and a Redis, each behind a proxy of its own
// in each weather. No toxic is ever taken away: toxiproxy may wait forever for
// one to let go of a connection.
type bath struct {
	t       *testing.T
	swaps   []*swap
	servers []*httptest.Server
	tubs    []*tub
	closers []io.Closer
	calls   atomic.Int64
	yes     atomic.Int64
	late    atomic.Int64
}

// A tub is a bath in one weather.
type tub struct {
	toxic
	clients   []verify.Verifier // by vendor
	messenger otp.Messenger
	redis     string
	conn      *redis.Client
}

func newBath(t *testing.T, server *toxics.Client) *bath {
	b := &bath{t: t}
	var upstreams []string
	for _, k := range kinds() {
		if k.people || !k.checks && k.name != "gatewayapi" {
			continue // registered people, and messengers beside the one that add opens
		}
		s := &swap{kind: k}
		s.renew()
		srv := httptest.NewServer(s)
		t.Cleanup(srv.Close)
		b.swaps, b.servers = append(b.swaps, s), append(b.servers, srv)
		upstreams = append(upstreams, srv.Listener.Addr().String())
	}
	store := redisPort(t)
	for n, w := range rotation {
		u := &tub{toxic: w, redis: b.proxied(server, w, fmt.Sprint("redis ", n), store)}
		for i, s := range b.swaps {
			u.add(b, s.kind, "http://"+b.proxied(server, w, fmt.Sprint(s.kind.name, " ", n), upstreams[i]))
		}
		b.tubs = append(b.tubs, u)
	}
	t.Cleanup(func() {
		for _, u := range b.tubs {
			_ = u.conn.Close()
		}
	})
	return b
}

// proxied puts a proxy in front of an address, as it is for good.
func (b *bath) proxied(server *toxics.Client, w toxic, name, upstream string) (addr string) {
	p, err := server.CreateProxy(name, "127.0.0.1:0", upstream)
	require.NoError(b.t, err)
	switch w.name {
	case "":
	case "down":
		require.NoError(b.t, p.Disable())
	default:
		_, err := p.AddToxic("soak", w.name, w.stream, 1, w.attributes)
		require.NoError(b.t, err)
	}
	return p.Listen
}

// add opens a client. GatewayAPI's is a messenger, and fill makes the rest.
func (u *tub) add(b *bath, k kind, base string) {
	if k.checks {
		v, c := k.must(b.t, base, nil, nil)
		u.clients, b.closers = append(u.clients, v), append(b.closers, c)
		return
	}
	c, err := gatewayapi.New(gatewayapi.Config{Token: gatewayapitest.Token, Sender: "Acme", BaseURL: base})
	require.NoError(b.t, err)
	u.clients, b.closers, u.messenger = append(u.clients, nil), append(b.closers, c), c
	u.fill(b.t)
}

// fill makes an engine, with limits that nobody reaches, over a connection to
// Redis in place of the one before: that one's pool has no other way to let go.
func (u *tub) fill(t *testing.T) {
	if u.conn != nil {
		require.NoError(t, u.conn.Close())
	}
	u.conn = redis.NewClient(redisOptions("tcp", u.redis))
	store, err := redisstore.New(u.conn, redisstore.Config{})
	require.NoError(t, err)
	e, err := otp.New(otp.Config{
		Messenger: u.messenger, Store: store, Keys: [][]byte{bytes.Repeat([]byte("k"), 32)},
		Limits: otp.Limits{Sends: 1_000_000, Failures: 100, Cooldown: []time.Duration{0}},
	})
	require.NoError(t, err)
	for i, v := range u.clients {
		if _, engine := v.(*otp.Engine); v == nil || engine {
			u.clients[i] = e
		}
	}
}

// redisPort starts a real server that listens on a port.
func redisPort(t *testing.T) string {
	t.Helper()
	if noRedis != "" {
		t.Skip(noRedis)
	}
	addr := ports.Closed(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	stop, err := startRedis(t.TempDir(), "--bind", "127.0.0.1", "--port", port)
	require.NoError(t, err)
	t.Cleanup(stop)
	return addr
}
