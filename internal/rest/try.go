package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/go2fa/verify"
)

const (
	maxBody    = 64 << 10
	maxHeader  = 32 << 10
	dialTime   = 3 * time.Second
	idleTime   = 30 * time.Second // less than vendors keep a connection open
	idleConns  = 32
	keepProbes = 30 * time.Second
)

var (
	errNoState  = errors.New("a request that is not ours")
	errTooLarge = errors.New("body over the limit")
	errEncoded  = errors.New("body encoded though identity was asked for")
)

// newTransport makes the transport for applications that bring none. HTTP/1.1
// only: there "headers not written" proves that nothing left.
func newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	d := &dialer{net.Dialer{Timeout: dialTime, KeepAlive: keepProbes}}
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            d.dial,
		TLSHandshakeTimeout:    dialTime,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
		Protocols:              &protocols,
	}
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return d.dialTLS(ctx, network, addr, t.TLSClientConfig)
	}
	return t
}

// A transport makes one try complete in itself: it signs, sets the deadline,
// watches what was written and reads the whole answer. It has no
// CloseIdleConnections on purpose: go-retryablehttp calls that after every
// failure, and the pool may be shared with other vendors.
type transport struct {
	client *Client
	base   http.RoundTripper
}

// RoundTrip leaves what the try came to in the call's state. It always answers
// with an empty response, so that net/http has no redirect to follow, and no
// error to wrap with the URL.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	s, ok := stateOf(req.Context())
	if !ok {
		return nil, errNoState
	}
	ctx, cancel := context.WithDeadline(req.Context(), s.begin())
	defer cancel()
	try := req.WithContext(ctx)
	s.dress(try)
	s.last = s.try(t, try)
	s.answer = http.Response{Body: http.NoBody, Request: req}
	return &s.answer, nil
}

func (s *callState) try(t *transport, req *http.Request) result {
	if t.client.sign != nil {
		if err := t.client.sign(req); err != nil {
			return result{kind: verify.ErrUnavailable, detail: "the request could not be signed"}
		}
	}
	if err := req.Context().Err(); err != nil {
		return s.failed(req, err, true) // a transport that is not even asked fires no hook
	}

	resp, err := t.base.RoundTrip(req) //nolint:bodyclose // readBody closes it
	if s.conn != nil {
		defer s.conn.release(s.busy)
	}
	switch {
	case err != nil:
		return s.failed(req, err, s.notWritten())
	case resp == nil:
		return result{}
	case resp.Body == nil: // net/http forgives a test double that too
		resp.Body = http.NoBody
	}
	return s.answered(req, resp)
}

// dress gives the try a header and a body of its own. A GET carries an empty
// body that cannot be rewound, and so is never replayed by net/http on a stale
// connection: a vendor's GET may send a message or spend a code. The same holds
// for every request without a body on a transport that may speak HTTP/2.
func (s *callState) dress(try *http.Request) {
	try.Header = make(http.Header, len(s.client.header)+1)
	maps.Copy(try.Header, s.client.header)
	if s.token != "" {
		try.Header["Authorization"] = []string{s.token}
	}
	if s.body != nil {
		try.Header["Content-Type"] = s.kind
		s.setBody(try)
		return
	}
	s.sending = nil
	if s.client.own == nil || try.Method == http.MethodGet {
		try.Body = emptyBody{s}
	}
}

// An emptyBody cannot be rewound, and notes that it was read.
type emptyBody struct{ s *callState }

func (b emptyBody) Read([]byte) (int, error) {
	b.s.touched.Store(true)
	return 0, io.EOF
}

func (emptyBody) Close() error { return nil }

var (
	formType = []string{"application/x-www-form-urlencoded"}
	jsonType = []string{"application/json"}
)

// setBody uses readers that net/http knows: it sends a body of any other kind
// in a second packet. Only on our own transport the body can be rewound, which
// net/http does there where it wrote nothing. On another one HTTP/2 may be
// spoken, and net/http sends a request again whose stream was reset, though the
// vendor may have read it.
func (s *callState) setBody(try *http.Request) {
	body := s.body
	s.sending = bytes.NewReader(body)
	try.ContentLength = int64(len(body))
	try.Body = io.NopCloser(s.sending)
	if s.client.own != nil && !isKeyed(try.Header) {
		try.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
}

// isKeyed knows headers by which net/http believes that a POST may be repeated.
func isKeyed(h http.Header) bool {
	return h["Idempotency-Key"] != nil || h["X-Idempotency-Key"] != nil
}

// failed judges a try without a usable answer.
func (s *callState) failed(try *http.Request, err error, notWritten bool) result {
	late := try.Context().Err() != nil
	switch ended := s.Err(); {
	case ended != nil && notWritten:
		return canceled(verify.ErrUnavailable, ended)
	case ended != nil:
		return canceled(verify.ErrOutcomeUnknown, ended)
	case notWritten:
		return s.client.unreached(try, err, late)
	}
	r := lost(err, late)
	r.again = r.again && s.repeatable
	return r
}

// answered judges a try whose answer has begun to arrive.
func (s *callState) answered(try *http.Request, resp *http.Response) result {
	ctx := try.Context()
	body, err := readBody(resp)
	r := result{}
	switch {
	case resp.StatusCode/100 != 2 && err != nil:
		r = s.judge(resp, nil) // half an error body decides nothing
		r.cause = ctx.Err()
	case resp.StatusCode/100 != 2:
		r = s.judge(resp, body)
	case err != nil:
		r = s.failed(try, err, false)
		r.again = r.again && ctx.Err() == nil // a body that drips would drip again
	default:
		r.body = body
	}
	r.status, r.requestID = resp.StatusCode, cleanID(resp.Header.Get(s.client.requestID))
	return r
}

// readBody reads a whole body of at most maxBody bytes.
func readBody(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	switch enc := resp.Header.Get("Content-Encoding"); {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		return nil, nil // a bare connection, whose reads no deadline ends
	case enc != "" && enc != "identity":
		return nil, errEncoded
	case resp.ContentLength > maxBody:
		return nil, errTooLarge
	case resp.ContentLength > 0:
		body := make([]byte, resp.ContentLength)
		_, err := io.ReadFull(resp.Body, body) // net/http ends it there
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}
