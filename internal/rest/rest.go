// Package rest is the one road to vendors. It alone knows go-retryablehttp, and
// keeps what every vendor promises: a side effect happens at most once, every
// wait and every read is bounded, and nothing secret reaches an error.
//
// A vendor makes one [Client] with [New] and calls [Client.Do]:
//
//	reply, err := c.rest.Do(ctx, rest.Call{
//		Op:    "send",
//		Route: "/v2/Services/{service}/Verifications",
//		Args:  []string{service},
//		Form:  form,
//	})
//
// A nil error means a complete answer of class 2xx, whose body the vendor still
// has to read with [Scan]. Any other end is a [verify.Error].
//
// # What is repeated
//
// A request that surely was not written, one that was throttled, and one that
// the vendor declares unprocessed is repeated twice at most. One that may have
// been processed is repeated once, and only if the call is Repeatable. All
// repeats of a client share one budget: a tenth of its calls and twenty more.
package rest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/go2fa/verify"
	"github.com/hashicorp/go-retryablehttp"
)

// A Config describes one vendor's API.
type Config struct {
	Vendor    string                                           // names errors
	BaseURL   string                                           // https, or http to a loopback or dotless host
	Client    *http.Client                                     // the application's; nil: one of our own
	Header    map[string]string                                // sent with each request, credentials too
	Sign      func(*http.Request) error                        // optional; called for each try
	RequestID string                                           // the answer's header that holds the vendor's reference
	Refused   func(op string, status int, body []byte) Refusal // reads the vendor's own error body
}

// A Refusal is what a vendor makes of an answer that is not of class 2xx. The
// zero Refusal says that the body is not the vendor's: a proxy's, perhaps.
// ErrUnavailable promises that the vendor did not process the request.
type Refusal struct {
	Kind       verify.Outcome
	Code       string        // the vendor's own number
	Detail     string        // in our own words
	RetryAfter time.Duration // where the answer's header says nothing
}

// A Call is one request to make.
type Call struct {
	Op         string        // names errors: "send"
	Method     string        // "POST" or "GET"; defaults to POST
	Route      string        // each {name} stands for one of Args
	Args       []string      // ids of [A-Za-z0-9_-]+, or recipients
	Query      Form          // appended to the URL
	Form       Form          // the body of a POST ...
	JSON       []byte        // ... or this
	Token      string        // the Authorization of this call alone
	Repeatable bool          // the vendor may safely receive it twice
	Timeout    time.Duration // for all tries; defaults to 15 s, and to 10 s if Repeatable
}

// A Reply is a complete answer of class 2xx.
type Reply struct {
	Status    int
	Body      []byte
	RequestID string
	Requests  int
	Repeated  bool // an earlier try of this call may have been processed
}

// A Client makes calls to one vendor. It is safe for concurrent use.
type Client struct {
	vendor    string
	base      *url.URL
	header    http.Header
	sign      func(*http.Request) error
	requestID string
	refused   func(op string, status int, body []byte) Refusal
	http      retryablehttp.Client
	own       *http.Transport // nil if the application brought a transport
	bare      bool            // the transport is one of net/http, with no RoundTripper before it
	budget    budget
	most      time.Duration // the application's own http.Client.Timeout; zero: none
}

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		vendor: cfg.Vendor, base: base, sign: cfg.Sign,
		requestID: cfg.RequestID, refused: cfg.Refused,
		header: http.Header{
			"Accept":          {"application/json"},
			"Accept-Encoding": {"identity"}, // a bomb would burst our limit
			"User-Agent":      {userAgent(cfg.Vendor)},
		},
	}
	for key, value := range cfg.Header {
		if !isHeaderValue(value) {
			return nil, errors.New("a credential holds a control character or is empty")
		}
		c.header[http.CanonicalHeaderKey(key)] = []string{value}
	}
	client := c.copyClient(cfg.Client)
	c.http.HTTPClient = &client
	c.http.RetryMax = maxTries - 1
	c.http.CheckRetry = checkRetry
	c.http.Backoff = backoff
	c.http.ErrorHandler = retryablehttp.PassthroughErrorHandler
	c.http.Logger = nil // it would log whole URLs
	return c, nil
}

// copyClient keeps of the application's client only the transport and the
// timeout: a cookie jar or a redirect policy would break our promises.
func (c *Client) copyClient(theirs *http.Client) http.Client {
	t := &transport{client: c}
	if theirs != nil {
		c.most, t.base = theirs.Timeout, theirs.Transport
	}
	if t.base == nil {
		c.own = newTransport()
		t.base = c.own
	}
	_, c.bare = t.base.(*http.Transport)
	return http.Client{Transport: t, CheckRedirect: dontFollow}
}

func dontFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close closes the idle connections of our own transport, and nothing that the
// application handed in.
func (c *Client) Close() error {
	if c != nil && c.own != nil {
		c.own.CloseIdleConnections()
	}
	return nil
}

// Do makes one call. The error is a [*verify.Error].
func (c *Client) Do(ctx context.Context, call Call) (Reply, error) {
	if c == nil {
		return Reply{}, c.refuse(call, "the client was not made by New")
	}
	if call.Method == "" {
		call.Method = http.MethodPost
	}
	u, err := c.locate(call)
	if err != nil {
		return Reply{}, c.refuse(call, err.Error())
	}
	if call.Token != "" && !isHeaderValue(call.Token) {
		return Reply{}, c.refuse(call, "the token holds a control character")
	}
	s := newCallState(ctx, c, call)
	if err := ctx.Err(); err != nil {
		s.last = canceled(verify.ErrUnavailable, err)
		return Reply{}, s.failure()
	}
	c.budget.earn()
	resp, err := c.http.Do(&retryablehttp.Request{Request: s.request(call.Method, u)})
	return s.finish(resp, err)
}

func (c *Client) refuse(call Call, detail string) error {
	vendor := ""
	if c != nil {
		vendor = c.vendor
	}
	return &verify.Error{Vendor: vendor, Op: call.Op, Outcome: verify.ErrUnsupported, Detail: detail}
}

// request makes the request that all tries share; each try sends a copy with a
// header, a body and a deadline of its own.
func (s *callState) request(method string, u *url.URL) *http.Request {
	r := http.Request{
		Method: method, URL: u, Host: u.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return r.WithContext(httptrace.WithClientTrace(s, &s.trace))
}

// Unknown is the error for an answer that cannot be trusted: the vendor has
// probably done what was asked.
func (c *Client) Unknown(op string, r Reply, detail string) error {
	return &verify.Error{
		Vendor: c.vendor, Op: op, Outcome: verify.ErrOutcomeUnknown, Detail: detail,
		HTTPStatus: r.Status, RequestID: r.RequestID, Requests: r.Requests,
	}
}

// Basic makes the Authorization of HTTP Basic.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
