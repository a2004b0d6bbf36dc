package verifytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

const (
	vendor  = "toy"
	longest = 10 * time.Second // of a call
	maxBody = 64 << 10
)

// A Config says which account to use.
type Config struct {
	Key     string `json:"-"` // the account's. Required.
	BaseURL string // of the API: https, or http to 127.0.0.1. Required.
}

// A Client is a [verify.Verifier] over Toy's API. It is safe for concurrent use.
type Client struct {
	key, base string
	http      *http.Client
}

var _ verify.Verifier = (*Client)(nil)

// New checks cfg and makes a client, without I/O. Its errors quote no value.
func New(cfg Config) (*Client, error) {
	if cfg.Key == "" || strings.ContainsFunc(cfg.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("toy: Key is empty, or holds a space or a control character")
	}
	base, err := url.Parse(cfg.BaseURL)
	local := err == nil && base.Scheme == "http" && base.Hostname() == "127.0.0.1"
	if err != nil || base.Host == "" || base.Scheme != "https" && !local || strings.ContainsAny(cfg.BaseURL, "@?#") {
		return nil, errors.New("toy: BaseURL must be https, or http to 127.0.0.1, and end with the host or a path")
	}
	return &Client{key: cfg.Key, base: strings.TrimSuffix(cfg.BaseURL, "/"), http: newHTTP()}, nil
}

// Format keeps the key out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "toy.Config{[hidden]}") }

// Format keeps the key out of every print.
func (Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "toy.Client{[hidden]}") }

// Capabilities says what Toy honors.
func (c *Client) Capabilities() verify.Capabilities {
	return verify.Capabilities{
		Vendor:        vendor,
		Channels:      []verify.Channel{verify.ChannelSMS, verify.ChannelVoice},
		MinDigits:     6,
		MaxDigits:     6, // always six
		DefaultDigits: 6,
		MaxScope:      20, // Toy calls it purpose
	}
}

// Send has Toy make and deliver a code.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := c.Capabilities().SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}

	body, err := c.post(ctx, "send", "/v1/send", url.Values{
		"to": {req.To}, "channel": {string(req.Channel)}, "purpose": {req.Scope},
	})
	if err != nil {
		return verify.Receipt{}, err
	}

	if status, _ := field(body, "status"); status != "sent" || !speaksOf(body, req.To) {
		return verify.Receipt{}, failure("send", verify.ErrOutcomeUnknown, "the answer is not one we know")
	}
	return verify.Receipt{Vendor: vendor, Channel: req.Channel, Digits: req.Digits, Requests: 1}, nil
}

// verdicts are the statuses of a check. The empty Outcome is the one yes.
var verdicts = map[string]verify.Outcome{
	"approved": "",
	"wrong":    verify.ErrMismatch,
	"gone":     verify.ErrNotPending,
}

// Check asks Toy whether code is right. Only the status "approved" is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := c.Capabilities().CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}

	body, err := c.post(ctx, "check", "/v1/check", url.Values{
		"to": {req.To}, "code": {req.Code}, "purpose": {req.Scope},
	})
	if err != nil {
		return err
	}

	status, _ := field(body, "status")
	kind, known := verdicts[status]
	switch {
	case !known || !speaksOf(body, req.To):
		return failure("check", verify.ErrOutcomeUnknown, "the answer is not one we know")
	case kind != "":
		return failure("check", kind, "")
	}
	return nil
}

// field returns the text under a key of one JSON object, and false unless the
// key is there exactly once. A struct would take "STATUS" for "status", and the
// second of two.
func field(body []byte, key string) (value string, ok bool) {
	d := json.NewDecoder(strings.NewReader(string(body)))
	if first, _ := d.Token(); first != json.Delim('{') || !json.Valid(body) {
		return "", false
	}
	for d.More() {
		name, _ := d.Token() // no error: the body is valid
		var v any
		_ = d.Decode(&v)
		if name != key {
			continue
		}
		text, isText := v.(string)
		if ok || !isText {
			return "", false
		}
		value, ok = text, true
	}
	return value, ok
}

// speaksOf keeps an answer about somebody else from opening this door.
func speaksOf(body []byte, to string) bool {
	named, ok := field(body, "to")
	return ok && named == to
}

// newHTTP makes a client that does only what it is told.
func newHTTP() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
			DisableKeepAlives:      true, // a connection that is new cannot be stale
			DisableCompression:     true, // a bomb would burst maxBody
			MaxResponseHeaderBytes: 32 << 10,
		},
	}
}

// post makes one request and returns the body of a 200. It repeats nothing: a
// second request could be a second message.
func (c *Client) post(ctx context.Context, op, path string, form url.Values) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnavailable, Detail: "the caller's context has ended", Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnsupported, Detail: "BaseURL makes no URL"}
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	resp, err := c.http.Do(req)
	if err != nil {
		return nil, lost(ctx, op, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		body = nil // half an answer decides nothing
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refused(op, resp, body)
	}
	return body, nil
}

// lost explains a request without an answer. Only a dial that failed proves that
// nothing left. Of err itself nothing is kept: it holds the URL.
func lost(ctx context.Context, op string, err error) error {
	e := failure(op, verify.ErrOutcomeUnknown, "no answer came back")
	e.Err = ctx.Err()
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		e.Outcome, e.Detail = verify.ErrUnavailable, "no connection: check BaseURL and the network"
	}
	return e
}

// refusals says what each of Toy's error codes means.
var refusals = map[string]verify.Outcome{
	"bad_key":           verify.ErrUnauthorized,
	"no_credit":         verify.ErrUnauthorized, // the account, too
	"throttled":         verify.ErrRateLimited,
	"bad_number":        verify.ErrInvalidRecipient,
	"too_many_sends":    verify.ErrTooManySends,
	"too_many_attempts": verify.ErrTooManyAttempts,
	"blocked":           verify.ErrBlocked,
}

// refused reads {"error":"throttled"}. Of the body only a code of the table gets
// into an error.
func refused(op string, resp *http.Response, body []byte) error {
	e := failure(op, verify.ErrOutcomeUnknown, "")
	e.HTTPStatus = resp.StatusCode
	code, _ := field(body, "error")
	kind, known := refusals[code]
	switch status := resp.StatusCode; {
	case status < 400, status >= 500, status == 408, status == 499:
		e.Detail = "no refusal: it may have been done; a redirect is never followed"
	case known:
		e.Outcome, e.VendorCode, e.RetryAfter = kind, code, seconds(resp.Header.Get("Retry-After"))
	case op == "send":
		e.Outcome, e.Detail = verify.ErrRejected, "refused without a reason that we know"
	default:
		e.Detail = "refused without a reason that we know: is a proxy in between?"
	}
	return e
}

// seconds reads a Retry-After, and knows no wait beyond a day.
func seconds(header string) time.Duration {
	n, err := strconv.ParseUint(header, 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, 24*time.Hour)
}

// failure is an error of a call that made one request.
func failure(op string, kind verify.Outcome, detail string) *verify.Error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: kind, Detail: detail, Requests: 1}
}
