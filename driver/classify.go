package driver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify"
)

// classifyStatus decides what an answer that is not of class 2xx means and
// whether the policy allows another request.
func (s *callState) classifyStatus(resp *http.Response, body []byte) result {
	var f Failure
	read := s.readError
	if read == nil {
		read = s.client.readError
	}
	switch {
	case resp.StatusCode < 400 || len(body) == 0:
	case s.readError == nil && s.client.readHead != nil:
		f = s.client.readHead(resp.StatusCode, resp.Header, body)
	case read != nil:
		f = read(s.op, resp.StatusCode, body)
	}
	fromVendor := f.Outcome != ""
	if !fromVendor {
		f = withoutReason(resp.StatusCode, s.repeatable || s.op == "check")
	}
	r := result{
		outcome: f.Outcome, detail: f.Detail, code: s.cleanCode(f.Code), attemptsLeft: f.AttemptsLeft, elsewhere: f.Elsewhere,
		retryAfter: retryAfter(resp.Header, time.Now()),
	}
	if r.retryAfter == 0 {
		r.retryAfter = f.RetryAfter
	}
	if r.retryAfter == 0 && r.outcome == verify.ErrRateLimited {
		r.retryAfter = untilReset(resp.Header, s.client.reset, time.Now())
	}
	switch r.outcome {
	case verify.ErrRateLimited:
		r.retryable = true
	case verify.ErrUnavailable:
		r.retryable = fromVendor
	case verify.ErrOutcomeUnknown:
		r.retryable = s.repeatable && slices.Contains(transient[:], resp.StatusCode)
	}
	return r
}

var transient = [...]int{
	http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
	http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// withoutReason reads a status whose body is not the vendor's.
func withoutReason(status int, repeatable bool) Failure {
	unknown := Failure{Outcome: verify.ErrOutcomeUnknown}
	switch {
	case status < 400:
		unknown.Detail = "the answer is a redirect, which is never followed: check the base URL"
	case status == http.StatusUnauthorized:
		return Failure{Outcome: verify.ErrUnauthorized, Detail: "the credentials were refused"}
	case status == http.StatusTooManyRequests:
		return Failure{Outcome: verify.ErrRateLimited, Detail: "throttled without the vendor's reason"}
	case status == http.StatusNotImplemented || status == http.StatusHTTPVersionNotSupported:
		if !repeatable {
			return Failure{Outcome: verify.ErrUnavailable, Detail: "the server does not know this request"}
		}
	case status == http.StatusRequestTimeout || status == 499 || status >= 500:
		unknown.Detail = "the server failed, perhaps after it did what was asked"
	case !repeatable:
		return Failure{Outcome: verify.ErrRejected, Detail: "refused without the vendor's reason: is a proxy in between?"}
	default:
		unknown.Detail = "refused without the vendor's reason: is a proxy in between?"
	}
	return unknown
}

// Unlisted reads the status of a vendor's own answer whose code is not in the
// vendor's table: it may have been added since. No 403 is taken for a fault of
// the credentials: it may be a guard's.
func Unlisted(status int) Failure {
	switch {
	case status == http.StatusUnauthorized:
		return Failure{Outcome: verify.ErrUnauthorized}
	case status == http.StatusTooManyRequests:
		return Failure{Outcome: verify.ErrRateLimited}
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout:
		return Failure{Outcome: verify.ErrOutcomeUnknown}
	}
	return Failure{Outcome: verify.ErrRejected}
}

// classifyUnreached explains a request that surely was not written. It may be
// repeated unless a second one would fail the same way.
func (c *Client) classifyUnreached(req *http.Request, err error, late bool) result {
	r := result{outcome: verify.ErrUnavailable, retryable: true}
	var (
		dns    *net.DNSError
		record tls.RecordHeaderError
		op     *net.OpError
	)
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		r.detail = throughProxy(op.Err)
		if late {
			r.cause = context.DeadlineExceeded
		}
	case errors.As(err, &dns) && dns.IsNotFound:
		r.detail, r.retryable = "the vendor's host name does not exist: check the base URL and DNS", false
	case errors.As(err, &dns):
		r.detail = "the vendor's host name could not be looked up"
	case isUntrusted(err) && c.own != nil && lacksRoots():
		r.detail, r.retryable = "this machine has no CA certificates, so that no server is trusted: install them (ca-certificates) or set SSL_CERT_FILE", false
	case isUntrusted(err):
		r.detail, r.retryable = "the server's certificate is not trusted: something may stand between us and the vendor", false
	case errors.As(err, &record):
		r.detail, r.retryable = "the server does not speak TLS: check the base URL", false
	case late:
		r.detail, r.cause = "no connection in time", context.DeadlineExceeded
	case c.isProxied(req):
		r.detail = throughProxy(err)
	default:
		r.detail = "no connection"
	}
	return r
}

// isProxied asks the transport, as far as it is one of net/http.
func (c *Client) isProxied(req *http.Request) bool {
	t, ok := c.http.HTTPClient.Transport.(*transport).base.(*http.Transport)
	if !ok || t.Proxy == nil {
		return false
	}
	u, err := t.Proxy(req)
	return err == nil && u != nil
}

// throughProxy explains why there is no way through the proxy. If the proxy
// refused the CONNECT, net/http gives the proxy's own words, which are not shown.
func throughProxy(err error) string {
	var op *net.OpError
	var timeout interface{ Timeout() bool }
	if errors.As(err, &op) || errors.As(err, &timeout) && timeout.Timeout() {
		return "no connection to the proxy: check HTTPS_PROXY, or the proxy of the application's transport"
	}
	return "the proxy refused the connection to the vendor: check its address, its credentials and what it lets through"
}

func isUntrusted(err error) bool {
	var (
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
	)
	return errors.As(err, &cert) || errors.As(err, &authority) || errors.As(err, &name) ||
		errors.As(err, &invalid) || errors.As(err, &roots)
}

// lacksRoots knows an image without CA certificates. It is a variable for tests:
// a process reads them once.
var lacksRoots = func() bool {
	pool, err := x509.SystemCertPool()
	return err != nil || pool.Equal(x509.NewCertPool())
}

// classifyLost explains a request that may have been processed. A body that is
// too large or encoded would be so the next time too.
func classifyLost(err error, late bool) result {
	r := result{outcome: verify.ErrOutcomeUnknown, retryable: true}
	switch {
	case errors.Is(err, errTooLarge):
		r.detail, r.retryable = "the answer is over 64 KiB", false
	case errors.Is(err, errEncoded):
		r.detail, r.retryable = "the answer is encoded though plain was asked for", false
	case late:
		r.detail, r.cause = "no complete answer in time", context.DeadlineExceeded
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.detail = "the answer was cut off"
	default:
		r.detail = "the connection was lost before the answer"
	}
	return r
}
