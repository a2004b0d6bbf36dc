package driver_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

const (
	flagEndStream  = 1
	flagEndHeaders = 4
	frameData      = 0
	frameGoAway    = 7
	noPriorIndex   = 0x88 // HPACK: ":status: 200" of the static table
)

// h2c are transports of an application that speak HTTP/2 without TLS, bare and
// behind RoundTrippers as telemetry brings them.
func h2c() map[string]http.RoundTripper {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	bare := &http.Transport{Protocols: &protocols}
	return map[string]http.RoundTripper{
		"bare":                bare,
		"behind one":          roundTripper(bare.RoundTrip),
		"behind one, cloning": roundTripper(func(r *http.Request) (*http.Response, error) { return bare.RoundTrip(r.Clone(r.Context())) }),
	}
}

// On HTTP/2 of an application one Send is one POST, whichever code the vendor
// resets the stream with and however far the answer came. net/http would send a
// stream that was reset with PROTOCOL_ERROR up to six times again.
func TestOneSendIsOnePostOnHTTP2(t *testing.T) {
	t.Parallel()
	points := []string{"before the answer", "after the head", "within the body"}
	for which, transport := range h2c() {
		for code := range uint32(14) {
			for _, point := range points {
				t.Run(fmt.Sprintf("%s, reset with %d %s", which, code, point), func(t *testing.T) {
					t.Parallel()
					var posts atomic.Int32
					addr := bareServer(t, func(c net.Conn) { resetStreams(c, code, point, &posts) })
					c := newClient(t, "http://"+addr, &http.Client{Transport: transport})
					for name, k := range kinds() {
						if !k.send {
							continue
						}
						posts.Store(0)
						k.call.Timeout = soon
						_, err := c.Do(t.Context(), k.call)
						e := assertOutcome(t, err, unknown)
						assert.EqualValues(t, 1, posts.Load(), "%s: requests that the vendor read", name)
						assert.Equal(t, 1, e.Requests)
					}
				})
			}
		}
	}
}

// A check that was approved, and whose answer was lost, is never told as denied
// by what a second request comes to.
func TestLostApprovalOnHTTP2IsNoDenial(t *testing.T) {
	t.Parallel()
	for which, transport := range h2c() {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			for code := range uint32(14) {
				var posts atomic.Int32
				addr := bareServer(t, func(c net.Conn) { resetStreams(c, code, "first", &posts) })
				c := newClient(t, "http://"+addr, &http.Client{Transport: transport})
				call := kinds()["check"].call
				call.Timeout = enough
				_, err := c.Do(t.Context(), call)
				e := assertOutcome(t, err, unknown)
				assert.EqualValues(t, e.Requests, posts.Load(), "reset with %d: what the vendor read is what was told", code)
			}
		})
	}
}

// resetStreams reads each request to its end and resets its stream. At the
// point "first" only the first stream is reset, and the others are refused as
// a vendor does that has no such verification any more.
func resetStreams(c net.Conn, code uint32, point string, posts *atomic.Int32) {
	if _, err := io.ReadFull(c, make([]byte, preface)); err != nil {
		return
	}
	write(c, frame(frameSettings, 0, nil))
	head := make([]byte, frameHeader)
	for {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head) >> 8
		if _, err := io.CopyN(io.Discard, c, int64(length)); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(head[5:])
		if (head[3] != frameHeaders && head[3] != frameData) || head[4]&flagEndStream == 0 {
			continue
		}
		n := posts.Add(1)
		if point == "first" && n > 1 {
			body := vendorError("20404")
			write(c, flagged(frameHeaders, flagEndHeaders, stream, []byte{0x8d})) // ":status: 404"
			write(c, flagged(frameData, flagEndStream, stream, []byte(body)))
			continue
		}
		if point == "after the head" || point == "within the body" {
			write(c, flagged(frameHeaders, flagEndHeaders, stream, []byte{noPriorIndex}))
		}
		if point == "within the body" {
			write(c, flagged(frameData, 0, stream, []byte(`{"status": `)))
		}
		write(c, frame(frameReset, stream, binary.BigEndian.AppendUint32(nil, code)))
	}
}

func flagged(kind, flags byte, stream uint32, payload []byte) string {
	raw := []byte(frame(kind, stream, payload))
	raw[4] = flags
	return string(raw)
}

// The same over TLS, where a clone of the default transport negotiates HTTP/2.
func TestOneSendIsOnePostOverTLS(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // an effect either way
		posts.Add(1)
		panic(http.ErrAbortHandler)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	theirs := http.DefaultTransport.(*http.Transport).Clone()
	theirs.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	t.Cleanup(theirs.CloseIdleConnections)
	c := newClient(t, s.URL, &http.Client{Transport: theirs})
	_, err := c.Do(t.Context(), kinds()["send"].call)
	assertOutcome(t, err, unknown)
	assert.EqualValues(t, 1, posts.Load())
}

// A body can be rewound on our own transport alone, and there not if a header
// makes net/http believe that the request may be repeated.
func TestBodiesThatNetHTTPMaySendAgain(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]map[string]string{
		"a transport of the application": nil,
		"with an idempotency key":        {"Idempotency-Key": "k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := driver.New(driver.Config{
				Vendor: "acme", BaseURL: "https://canary.example", Header: header,
				Client: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					assert.Nil(t, r.GetBody)
					assert.NotEqual(t, http.NoBody, r.Body)
					assert.NotNil(t, r.Body, "net/http repeats what has no body")
					return say(200, accepted)(&double{}, r)
				})},
			})
			require.NoError(t, err)
			for _, call := range []driver.Call{kinds()["send"].call, {Op: "send", Route: "/"}, {Op: "send", Method: "DELETE", Route: "/"}} {
				_, err = c.Do(t.Context(), call)
				require.NoError(t, err)
			}
		})
	}
}

// A RoundTripper may have two roads, the first without a trace. That the second
// one has no connection proves nothing of the first.
func TestRoundTripperWithTwoRoads(t *testing.T) {
	t.Parallel()
	closed := nobody(t)
	second := &http.Transport{Proxy: nil}
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var posts atomic.Int32
			c := newClient(t, closed, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				_, _ = io.Copy(io.Discard, r.Body) // the first road has delivered it
				posts.Add(1)
				return second.RoundTrip(r)
			})})
			_, err := c.Do(t.Context(), k.call)
			e := assertOutcome(t, err, unknown)
			assert.EqualValues(t, e.Requests, posts.Load())
			if k.send {
				assert.Equal(t, 1, e.Requests, "a send is never repeated")
			}
		})
	}
}

// Behind a RoundTripper that has one road only, no connection is still proof.
func TestRoundTripperWithOneRoad(t *testing.T) {
	t.Parallel()
	closed := nobody(t)
	base := &http.Transport{}
	t.Run("all", func(t *testing.T) {
		assertUnreached(t, closed, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return base.RoundTrip(r.Clone(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{})))
		})}, again, "no connection")
	})
}

// On a stale connection of an application's HTTP/1.1 the outcome may be unknown,
// but there is never a second POST.
func TestStaleConnectionOfTheApplication(t *testing.T) {
	t.Parallel()
	for range 20 {
		s := newServer(t, answer(200, accepted))
		theirs := &http.Client{Transport: &http.Transport{}}
		c := newClient(t, s.URL, theirs)
		_, err := c.Do(t.Context(), kinds()["send"].call)
		require.NoError(t, err)
		s.restart(answer(200, accepted))
		for _, open := range s.opened() {
			_ = open.Close()
		}
		if _, err = c.Do(t.Context(), kinds()["send"].call); err != nil {
			assertOutcome(t, err, unknown)
		}
		assert.LessOrEqual(t, s.now().requests, 1)
		theirs.CloseIdleConnections()
	}
}

// A client that New did not make refuses its calls, and closes.
func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c *driver.Client
	require.NoError(t, c.Close())
	_, err := c.Do(context.Background(), driver.Call{Op: "probe"})
	require.ErrorContains(t, err, "the client was not made by New")
}
