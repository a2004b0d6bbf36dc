package stress

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/ports"
)

// outerRows are those in which no request is answered, or none is even made.
func outerRows() []row {
	return []row{
		{"malformed argument", malformed},
		{"limit of ours", ourLimit},
		{"open breaker", openBreaker},
		{"ended context", func(cell) []play {
			ended := func(r *run) { r.cancel() }
			return []play{{before: ended, anyhow: true, want: want{verify.ErrUnavailable, 0}}}
		}},
		{"no such host", func(c cell) []play { return c.through(want{verify.ErrUnavailable, 1}, noHost) }},
		{"no connection", func(c cell) []play {
			w := want{verify.ErrUnavailable, c.most()}
			return append(c.through(w, closedPort), c.through(w, unreachable)...)
		}},
		{"failed handshake", func(c cell) []play {
			return c.through(want{verify.ErrUnavailable, c.most()}, brokenHandshake)
		}},
		{"untrusted", func(c cell) []play {
			return append(c.through(want{verify.ErrUnavailable, 1}, stranger), c.through(want{verify.ErrUnavailable, 1}, plainPort)...)
		}},
		{"refusing proxy", func(c cell) []play {
			return c.through(want{verify.ErrUnavailable, c.most()}, refusingProxy)
		}},
		{"headers not written", func(c cell) []play {
			return c.through(c.by(want{unknown, 1}, c.asked(unknown)), stillborn) // no proof on a transport that is not ours
		}},
		{"broken body", func(c cell) []play {
			return c.through(c.by(want{unknown, 1}, c.asked(unknown)), brokenBody)
		}},
		{"canceled after the write", func(cell) []play {
			return []play{{before: cancelOnArrival, want: want{unknown, 1}}}
		}},
		{"refused stream", func(c cell) []play {
			plays := c.through(want{unknown, -1}, refusedStreams)
			plays[0].late = true
			return plays
		}},
		{"idle store", func(c cell) []play { return c.stored(true, unknown) }},
		{"lost store answer", func(c cell) []play { return c.stored(false, "") }},
	}
}

// through has the call made by a client that reaches the vendor another way. Where a
// vendor is asked before each send, that question is what is lost: nothing was sent.
func (c cell) through(w want, way func(*run) (string, *http.Client)) []play {
	if c.op == "send" && c.asks != "" && !c.oauth2 && w.kind == unknown {
		w.kind = verify.ErrUnavailable
	}
	return []play{{before: func(r *run) {
		base, client := way(r)
		k := r.kind
		k = k.withToken() // else the request for a token is lost instead
		r.verifier, _ = k.must(r.t, base, client, r.store)
		r.elsewhere = true
	}, want: w}}
}

// malformed arguments make no request.
func malformed(c cell) []play {
	refuse := func(kind verify.Outcome, change func(*run)) play {
		return play{before: change, anyhow: true, want: want{kind, 0}}
	}
	to := func(to string) play {
		return refuse(verify.ErrInvalidRecipient, func(r *run) { r.to = to })
	}
	plays := []play{to("5005550006"), to("+1500555000６"), to("+15005550006;ext=1"), to("../sms")}
	if c.op == "send" {
		return append(plays, refuse(verify.ErrUnsupported, func(r *run) { r.options = append(r.options, verify.WithScope("a b")) }))
	}
	for _, code := range []string{"", "../sms", "12345６", "123456\n", "-12345", "12345678901"} {
		plays = append(plays, refuse(verify.ErrMismatch, func(r *run) { r.code = code }))
	}
	return plays
}

func noHost(*run) (string, *http.Client) {
	return "https://canary.example", dialing(func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "canary.example", IsNotFound: true}
	})
}

func unreachable(*run) (string, *http.Client) {
	return "https://canary.example", dialing(func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	})
}

func closedPort(r *run) (string, *http.Client) {
	return "http://" + ports.Closed(r.t), nil
}

func brokenHandshake(r *run) (string, *http.Client) {
	return "https://" + bare(r, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }), nil
}

// stranger has a certificate that nobody vouches for.
func stranger(r *run) (string, *http.Client) {
	s := httptest.NewUnstartedServer(r.wire.vendor)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of each handshake
	s.StartTLS()
	r.t.Cleanup(s.Close)
	return s.URL, nil
}

func plainPort(r *run) (string, *http.Client) {
	s := httptest.NewServer(r.wire.vendor)
	r.t.Cleanup(s.Close)
	return "https" + s.URL[4:], nil
}

func refusingProxy(r *run) (string, *http.Client) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	r.t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	require.NoError(r.t, err)
	return "https://canary.example", &http.Client{Transport: idle(r, &http.Transport{Proxy: http.ProxyURL(at)})}
}

// A mute connection takes nothing.
type mute struct{ net.Conn }

// Write implements net.Conn.
func (mute) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func stillborn(r *run) (string, *http.Client) {
	return "http://vendor", dialing(func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		r.t.Cleanup(func() { _ = theirs.Close() })
		return mute{ours}, nil
	})
}

// brokenBody loses the connection when the header is out and the body is not.
func brokenBody(*run) (string, *http.Client) {
	return "http://vendor", &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		connect(r)
		write(r)
		return nil, errors.New("write: broken pipe")
	})}
}

// transport is a RoundTripper as a function.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func dialing(dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

func idle(r *run, t *http.Transport) *http.Transport {
	r.t.Cleanup(t.CloseIdleConnections)
	return t
}

// cancelOnArrival ends the context once the vendor has the request.
func cancelOnArrival(r *run) {
	r.script = []step{after(func(x *recording) {
		r.cancel()
		hang("")(x)
	})}
}
