package driver_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// bareServer accepts connections and leaves the rest to serve.
func bareServer(t *testing.T, serve func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { _ = c.Close() })
			go serve(c)
		}
	}()
	return l.Addr().String()
}

// A failed handshake, and an untrusted certificate.
func TestTLS(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	quiet := log.New(io.Discard, "", 0) // it would tell of every handshake that fails
	count := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	serve := func(config *tls.Config) *httptest.Server {
		s := httptest.NewUnstartedServer(count)
		s.Config.ErrorLog, s.TLS = quiet, config
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	current := serve(nil)
	old := serve(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) // to be refused
	trusting := dialing(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, current.Listener.Addr().String())
	})
	trusting.Transport.(*http.Transport).TLSClientConfig = current.Client().Transport.(*http.Transport).TLSClientConfig
	expired := dialing(trusting.Transport.(*http.Transport).DialContext)
	expired.Transport.(*http.Transport).TLSClientConfig = trusting.Transport.(*http.Transport).TLSClientConfig.Clone()
	expired.Transport.(*http.Transport).TLSClientConfig.Time = func() time.Time { return time.Unix(1<<40, 0) }
	resetting := bareServer(t, func(c net.Conn) { reset("").play(c) })
	plain := httptest.NewServer(count)
	t.Cleanup(plain.Close)

	const untrusted = "the server's certificate is not trusted: something may stand between us and the vendor"
	tests := map[string]struct {
		url    string
		theirs *http.Client
		heals  bool
		detail string
	}{
		"the handshake is reset":     {"https://" + resetting, nil, again, "no connection"},
		"nothing newer than TLS 1.1": {old.URL, nil, again, "no connection"},
		"nobody knows the authority": {current.URL, nil, never, untrusted},
		"the name does not match":    {"https://canary.invalid", trusting, never, untrusted},
		"the certificate is expired": {"https://example.com", expired, never, untrusted},
		"plain http on the port": {
			"https" + plain.URL[4:], nil, never, "the server does not speak TLS: check the base URL",
		},
	}
	t.Run("all", func(t *testing.T) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				assertUnreached(t, test.url, test.theirs, test.heals, test.detail)
			})
		}
	})
	assert.Zero(t, reached.Load(), "no request reaches a server that is not trusted")
}

func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 407, 502, 503} {
		t.Run(fmt.Sprintf("CONNECT is answered with %d", status), func(t *testing.T) {
			t.Parallel()
			for name, k := range kinds() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					proxy := newServer(t, refusal(status, prose))
					at, err := url.Parse(proxy.URL)
					require.NoError(t, err)
					theirs := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at)}}
					k.call.Timeout = enough

					_, err = newClient(t, "https://canary.example", theirs).Do(t.Context(), k.call)
					e := assertOutcome(t, err, verify.ErrUnavailable)
					assert.Equal(t, tries(k, again), e.Requests)
					assert.Equal(t, e.Requests, proxy.now().requests, "only a CONNECT a try")
					assert.Contains(t, e.Detail, "the proxy refused the connection to the vendor")
				})
			}
		})
	}
}

func TestProxyThatIsNotThere(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(nobody(t))
	require.NoError(t, err)
	theirs := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at)}}
	_, err = newClient(t, "https://canary.example", theirs).Do(t.Context(), kinds()["send"].call)
	e := assertOutcome(t, err, verify.ErrUnavailable)
	assert.Contains(t, e.Detail, "no connection to the proxy")
}
