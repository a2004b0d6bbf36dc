package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
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
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTime, KeepAlive: keepProbes}).DialContext,
		TLSHandshakeTimeout:    dialTime,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
		Protocols:              &protocols,
	}
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
	ctx := req.Context()
	if t.client.sign != nil {
		if err := t.client.sign(req); err != nil {
			return result{kind: verify.ErrUnavailable, detail: "the request could not be signed"}
		}
	}
	if err := ctx.Err(); err != nil {
		return s.failed(ctx, err, true) // a transport that is not even asked fires no hook
	}

	resp, err := t.base.RoundTrip(req) //nolint:bodyclose // readBody closes it
	switch {
	case err != nil:
		return s.failed(ctx, err, s.notWritten())
	case resp == nil:
		return result{}
	case resp.Body == nil: // net/http forgives a test double that too
		resp.Body = http.NoBody
	}
	return s.answered(ctx, resp)
}

// dress gives the try a header and a body of its own. A GET carries an empty
// body that cannot be rewound, and so is never replayed by net/http on a stale
// connection: a vendor's GET may send a message or spend a code.
func (s *callState) dress(try *http.Request) {
	try.Header = make(http.Header, len(s.client.header)+1)
	maps.Copy(try.Header, s.client.header)
	if s.token != "" {
		try.Header["Authorization"] = []string{s.token}
	}
	switch {
	case s.body != nil:
		try.Header["Content-Type"] = s.kind
		setBody(try, s.body)
	case try.Method == http.MethodGet:
		try.Body = io.NopCloser(strings.NewReader(""))
	}
}

var (
	formType = []string{"application/x-www-form-urlencoded"}
	jsonType = []string{"application/json"}
)

// setBody uses readers that net/http knows: it sends a body of any other kind
// in a second packet.
func setBody(try *http.Request, body []byte) {
	try.ContentLength = int64(len(body))
	try.Body = io.NopCloser(bytes.NewReader(body))
	try.GetBody = func() (io.ReadCloser, error) { // for net/http, where it wrote nothing
		return io.NopCloser(bytes.NewReader(body)), nil
	}
}

// failed judges a try without a usable answer.
func (s *callState) failed(ctx context.Context, err error, notWritten bool) result {
	late := ctx.Err() != nil
	switch ended := s.Err(); {
	case ended != nil && notWritten:
		return canceled(verify.ErrUnavailable, ended)
	case ended != nil:
		return canceled(verify.ErrOutcomeUnknown, ended)
	case notWritten:
		return unreached(err, late)
	}
	r := lost(err, late)
	r.again = r.again && s.repeatable
	return r
}

// answered judges a try whose answer has begun to arrive.
func (s *callState) answered(ctx context.Context, resp *http.Response) result {
	body, err := readBody(resp)
	r := result{}
	switch {
	case resp.StatusCode/100 != 2 && err != nil:
		r = s.judge(resp, nil) // half an error body decides nothing
		r.cause = ctx.Err()
	case resp.StatusCode/100 != 2:
		r = s.judge(resp, body)
	case err != nil:
		r = s.failed(ctx, err, false)
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
