package driver

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go2fa/verify"
)

const (
	sendTimeout      = 15 * time.Second
	checkTimeout     = 10 * time.Second
	minRequestTime   = 3 * time.Second // less would cut off a vendor that is merely slow
	maxSendRequests  = 3
	maxCheckRequests = 2
)

// A callState follows one call through its requests. It is the context of the
// request, since on a failure go-retryablehttp hands its policy nothing else.
type callState struct {
	context.Context
	client     *Client
	op         string
	mediaType  []string    // of the body
	body       []byte      // nil: none
	fresh      func() Form // makes the body of each request; nil: all have the same
	token      string
	header     map[string]string
	repeatable bool
	readError  func(op string, status int, body []byte) Failure
	args       []string
	began      time.Time
	deadline   time.Time // for all requests

	url       url.URL
	reader    bytes.Reader // of the first request's body
	trace     httptrace.ClientTrace
	getConn   atomic.Bool
	gotConn   atomic.Bool
	wrote     atomic.Bool
	conn      *conn         // of our own transport; nil: none yet, or not one of ours
	busy      uint64        // the state of conn while this request is under way
	sending   *bytes.Reader // what this request sends; nil: an empty body
	touched   atomic.Bool   // the empty body of this request was read
	requests  int
	ambiguous bool // an earlier request may have been processed
	last      result
	answer    http.Response // what go-retryablehttp sees of a request
	wait      time.Duration // before the next request
}

// A result is what one request came to. Its zero outcome means a complete 2xx.
type result struct {
	outcome      verify.Outcome
	detail       string
	code         string
	attemptsLeft int
	elsewhere    bool
	status       int
	requestID    string
	retryAfter   time.Duration
	cause        error
	retryable    bool // the policy allows another request
	body         []byte
}

const earlierLost = "the answer to an earlier request was lost: it may have been an approval"

type stateKey struct{}

// Value finds the state again behind contexts derived from it.
func (s *callState) Value(key any) any {
	if key == (stateKey{}) {
		return s
	}
	return s.Context.Value(key)
}

func stateOf(ctx context.Context) (*callState, bool) {
	s, ok := ctx.Value(stateKey{}).(*callState)
	return s, ok
}

// open begins the call.
func (s *callState) open(ctx context.Context, c *Client, call Call) {
	s.Context, s.client, s.op, s.repeatable, s.readError = ctx, c, call.Op, call.Repeatable, call.ReadError
	s.args, s.token, s.header = call.Args, call.Token, call.Header
	s.mediaType, s.body, s.fresh = formType, call.Form, call.fresh
	s.began = time.Now()
	s.deadline = s.began.Add(c.timeoutOf(call))
	if d, ok := ctx.Deadline(); ok && d.Before(s.deadline) {
		s.deadline = d
	}
	if call.JSON != nil {
		s.mediaType, s.body = jsonType, call.JSON
	}
	s.trace.GetConn = func(string) { s.getConn.Store(true) }
	s.trace.GotConn = s.got
	s.trace.WroteHeaders = func() { s.wrote.Store(true) }
}

// cleanCode keeps six digits too, if the request did not hold them: they could be
// the code that a person typed, or part of the recipient.
func (s *callState) cleanCode(code string) string {
	if len(code) != 6 || !isSeconds(code) {
		return cleanCode(code)
	}
	holds := func(arg string) bool { return strings.Contains(arg, code) }
	if bytes.Contains(s.body, []byte(code)) || slices.ContainsFunc(s.args, holds) {
		return ""
	}
	return code
}

// timeoutOf is the time for all requests of a call.
func (c *Client) timeoutOf(call Call) time.Duration {
	timeout := call.Timeout
	switch {
	case timeout > 0:
	case call.Repeatable:
		timeout = checkTimeout
	default:
		timeout = sendTimeout
	}
	if c.timeout > 0 {
		return min(timeout, c.timeout)
	}
	return timeout
}

// maxRequests is how many requests this call may make in all.
func (s *callState) maxRequests() int {
	if s.repeatable {
		return maxCheckRequests
	}
	return maxSendRequests
}

// begin opens a request and returns its deadline. A request that may be repeated
// after it was written leaves time for the next one.
func (s *callState) begin() time.Time {
	s.requests++
	s.ambiguous = s.ambiguous || s.last.outcome == verify.ErrOutcomeUnknown
	s.last = result{}
	s.getConn.Store(false)
	s.gotConn.Store(false)
	s.wrote.Store(false)
	s.conn = nil
	s.touched.Store(false)
	if !s.repeatable || s.requests >= s.maxRequests() {
		return s.deadline
	}
	left := time.Until(s.deadline)
	return time.Now().Add(min(left, max(left/2, minRequestTime)))
}

// got notes the connection that the transport chose.
func (s *callState) got(info httptrace.GotConnInfo) {
	s.gotConn.Store(true)
	if s.client.own == nil {
		return
	}
	if c := connOf(info.Conn); c != nil {
		s.conn, s.busy = c, c.take(info.Reused)
	}
}

// notWritten reports proof that no byte of this request left. That no
// hook fired proves nothing: the transport may not trace. On a transport that
// is not ours the proof ends with the connection, since HTTP/2 reports headers
// only after they have left. Where a RoundTripper of the application stands
// before the transport, it may have sent the request by another road before:
// the body tells, which no road can do without.
func (s *callState) notWritten() bool {
	switch {
	case !s.getConn.Load():
		return false
	case s.conn != nil:
		return !s.conn.sent.Load()
	case s.client.own != nil:
		return !s.wrote.Load()
	}
	return !s.wrote.Load() && !s.gotConn.Load() && (s.client.bare || !s.bodyRead())
}

// bodyRead reports whether somebody has read this request's body.
func (s *callState) bodyRead() bool {
	if s.sending != nil {
		return s.sending.Len() < len(s.body)
	}
	return s.touched.Load()
}

// finish ends the call. The state knows all that go-retryablehttp returns, but
// for one thing: that the caller's context ended the wait for another request.
func (s *callState) finish(resp *http.Response, err error) (Reply, error) {
	if resp != nil {
		_ = resp.Body.Close() // http.NoBody: the answer has been read
	}
	if s.last.outcome == "" && s.last.status != 0 {
		return Reply{
			Status: s.last.status, Body: s.last.body, RequestID: s.last.requestID,
			Requests: s.requests, Repeated: s.ambiguous, Began: s.began, RetryAfter: s.last.retryAfter,
		}, nil
	}
	if err != nil && s.last.cause == nil {
		s.last.cause = s.Err()
	}
	return Reply{}, s.failure()
}

// failure says what is known of all requests together. What is true of the last
// one may be false of an earlier one whose answer was lost: a denial may be the
// consequence of an approval, and "nothing was done" may come too late.
func (s *callState) failure() error {
	l := s.last
	switch {
	case l.outcome == "":
		l.outcome, l.detail = verify.ErrOutcomeUnknown, "the transport gave no answer and no error"
	case s.ambiguous && s.op == "cancel" && l.outcome == verify.ErrNotPending: // gone is gone, whichever request did it
	case s.ambiguous && l.outcome != verify.ErrOutcomeUnknown:
		l.outcome, l.detail, l.attemptsLeft = verify.ErrOutcomeUnknown, earlierLost, 0
		l.elsewhere = false
	}
	return &verify.Error{
		Vendor: s.client.vendor, Op: s.op, Outcome: l.outcome, Detail: l.detail,
		HTTPStatus: l.status, VendorCode: l.code, RequestID: l.requestID,
		RetryAfter: l.retryAfter, AttemptsLeft: l.attemptsLeft, Requests: s.requests, Elsewhere: l.elsewhere, Err: l.cause,
	}
}

func canceled(outcome verify.Outcome, err error) result {
	detail := "the caller canceled"
	if errors.Is(err, context.DeadlineExceeded) {
		detail = "the caller's deadline has passed"
	}
	return result{outcome: outcome, detail: detail, cause: err}
}
