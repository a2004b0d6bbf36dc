package operate

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/otp"
)

// answered has a vendor act and answer, over no network. It calls the hooks of a trace
// as net/http does.
func answered(r *http.Request, vendor http.Handler) *http.Response {
	written(r)
	in := r.Clone(r.Context())
	in.RequestURI, in.Host = r.URL.RequestURI(), r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := httptest.NewRecorder()
	vendor.ServeHTTP(out, in)
	resp := out.Result()
	resp.Request, resp.ContentLength = r, int64(out.Body.Len())
	return resp
}

func written(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn(r.URL.Host)
		trace.GotConn(httptrace.GotConnInfo{})
		trace.WroteHeaders()
	}
}

// The ways in which a vendor fails.

// errElsewhere: this request does not fail.
var errElsewhere = errors.New("elsewhere")

// down: there is no connection.
func down(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn(r.URL.Host)
	}
	return nil, errors.New("connection refused")
}

// lost: the request is read, and no answer comes.
func lost(r *http.Request) (*http.Response, error) {
	written(r)
	return nil, io.EOF
}

// refused: the credentials are wrong.
func refused(r *http.Request) (*http.Response, error) {
	return status(r, http.StatusUnauthorized), nil
}

// throttled: the account makes too many requests.
func throttled(r *http.Request) (*http.Response, error) {
	return status(r, http.StatusTooManyRequests), nil
}

// slow: the vendor takes six seconds.
func slow(vendor http.Handler) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(6 * time.Second):
		case <-r.Context().Done():
		}
		return answered(r, vendor), nil
	}
}

func status(r *http.Request, code int) *http.Response {
	written(r)
	return &http.Response{
		StatusCode: code, Header: http.Header{}, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader("")),
	}
}

// stores may be down, each kind by itself.
type stores struct{ codes, ledger, counts atomic.Bool }

var errDown = errors.New("the store is down")

type codes struct {
	*otp.MemoryStore
	s *stores
}

func (c codes) Issue(ctx context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	if c.s.codes.Load() {
		return otp.Admission{}, errDown
	}
	return c.MemoryStore.Issue(ctx, k, id, mac, ttl, l)
}

func (c codes) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	if c.s.codes.Load() {
		return 0, 0, errDown
	}
	return c.MemoryStore.Attempt(ctx, k, id, macs, l)
}

type ledger struct {
	*failover.MemoryLedger
	s *stores
}

func (l ledger) Begin(ctx context.Context, k failover.Key, id failover.ID, backend string, lease time.Duration) (time.Duration, error) {
	if l.s.ledger.Load() {
		return 0, errDown
	}
	return l.MemoryLedger.Begin(ctx, k, id, backend, lease)
}

func (l ledger) Attempt(ctx context.Context, k failover.Key, id, by failover.ID, limits failover.Limits) (failover.Attempt, error) {
	if l.s.ledger.Load() {
		return failover.Attempt{}, errDown
	}
	return l.MemoryLedger.Attempt(ctx, k, id, by, limits)
}

type counts struct {
	*guard.MemoryStore
	s *stores
}

func (c counts) Admit(ctx context.Context, s guard.Send) (guard.Decision, error) {
	if c.s.counts.Load() {
		return guard.Decision{}, errDown
	}
	return c.MemoryStore.Admit(ctx, s)
}
