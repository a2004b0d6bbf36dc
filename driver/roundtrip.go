package driver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
)

const (
	maxBody    = 64 << 10
	maxHeader  = 32 << 10
	dialTime   = 3 * time.Second
	idleConns  = 32
	keepProbes = 30 * time.Second

	// idleTime is less than the shortest time after which a load balancer is
	// documented to end a connection: 60 s, AWS's Application and Classic Load
	// Balancers by default. Others keep one longer: Azure 4 min, AWS's Network Load
	// Balancer 350 s, Cloudflare 400 s, Google 600 s.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
	idleTime = 55 * time.Second

	sessions = 8 // of TLS: a client has one host, and seldom a second
)

var (
	errNoState  = errors.New("a request that is not ours")
	errTooLarge = errors.New("body over the limit")
	errEncoded  = errors.New("body encoded though identity was asked for")
)

// newTransport makes the transport for applications that bring none. HTTP/1.1
// only: there "headers not written" proves that nothing left.
func newTransport(d *dialer) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	d.Timeout, d.KeepAlive = dialTime, keepProbes
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            d.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(sessions)},
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

// A transport makes each request complete in itself: it signs, sets the deadline,
// watches what was written and reads the whole answer. It has no
// CloseIdleConnections on purpose: go-retryablehttp calls that after every
// failure, and the pool may be shared with other vendors.
type transport struct {
	client *Client
	base   http.RoundTripper
}

// RoundTrip leaves the result in the call's state. It always answers with an
// empty response, so that net/http has no redirect to follow and no error to wrap
// with the URL.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	s, ok := stateOf(req.Context())
	if !ok {
		return nil, errNoState
	}
	r := req // go-retryablehttp copies it for the next one
	deadline := s.begin()
	if s.requests > 1 && callctx.Replaced(req.Context()) {
		s.requests--
		s.last = result{outcome: verify.ErrUnauthorized, detail: "the credentials were replaced while the call was under way"}
		s.answer = http.Response{Body: http.NoBody, Request: req}
		return &s.answer, nil
	}
	if s.repeatable {
		ctx, cancel := context.WithDeadline(req.Context(), deadline)
		defer cancel()
		r = req.WithContext(ctx)
	}
	if s.fresh != nil {
		s.body = s.fresh()
	}
	s.prepare(r)
	s.last = s.roundTrip(t, r)
	s.answer = http.Response{Body: http.NoBody, Request: req}
	return &s.answer, nil
}

func (s *callState) roundTrip(t *transport, req *http.Request) result {
	if t.client.sign != nil {
		if err := t.client.sign(req, s.body); err != nil {
			return s.unsigned(req, err)
		}
		if !areHeaderValues(req.Header) { // net/http refuses it, and nobody could tell whether before or after it left
			return result{outcome: verify.ErrUnauthorized, detail: "the signature holds a control character: has a credential a line break?"}
		}
	}
	s.setOnce(req) // after it was signed, since a key may come with the signature
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

// unsigned classifies a request that was not sent, since it has no signature.
func (s *callState) unsigned(req *http.Request, err error) result {
	if ended := s.Err(); ended != nil {
		return canceled(verify.ErrUnavailable, ended)
	}
	var r refusal
	switch {
	case errors.As(err, &r):
		return result{outcome: r.outcome, detail: r.detail}
	case req.Context().Err() != nil:
		return result{outcome: verify.ErrUnavailable, detail: "no signature in time", cause: context.DeadlineExceeded}
	}
	return result{outcome: verify.ErrUnavailable, detail: "the request could not be signed"}
}

// prepare gives the request a header and a body of its own; on our own transport,
// which does not write to it, many share a header. A GET carries an
// empty body that cannot be rewound, so that net/http never replays it on a stale
// connection: a vendor's GET may send a message or spend a code. The same holds
// for every request without a body on a transport that may speak HTTP/2.
func (s *callState) prepare(r *http.Request) {
	if c := s.client; c.own != nil && c.sign == nil && s.token == "" && len(s.header) == 0 && s.body != nil {
		r.Header = c.form
		if s.mediaType[0] == jsonType[0] {
			r.Header = c.json
		}
		s.setBody(r)
		return
	}
	r.Header = make(http.Header, len(s.client.header)+1+len(s.header))
	maps.Copy(r.Header, s.client.header)
	if s.token != "" {
		r.Header["Authorization"] = []string{s.token}
	}
	for key, value := range s.header {
		r.Header[http.CanonicalHeaderKey(key)] = []string{value}
	}
	if s.body != nil {
		r.Header["Content-Type"] = s.mediaType
		s.setBody(r)
		return
	}
	s.sending = nil
	if s.client.own == nil || r.Method == http.MethodGet {
		r.Body = emptyBody{s}
	}
}

// setOnce has net/http send once what it would repeat because of its headers.
func (s *callState) setOnce(r *http.Request) {
	if !isKeyed(r.Header) {
		return
	}
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = emptyBody{s}
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
func (s *callState) setBody(r *http.Request) {
	body := s.body
	s.sending = &s.reader
	if s.requests > 1 { // the one before may still be read from
		s.sending = new(bytes.Reader)
	}
	s.sending.Reset(body)
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(s.sending)
	if s.client.own != nil {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
}

// isKeyed knows headers by which net/http believes that a POST may be repeated.
func isKeyed(h http.Header) bool {
	return h["Idempotency-Key"] != nil || h["X-Idempotency-Key"] != nil
}

// failed classifies a request without a usable answer.
func (s *callState) failed(req *http.Request, err error, notWritten bool) result {
	late := req.Context().Err() != nil
	switch ended := s.Err(); {
	case ended != nil && notWritten:
		return canceled(verify.ErrUnavailable, ended)
	case ended != nil:
		return canceled(verify.ErrOutcomeUnknown, ended)
	case notWritten:
		return s.client.classifyUnreached(req, err, late)
	}
	r := classifyLost(err, late)
	r.retryable = r.retryable && s.repeatable
	return r
}

// answered classifies a request whose answer has begun to arrive.
func (s *callState) answered(req *http.Request, resp *http.Response) result {
	ctx := req.Context()
	body, err := readBody(resp)
	r := result{}
	switch {
	case resp.StatusCode/100 != 2 && err != nil:
		r = s.classifyStatus(resp, nil) // half an error body decides nothing
		r.cause = ctx.Err()
	case resp.StatusCode/100 != 2:
		r = s.classifyStatus(resp, body)
	case err != nil:
		r = s.failed(req, err, false)
		r.retryable = r.retryable && ctx.Err() == nil // a body that drips would drip again
	default:
		r.body, r.retryAfter = body, retryAfter(resp.Header, time.Now())
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
