// Package driver is for authors of vendors: what every vendor must do alike is
// code here, so that a vendor says only what its own API looks like.
//
// A vendor that makes and checks codes itself fills in an [API]: what it can do,
// how its requests are made and how its answers are read. The API resolves the
// arguments, makes the calls and translates the answers, and it fails closed: a
// check is approved by [Approved] alone, and what cannot be read is
// verify.ErrOutcomeUnknown. A vendor that only delivers messages calls
// [Client.Do] and reads the answer with [Scan].
//
// # Requests
//
// A [Client] makes the calls. A side effect happens at most once, every wait and
// every read is bounded, and nothing secret reaches an error. A request that
// surely was not written, one that was throttled, and one that the vendor
// declares unprocessed is repeated twice at most. One that may have been
// processed is repeated once, and only if the call is Repeatable. All repeats of
// a client share one budget: a tenth of its calls and twenty more.
//
// # References
//
// Some vendors check a code by an id that their answer to the send held. Such a
// vendor sets API.References, which remember the id: see [References].
package driver

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/go2fa/verify"
	"github.com/hashicorp/go-retryablehttp"
)

// A Config describes one vendor's API.
type Config struct {
	// Vendor names errors, and the vendor to itself in the User-Agent. Required.
	Vendor string
	// BaseURL is https, or http to a loopback or dotless host. Required.
	BaseURL string
	// Client is the application's: its transport and its timeout are used. Defaults
	// to a client of our own.
	Client *http.Client
	// Header is sent with each request: credentials, a version.
	Header map[string]string
	// OAuth2 gets an access token for each request, where the vendor wants one.
	OAuth2 *OAuth2
	// Sign adds what each request needs anew: a signature, a timestamp, a nonce. It
	// must leave the body alone, which it is given. Its error is
	// verify.ErrUnavailable, or the outcome given by [Refuse]: nothing was sent.
	Sign func(r *http.Request, body []byte) error
	// RequestID names the answer's header that holds the vendor's reference.
	RequestID string
	// Reset names the header that says when a throttle ends, in seconds since 1970.
	// It counts where there is no Retry-After. Defaults to none.
	Reset string
	// ReadError reads an answer of class 4xx or 5xx. See [Failure].
	ReadError func(op string, status int, body []byte) Failure
	// ReadErrorHeader takes the place of ReadError for a vendor that names an error in
	// the header of its answer.
	ReadErrorHeader func(status int, header http.Header, body []byte) Failure
}

// A Failure is what a vendor's error body means. The zero Failure says that the
// body is not the vendor's: it may be a proxy's, so it decides nothing.
type Failure struct {
	// Outcome says what it means. ErrUnavailable promises that the vendor did not
	// process the request, so that it is repeated.
	Outcome verify.Outcome
	// Code is the vendor's own number for it. It is left out of errors if it may be
	// a code or a number of a person.
	Code string
	// Detail says in our own words what an operator can do. It never quotes the
	// vendor.
	Detail string
	// RetryAfter is used where the answer's header names no time.
	RetryAfter time.Duration
	// AttemptsLeft is how many attempts an ErrMismatch leaves; zero if unknown.
	AttemptsLeft int
	// Elsewhere says that surely nothing was sent, and that another vendor may serve
	// this recipient: see verify.Error.
	Elsewhere bool
}

// Error is what the Failure says, so that it can be the error of an API's ReadSend.
func (f Failure) Error() string { return f.Detail }

// A Call is one request to make.
type Call struct {
	Op     string   // names errors: "send"; an [API] sets it
	Method string   // defaults to POST
	Route  string   // each {name} stands for one of Args
	Args   []string // ids of [A-Za-z0-9_|-]+, or recipients
	Query  Form     // appended to the URL
	Form   Form     // the body ...
	JSON   []byte   // ... or this
	Header map[string]string
	Token  string // the Authorization of this call alone
	// Repeatable says that the vendor may safely receive the request twice. An API
	// sets it for checks. Never set it for a Send, unless an idempotency key makes
	// two requests one.
	Repeatable bool
	// ReadError reads an error of this call alone, in place of Config's.
	ReadError func(op string, status int, body []byte) Failure
	// Timeout is for all requests of the call. Defaults to 15 s, and to 10 s if it
	// is Repeatable.
	Timeout time.Duration

	fresh func() Form // makes the body of each request anew; nil: all have the same
}

// A Reply is a complete answer of class 2xx.
type Reply struct {
	Status     int
	Body       []byte
	RequestID  string
	Requests   int
	Repeated   bool          // an earlier request of this call may have been processed
	Began      time.Time     // when the call began, which is before the vendor made a code
	RetryAfter time.Duration // what the header's Retry-After says, or zero
}

// A Client makes calls to one vendor. It is safe for concurrent use. A nil
// Client refuses every call.
type Client struct {
	vendor    string
	base      *url.URL
	header    http.Header
	form      http.Header // header and the type of a form, for our own transport, which does not write to it
	json      http.Header // the same for JSON
	sign      func(r *http.Request, body []byte) error
	requestID string
	reset     string
	readError func(op string, status int, body []byte) Failure
	readHead  func(status int, header http.Header, body []byte) Failure
	http      retryablehttp.Client
	own       *http.Transport // nil if the application brought a transport
	dialer    *dialer         // of own
	bare      bool            // the transport is one of net/http, with no RoundTripper before it
	budget    budget
	timeout   time.Duration // the application's own http.Client.Timeout; zero: none
	tokens    *tokens       // nil without OAuth2
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
		requestID: cfg.RequestID, reset: cfg.Reset, readError: cfg.ReadError, readHead: cfg.ReadErrorHeader,
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
	c.form, c.json = withType(c.header, formType), withType(c.header, jsonType)
	if cfg.OAuth2 != nil {
		if c.tokens, err = newTokens(cfg.Vendor, *cfg.OAuth2, cfg.Client); err != nil {
			return nil, err
		}
	}
	client := c.copyClient(cfg.Client)
	c.http.HTTPClient = &client
	c.http.RetryMax = maxSendRequests - 1
	c.http.CheckRetry = checkRetry
	c.http.Backoff = backoff
	c.http.ErrorHandler = retryablehttp.PassthroughErrorHandler
	c.http.Logger = nil // it would log whole URLs
	return c, nil
}

func withType(h http.Header, mediaType []string) http.Header {
	h = maps.Clone(h)
	h["Content-Type"] = mediaType
	return h
}

// copyClient takes only the transport and the timeout of the application's
// client: a cookie jar or a redirect policy would break our promises.
func (c *Client) copyClient(theirs *http.Client) http.Client {
	t := &transport{client: c}
	if theirs != nil {
		c.timeout, t.base = theirs.Timeout, theirs.Transport
	}
	if t.base == nil {
		c.dialer = new(dialer)
		c.own = newTransport(c.dialer)
		t.base = c.own
	}
	_, c.bare = t.base.(*http.Transport)
	return http.Client{Transport: t, CheckRedirect: dontFollow}
}

func dontFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close closes the idle connections of our own transport, and nothing that the
// application handed in. A renewal of a token that is under way ends by itself,
// within 5 seconds.
func (c *Client) Close() error {
	if c == nil {
		return nil
	}
	if c.own != nil {
		c.dialer.closeAhead()
		c.own.CloseIdleConnections()
	}
	if c.tokens != nil {
		return c.tokens.client.Close()
	}
	return nil
}

// Do makes one call. The error is a [*verify.Error].
func (c *Client) Do(ctx context.Context, call Call) (Reply, error) {
	switch {
	case c == nil:
		return Reply{}, unsupported("", call.Op, "the client was not made by New")
	case c.tokens != nil:
		return c.doWithToken(ctx, call)
	}
	return c.do(ctx, call)
}

func (c *Client) do(ctx context.Context, call Call) (Reply, error) {
	if call.Method == "" {
		call.Method = http.MethodPost
	}
	s := new(callState)
	if err := c.resolveURL(call, &s.url); err != nil {
		return Reply{}, unsupported(c.vendor, call.Op, err.Error())
	}
	if call.Token != "" && !isHeaderValue(call.Token) {
		return Reply{}, unsupported(c.vendor, call.Op, "the token holds a control character")
	}
	for _, value := range call.Header {
		if !isHeaderValue(value) {
			return Reply{}, unsupported(c.vendor, call.Op, "a header holds a control character or is empty")
		}
	}
	s.open(ctx, c, call)
	if err := ctx.Err(); err != nil {
		s.last = canceled(verify.ErrUnavailable, err)
		return Reply{}, s.failure()
	}
	c.budget.earn()
	req, cancel := s.request(call.Method)
	defer cancel()
	resp, err := c.http.Do(&retryablehttp.Request{Request: req})
	return s.finish(resp, err)
}

func unsupported(vendor, op, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnsupported, Detail: detail}
}

// request makes what all requests of a call share; each gets a header and a body of
// its own. Requests that may be repeated after they were written get a deadline of
// their own as well; those of a send share the one of the call.
func (s *callState) request(method string) (*http.Request, context.CancelFunc) {
	r := http.Request{
		Method: method, URL: &s.url, Host: s.url.Host, Header: noHeader,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	ctx, cancel := httptrace.WithClientTrace(s, &s.trace), func() {}
	if !s.repeatable {
		ctx, cancel = context.WithDeadline(ctx, s.deadline)
	}
	return r.WithContext(ctx), cancel
}

// noHeader is what net/http.Client sees of every request: its transport puts
// another one in its place, and nobody writes to it.
var noHeader = http.Header{}

// Failed is the error for an answer of class 2xx in which the vendor says no: what a
// messenger returns whose vendor refuses so.
func (c *Client) Failed(op string, r Reply, f Failure) error {
	return &verify.Error{
		Vendor: c.vendor, Op: op, Outcome: f.Outcome, Detail: f.Detail, RetryAfter: cmp.Or(r.RetryAfter, f.RetryAfter), AttemptsLeft: f.AttemptsLeft,
		Elsewhere: f.Elsewhere, HTTPStatus: r.Status, VendorCode: cleanCode(f.Code), RequestID: r.RequestID, Requests: r.Requests,
	}
}

// Unknown is the error for an answer that cannot be trusted: the vendor has
// probably done what was asked.
func (c *Client) Unknown(op string, r Reply, detail string) error {
	return &verify.Error{
		Vendor: c.vendor, Op: op, Outcome: verify.ErrOutcomeUnknown, Detail: detail,
		HTTPStatus: r.Status, RequestID: r.RequestID, Requests: r.Requests,
	}
}
