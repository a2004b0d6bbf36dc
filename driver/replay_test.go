package driver_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Left to itself net/http sends a GET again when a connection from before dies
// after the request. This is the proof that the tests below can fail.
func TestNetHTTPReplays(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]step{"a reset": reset(""), "a close": broken("")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answer(200, accepted))
			theirs := &http.Client{Transport: &http.Transport{}}
			t.Cleanup(theirs.CloseIdleConnections)
			get := func() {
				resp, err := theirs.Get(s.URL)
				require.NoError(t, err)
				_, _ = io.Copy(io.Discard, resp.Body) // or the connection is not used again
				require.NoError(t, resp.Body.Close())
			}
			keepsConnection(t, func() bool {
				s.restart(answer(200, accepted))
				get()
				s.restart(end, answer(200, accepted))
				resp, err := theirs.Get(s.URL)
				if err != nil { // not on a connection from before
					return false
				}
				require.NoError(t, resp.Body.Close())
				assert.Equal(t, 2, s.now().effects)
				return s.now().reused
			})
		})
	}
}

// On any transport of net/http a send that was read is one request, however the
// connection ends: a lost answer.
func TestNetHTTPNeverReplaysASend(t *testing.T) {
	t.Parallel()
	transports := map[string]func() http.RoundTripper{
		"our transport":     func() http.RoundTripper { return nil },
		"the default":       func() http.RoundTripper { return http.DefaultTransport.(*http.Transport).Clone() },
		"a plain transport": func() http.RoundTripper { return &http.Transport{} },
		"one that wraps": func() http.RoundTripper {
			base := &http.Transport{}
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				return base.RoundTrip(r.Clone(r.Context()))
			})
		},
	}
	for which, transport := range transports {
		for how, end := range map[string]step{"a reset": reset(""), "a close": broken(""), "half an answer": broken("HTT")} {
			for name, k := range kinds() {
				if !k.send {
					continue
				}
				t.Run(which+", "+how+", "+name, func(t *testing.T) {
					t.Parallel()
					keepsConnection(t, func() bool {
						s := newServer(t, answer(200, accepted))
						c := newClient(t, s.URL, &http.Client{Transport: transport()})
						_, err := c.Do(t.Context(), k.call)
						require.NoError(t, err)

						s.restart(end, answer(200, accepted))
						_, err = c.Do(t.Context(), k.call)
						assertOutcome(t, err, unknown)
						saw := s.now()
						assert.Equal(t, 1, saw.requests)
						return saw.reused
					})
				})
			}
		}
	}
}

// What goes out: nothing that makes net/http or a vendor repeat it, no body
// behind a GET, and all in one piece.
func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answer(200, accepted))
			var pieces []string
			theirs := dialing(func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, addr)
				return recorder{c, &pieces}, err
			})
			t.Cleanup(theirs.CloseIdleConnections)
			_, err := newClient(t, s.URL, theirs).Do(t.Context(), k.call)
			require.NoError(t, err)

			require.Len(t, pieces, 1, "one packet")
			head, body, _ := strings.Cut(pieces[0], "\r\n\r\n")
			assert.NotContains(t, head, "Idempotency")
			assert.NotContains(t, head, "Cookie")
			assert.NotContains(t, head, "Transfer-Encoding")
			assert.NotContains(t, head, "gzip")
			assert.Contains(t, head, "Accept-Encoding: identity\r\n")
			assert.Contains(t, head, "Authorization: "+token)
			assert.NotContains(t, head, credential, "the call's own token stands alone")
			assert.Equal(t, string(k.call.Form), body)
			if k.call.Method == http.MethodGet {
				assert.NotContains(t, head, "Content-")
				return
			}
			assert.Contains(t, head, "Content-Type: application/x-www-form-urlencoded")
		})
	}
}

// A recorder keeps what is written to a connection.
type recorder struct {
	net.Conn
	pieces *[]string
}

func (r recorder) Write(b []byte) (int, error) {
	*r.pieces = append(*r.pieces, string(b))
	return r.Conn.Write(b)
}
