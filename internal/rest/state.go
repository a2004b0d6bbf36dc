package rest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/go2fa/verify"
)

const (
	sendTimeout  = 15 * time.Second
	checkTimeout = 10 * time.Second
	leastTry     = 3 * time.Second // less would cut off a vendor that is merely slow
	maxTries     = 3
)

// A callState follows one call through its tries. It is the context of the
// request, since on a failure go-retryablehttp hands its policy nothing else.
type callState struct {
	context.Context
	client     *Client
	op         string
	kind       []string // of the body
	body       []byte   // nil: none
	token      string
	repeatable bool
	deadline   time.Time // for all tries

	trace     httptrace.ClientTrace
	getConn   atomic.Bool
	gotConn   atomic.Bool
	wrote     atomic.Bool
	conn      *conn         // of our own transport; nil: none yet, or not one of ours
	busy      uint64        // the state of conn while this try is under way
	sending   *bytes.Reader // what this try sends; nil: an empty body
	touched   atomic.Bool   // the empty body of this try was read
	tries     int
	ambiguous bool // a try that is over may have been processed
	last      result
	answer    http.Response // what go-retryablehttp sees of a try
	wait      time.Duration // before the next try
}

// A result is what one try came to. Its zero kind means a complete 2xx.
type result struct {
	kind       verify.Outcome
	detail     string
	code       string
	status     int
	requestID  string
	retryAfter time.Duration
	cause      error
	again      bool // the policy allows another try
	body       []byte
}

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

func newCallState(ctx context.Context, c *Client, call Call) *callState {
	s := &callState{
		Context: ctx, client: c, op: call.Op, repeatable: call.Repeatable, token: call.Token,
		kind: formType, body: call.Form, deadline: time.Now().Add(c.timeout(call)),
	}
	if d, ok := ctx.Deadline(); ok && d.Before(s.deadline) {
		s.deadline = d
	}
	if call.JSON != nil {
		s.kind, s.body = jsonType, call.JSON
	}
	s.trace.GetConn = func(string) { s.getConn.Store(true) }
	s.trace.GotConn = s.got
	s.trace.WroteHeaders = func() { s.wrote.Store(true) }
	return s
}

// timeout is the time for all tries of a call.
func (c *Client) timeout(call Call) time.Duration {
	most := call.Timeout
	switch {
	case most > 0:
	case call.Repeatable:
		most = checkTimeout
	default:
		most = sendTimeout
	}
	if c.most > 0 {
		return min(most, c.most)
	}
	return most
}

// allowed is how many tries this call may have in all.
func (s *callState) allowed() int {
	if s.repeatable {
		return 2
	}
	return maxTries
}

// begin opens a try and returns its deadline. A try that may be repeated after
// it was written leaves time for the next one.
func (s *callState) begin() time.Time {
	s.tries++
	s.ambiguous = s.ambiguous || s.last.kind == verify.ErrOutcomeUnknown
	s.last = result{}
	s.getConn.Store(false)
	s.gotConn.Store(false)
	s.wrote.Store(false)
	s.conn = nil
	s.touched.Store(false)
	if !s.repeatable || s.tries >= s.allowed() {
		return s.deadline
	}
	left := time.Until(s.deadline)
	return time.Now().Add(min(left, max(left/2, leastTry)))
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

// notWritten reports proof that no byte of this try's request left. That no
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

// bodyRead reports whether somebody has read of this try's body.
func (s *callState) bodyRead() bool {
	if s.sending != nil {
		return s.sending.Len() < len(s.body)
	}
	return s.touched.Load()
}

// finish ends the call. Of what go-retryablehttp returns only one thing is
// news: that the caller's context ended the wait for another try.
func (s *callState) finish(resp *http.Response, err error) (Reply, error) {
	if resp != nil {
		_ = resp.Body.Close() // http.NoBody: the try has read the answer
	}
	if s.last.kind == "" && s.last.status != 0 {
		return Reply{
			Status: s.last.status, Body: s.last.body, RequestID: s.last.requestID,
			Requests: s.tries, Repeated: s.ambiguous,
		}, nil
	}
	if err != nil && s.last.cause == nil {
		s.last.cause = s.Err()
	}
	return Reply{}, s.failure()
}

// failure tells what is known of all tries together. What is true of the last
// one may be untrue of an earlier one, whose answer was lost: a denial may follow
// from an approval, and whatever says that nothing was done may come too late.
func (s *callState) failure() error {
	l := s.last
	switch {
	case l.kind == "":
		l.kind, l.detail = verify.ErrOutcomeUnknown, "the transport gave no answer and no error"
	case s.ambiguous && l.kind != verify.ErrOutcomeUnknown:
		l.kind, l.detail = verify.ErrOutcomeUnknown, "the answer to an earlier try was lost: it may have been an approval"
	}
	return &verify.Error{
		Vendor: s.client.vendor, Op: s.op, Outcome: l.kind, Detail: l.detail,
		HTTPStatus: l.status, VendorCode: l.code, RequestID: l.requestID,
		RetryAfter: l.retryAfter, Requests: s.tries, Err: l.cause,
	}
}

func canceled(kind verify.Outcome, err error) result {
	detail := "the caller canceled"
	if errors.Is(err, context.DeadlineExceeded) {
		detail = "the caller's deadline has passed"
	}
	return result{kind: kind, detail: detail, cause: err}
}
