package driver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A stillborn connection fails before a byte is written.
type stillborn struct{ net.Conn }

func (stillborn) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// It takes headers that do not fit in the buffer of net/http: of small ones it tells
// that they were written before they are.
func TestHeaderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dials := 0
	dial := func(context.Context, string, string) (net.Conn, error) {
		dials++
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _ = theirs.Close() })
		return stillborn{ours}, nil
	}
	tests := map[string]struct {
		theirs     *http.Client
		repeatable bool
		tries      int
		want       verify.Outcome
	}{
		"our transport, a send":      {nil, false, 3, verify.ErrUnavailable},
		"our transport, a check":     {nil, true, 2, verify.ErrUnavailable},
		"the application's, a send":  {&http.Client{Transport: &http.Transport{DialContext: dial}}, false, 1, verify.ErrOutcomeUnknown},
		"the application's, a check": {&http.Client{Transport: &http.Transport{DialContext: dial}}, true, 2, verify.ErrOutcomeUnknown},
	}
	for name, test := range tests {
		t.Run("a connection and no header, "+name, func(t *testing.T) {
			c, err := New(Config{
				Vendor: "acme", BaseURL: "http://localhost", Client: test.theirs,
				Header: map[string]string{"Authorization": strings.Repeat("x", 16<<10)},
			})
			require.NoError(t, err)
			if c.own != nil {
				c.own.DialContext = dial
			}
			dials = 0
			_, err = c.Do(t.Context(), Call{Op: "send", Route: "/", Repeatable: test.repeatable})
			assert.ErrorIs(t, err, test.want)
			assert.Equal(t, test.tries, dials)
		})
	}
}

// What our own transport promises and no reply can show.
func TestOwnTransport(t *testing.T) {
	t.Parallel()
	c, err := New(Config{BaseURL: "https://api.example"})
	require.NoError(t, err)
	own := c.own
	require.NotNil(t, own)
	assert.True(t, own.Protocols.HTTP1())
	assert.False(t, own.Protocols.HTTP2(), "only in HTTP/1.1 a hook proves that nothing left")
	assert.False(t, own.Protocols.UnencryptedHTTP2())
	assert.True(t, own.DisableCompression)
	assert.EqualValues(t, 32<<10, own.MaxResponseHeaderBytes)
	assert.LessOrEqual(t, own.TLSHandshakeTimeout, dialTime)
	assert.Positive(t, own.TLSHandshakeTimeout, "a black hole must leave time for another vendor")
	assert.Positive(t, own.IdleConnTimeout)
	assert.LessOrEqual(t, own.IdleConnTimeout, idleTime)
	assert.NotNil(t, own.Proxy, "as the environment says")
	assert.False(t, own.DisableKeepAlives, "a handshake is the dearest part of a call")
	if own.TLSClientConfig != nil {
		assert.False(t, own.TLSClientConfig.InsecureSkipVerify)
		assert.GreaterOrEqual(t, own.TLSClientConfig.MinVersion, uint16(tls.VersionTLS12))
	}

	_, hasClose := any(&transport{}).(interface{ CloseIdleConnections() })
	assert.False(t, hasClose, "go-retryablehttp would call it after every failure")
	assert.Nil(t, c.http.Logger, "it would log whole URLs")
}

// What is not ours to send is not sent.
func TestForeignRequest(t *testing.T) {
	t.Parallel()
	c, err := New(Config{BaseURL: "http://localhost", Client: &http.Client{Transport: panicking{}}})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
	require.NoError(t, err)
	_, err = c.http.HTTPClient.Transport.RoundTrip(r)
	require.ErrorIs(t, err, errNoState)

	again, err := checkRetry(t.Context(), nil, io.EOF)
	require.NoError(t, err)
	assert.False(t, again)
	assert.Zero(t, backoff(1, 1, 1, &http.Response{Request: r}))
	require.ErrorIs(t, c.http.HTTPClient.CheckRedirect(nil, nil), http.ErrUseLastResponse)
}

type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("asked") }
