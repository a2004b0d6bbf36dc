package driver_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

// Three tries of a send and two of a check for what may heal, one for what does
// not.
const (
	again = true
	never = false
)

// assertUnreached asks in every way and asserts that nothing was done.
func assertUnreached(t *testing.T, url string, theirs *http.Client, heals bool, detail string) {
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k.call.Timeout = enough
			_, err := newClient(t, url, theirs).Do(t.Context(), k.call)
			e := assertOutcome(t, err, verify.ErrUnavailable)
			assert.Equal(t, detail, e.Detail)
			assert.Zero(t, e.HTTPStatus)
			assert.Equal(t, tries(k, heals), e.Requests)
		})
	}
}

func tries(k kind, heals bool) int {
	switch {
	case !heals:
		return 1
	case k.send:
		return 3
	}
	return 2
}

type dial func(ctx context.Context, network, addr string) (net.Conn, error)

// dialing is an application's client that reaches what d reaches.
func dialing(d dial) *http.Client { return &http.Client{Transport: &http.Transport{DialContext: d}} }

// No such host, and no connection.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		heals  bool
		detail string
	}{
		"no such host": {
			&net.DNSError{Err: "no such host", Name: "canary.example", IsNotFound: true}, never,
			"the vendor's host name does not exist: check the base URL and DNS",
		},
		"DNS fails for now": {
			&net.DNSError{Err: "server misbehaving", Name: "canary.example", IsTemporary: true}, again,
			"the vendor's host name could not be looked up",
		},
		"DNS takes too long": {
			&net.DNSError{Err: "i/o timeout", Name: "canary.example", IsTimeout: true}, again,
			"the vendor's host name could not be looked up",
		},
		"refused":     {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, again, "no connection"},
		"unreachable": {&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, again, "no connection"},
		"timed out":   {&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, again, "no connection"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs := dialing(func(context.Context, string, string) (net.Conn, error) { return nil, test.err })
			assertUnreached(t, "https://canary.example", theirs, test.heals, test.detail)
		})
	}
	t.Run("refused by a closed port", func(t *testing.T) {
		t.Parallel()
		assertUnreached(t, nobody(t), nil, again, "no connection")
	})
}

func TestBlackHole(t *testing.T) {
	t.Parallel()
	hole := dialing(forever(t.Context()))
	silent := bareServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for name, k := range kinds() {
		k.call.Timeout = soon
		for what, do := range map[string]func(*testing.T) error{
			"packets vanish": func(t *testing.T) error {
				_, err := newClient(t, "https://canary.example", hole).Do(t.Context(), k.call)
				return err
			},
			"nobody shakes hands": func(t *testing.T) error {
				_, err := newClient(t, "https://"+silent, nil).Do(t.Context(), k.call)
				return err
			},
		} {
			t.Run(what+", "+name, func(t *testing.T) {
				t.Parallel()
				timely(t, soon, func() {
					err := do(t)
					e := assertOutcome(t, err, verify.ErrUnavailable)
					assert.Equal(t, "no connection in time", e.Detail)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, 1, e.Requests)
				})
			})
		}
	}
}

// forever is a dial that takes as long as the test: net/http does not stop one
// when the call ends.
func forever(test context.Context) dial {
	return func(context.Context, string, string) (net.Conn, error) {
		<-test.Done()
		return nil, test.Err()
	}
}

// A transport that does not trace proves nothing, least of all that no request
// left.
func TestSilentTransport(t *testing.T) {
	t.Parallel()
	for name, k := range kinds() {
		t.Run("no hook and an error, "+name, func(t *testing.T) {
			effects := 0
			theirs := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				effects++
				return nil, errors.Join(io.ErrUnexpectedEOF, &net.DNSError{IsNotFound: true})
			})}
			_, err := newClient(t, "https://canary.example", theirs).Do(t.Context(), k.call)
			e := assertOutcome(t, err, unknown)
			assert.Equal(t, effects, e.Requests)
			if k.send {
				assert.Equal(t, 1, effects)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
