package stress

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
)

// A line carries requests to a vendor in memory. It calls the hooks of a trace
// as net/http does.
type line struct{ vendor http.Handler }

// RoundTrip implements http.RoundTripper.
func (l line) RoundTrip(r *http.Request) (*http.Response, error) {
	connect(r)
	write(r)
	return deliver(l.vendor, r), nil
}

// connect calls the hooks up to the moment when there is a connection.
func connect(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn(r.URL.Host)
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

// refuse calls those of a connection that is never made.
func refuse(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn(r.URL.Host)
	}
}

// write calls the one of a request that is on its way.
func write(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.WroteHeaders()
	}
}

// deliver has the vendor act, and returns its answer.
func deliver(vendor http.Handler, r *http.Request) *http.Response {
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

// answer is a complete answer that no vendor need have given.
func answer(r *http.Request, status int, body string, header http.Header) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Header: header, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
