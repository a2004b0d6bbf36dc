package driver

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An idle connection is kept as long as every documented load balancer keeps it,
// less a margin: a Send once a minute or more often needs no new one.
func TestIdleConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const shortest = 60 * time.Second // AWS's Application Load Balancer
	kept := newTransport(new(dialer)).IdleConnTimeout
	assert.Less(t, kept, shortest)
	assert.GreaterOrEqual(t, kept, shortest-5*time.Second)
	assert.Equal(t, idleTime, kept, "the wall clock ends it at the same time")
}

// A new connection to a server that is known resumes its TLS session: with TLS 1.2
// that is one round trip fewer.
func TestSessionsAreResumed(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var resumed []bool
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				resumed = append(resumed, r.TLS.DidResume)
				w.WriteHeader(http.StatusCreated)
			}))
			s.TLS = &tls.Config{MaxVersion: version}
			s.StartTLS()
			t.Cleanup(s.Close)
			c := clientOf(t, s)
			for range 2 {
				_, err := c.Do(t.Context(), Call{Op: "send", Route: "/", JSON: []byte("{}")})
				require.NoError(t, err)
				require.NoError(t, c.Close())
			}
			assert.Equal(t, []bool{false, true}, resumed)
		})
	}
}

// clientOf trusts the server's certificate, and leaves all else as it is.
func clientOf(t *testing.T, s *httptest.Server) *Client {
	t.Helper()
	c, err := New(Config{Vendor: "acme", BaseURL: s.URL})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	if cert := s.Certificate(); cert != nil {
		roots := x509.NewCertPool()
		roots.AddCert(cert)
		c.own.TLSClientConfig.RootCAs = roots
	}
	return c
}
