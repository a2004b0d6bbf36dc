package driver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
)

const (
	tokenTimeout = 5 * time.Second // leaves a call half of its time
	tokenMargin  = time.Minute     // how long before its end a token is renewed
	maxTokenLife = 24 * 60 * 60    // seconds that a token is believed to last

	// How long a client's assertion is good. Operators of CAMARA take 300 seconds at
	// most (https://github.com/camaraproject/IdentityAndConsentManagement, Client
	// Authentication): half of it bears a clock that is off, either way.
	assertionLife = 150 * time.Second
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// OAuth2 says where access tokens come from: client credentials, RFC 6749 section
// 4.4. One token serves all calls of a client. It is renewed in its last minute,
// once for all calls, and once more after the vendor refused it.
type OAuth2 struct {
	URL      string                 // https, or http to a loopback or dotless host
	ID       string                 // without a colon if there is a Secret
	Secret   string                 // by HTTP Basic ...
	Key      *JWT                   // ... or private_key_jwt: it signs an assertion for each request, RFC 7523 section 2.2
	Scope    string                 // optional
	Header   map[string]string      // optional
	IsAnswer func(body []byte) bool // knows the vendor's own error body; nil: the one of RFC 6749
	Detail   string                 // what to check if the credentials are refused
}

// The tokens of a client are one access token that all its calls share, and the
// next one.
type tokens struct {
	client *Client
	form   Form
	fresh  func() Form // makes that of each request; nil: all have the same

	mu      sync.Mutex
	held    token
	renewal *renewal // under way; nil if none is
}

// A token is an Authorization with its time.
type token struct {
	authorization string
	renew, end    time.Time
}

// A renewal is one request for a token, for all who wait. What came of it may be
// read once done is closed.
type renewal struct {
	done  chan struct{}
	token token
	err   error
}

func newTokens(vendor string, cfg OAuth2, client *http.Client) (*tokens, error) {
	header := maps.Clone(cfg.Header)
	switch {
	case cfg.Key != nil && (cfg.ID == "" || cfg.Secret != ""):
		return nil, errors.New("the OAuth2 client's id is missing, or it has both a secret and a key")
	case cfg.Key == nil && (!IsUser(cfg.ID) || cfg.Secret == ""):
		return nil, errors.New("the OAuth2 client's id or secret is missing, or the id holds a colon")
	case cfg.Key == nil:
		header = map[string]string{"Authorization": Basic(cfg.ID, cfg.Secret)}
		maps.Copy(header, cfg.Header)
	}
	c, err := New(Config{Vendor: vendor, BaseURL: cfg.URL, Client: client, Header: header, ReadError: cfg.readError})
	if err != nil {
		return nil, fmt.Errorf("TokenURL: %w", err)
	}
	t := &tokens{client: c}
	t.form.Add("grant_type", "client_credentials")
	if cfg.Scope != "" {
		t.form.Add("scope", cfg.Scope)
	}
	if cfg.Key != nil {
		t.fresh = func() Form { return cfg.asserted(t.form) }
	}
	return t, nil
}

// assertion are the claims by which a client proves who it is:
// https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication.
type assertion struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// asserted adds an assertion to a form. It is good for one request: a server may
// refuse the id of one that it has seen.
func (cfg OAuth2) asserted(form Form) Form {
	now := time.Now()
	signed, _ := cfg.Key.Sign(assertion{ // without a signature the client is refused
		cfg.ID, cfg.ID, cfg.URL, RandomID(), now.Unix(), now.Add(assertionLife).Unix(),
	})
	form = slices.Clone(form)
	form.Add("client_assertion_type", assertionType)
	form.Add("client_assertion", signed)
	return form
}

// readError reads an error of the token's endpoint: RFC 6749 section 5.2, or a
// shape of the vendor's.
func (cfg OAuth2) readError(_ string, status int, body []byte) Failure {
	isAnswer := cfg.IsAnswer
	if isAnswer == nil {
		isAnswer = func(body []byte) bool {
			var code []byte
			return Scan(body, Field{Key: "error", To: &code, Need: true}) == nil
		}
	}
	if !isAnswer(body) {
		return Failure{}
	}
	f := Unlisted(status)
	if f.Outcome == verify.ErrRejected || f.Outcome == verify.ErrUnauthorized {
		f = Failure{Outcome: verify.ErrUnauthorized, Detail: cfg.Detail}
	}
	return f
}

// get returns the Authorization for a call. It waits for a renewal only if no
// token is left, and the renewal goes on if the caller gives up.
func (t *tokens) get(ctx context.Context, deadline time.Time, op string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", t.ended(op, err)
	}
	authorization, r := t.hold()
	if authorization != "" {
		return authorization, nil
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	select {
	case <-r.done:
		if r.err != nil {
			return "", t.failure(r, op)
		}
		return r.token.authorization, nil
	case <-ctx.Done():
		return "", t.ended(op, ctx.Err())
	}
}

// hold returns the token if it still works, and begins its renewal if it is
// time.
func (t *tokens) hold() (string, *renewal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.held.renew) {
		return t.held.authorization, nil
	}
	if t.renewal == nil {
		t.renewal = &renewal{done: make(chan struct{})}
		go t.renew(t.renewal)
	}
	if now.Before(t.held.end) {
		return t.held.authorization, nil
	}
	return "", t.renewal
}

func (t *tokens) renew(r *renewal) {
	fresh, err := t.request(context.Background(), "token") // for all calls, so under no caller's context

	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.held = fresh
	}
	r.token, r.err = fresh, err
	t.renewal = nil
	close(r.done)
}

// drop forgets a token that was refused, unless a newer one has come.
func (t *tokens) drop(authorization string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held.authorization == authorization {
		t.held = token{}
	}
}

// request asks for a token.
func (t *tokens) request(ctx context.Context, op string) (token, error) {
	asked := time.Now()
	reply, err := t.client.Do(ctx, Call{Op: op, Form: t.form, fresh: t.fresh, Repeatable: true, Timeout: tokenTimeout})
	if err != nil {
		return token{}, err
	}

	var access, lasts string
	err = Scan(reply.Body,
		Field{Key: "access_token", To: &access, Need: true},
		Field{Key: "expires_in", To: &lasts, Need: true, Number: true},
	)
	if err != nil {
		return token{}, t.client.Unknown(op, reply, err.Error())
	}
	seconds, err := strconv.ParseInt(lasts, 10, 64)
	if err != nil || !isAccessToken(access) {
		return token{}, t.client.Unknown(op, reply, "a field of the answer is not a token or its seconds")
	}
	life := time.Duration(min(max(seconds, 0), maxTokenLife)) * time.Second
	return token{
		authorization: "Bearer " + access,
		renew:         asked.Add(life - min(tokenMargin, life/2)),
		end:           asked.Add(life),
	}, nil
}

// isAccessToken knows what fits into a header in one piece.
func isAccessToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// failure says to one of those who waited why there is no token. Whatever became
// of the request for it, the call itself was not made.
func (t *tokens) failure(r *renewal, op string) error {
	e := verify.Error{Vendor: t.client.vendor, Outcome: verify.ErrUnavailable}
	var cause *verify.Error
	if errors.As(r.err, &cause) {
		e = *cause
	}
	e.Op = op
	if e.Outcome != verify.ErrUnauthorized && e.Outcome != verify.ErrRateLimited {
		e.Outcome = verify.ErrUnavailable
	}
	e.Detail = strings.TrimSuffix("no access token: "+e.Detail, ": ")
	return &e
}

func (t *tokens) ended(op string, err error) error {
	return &verify.Error{
		Vendor: t.client.vendor, Op: op, Outcome: verify.ErrUnavailable,
		Detail: "the call ended before there was an access token", Err: err,
	}
}

// ProbeToken gets a new access token and keeps it, or says why there is none.
// It does nothing without OAuth2.
func (c *Client) ProbeToken(ctx context.Context) error {
	if c == nil || c.tokens == nil {
		return nil
	}
	fresh, err := c.tokens.request(ctx, "probe")
	if err != nil {
		return err
	}
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	c.tokens.held = fresh
	return nil
}

// doWithToken makes one call. If its token is refused, surely nothing was done,
// and the call is made once more under a new token.
func (c *Client) doWithToken(ctx context.Context, call Call) (Reply, error) {
	deadline := time.Now().Add(c.timeoutOf(call))
	for before := 0; ; {
		authorization, err := c.tokens.get(ctx, deadline, call.Op)
		if err != nil {
			return Reply{}, err
		}
		call.Token, call.Timeout = authorization, max(time.Until(deadline), 1)
		reply, err := c.do(ctx, call)
		request := unauthorizedAt(err)
		if request == 0 || before > 0 {
			return counted(reply, err, before)
		}
		c.tokens.drop(authorization)
		if request > 1 && call.Repeatable || callctx.Replaced(ctx) { // an earlier request may have been processed
			return reply, err
		}
		before = request
	}
}

// unauthorizedAt returns the request whose credentials were refused, or zero.
func unauthorizedAt(err error) int {
	if err == nil {
		return 0
	}
	var e *verify.Error
	if errors.As(err, &e) && e.HTTPStatus == http.StatusUnauthorized {
		return e.Requests
	}
	return 0
}

// counted adds the requests that were made before.
func counted(reply Reply, err error, before int) (Reply, error) {
	reply.Requests += before
	var e *verify.Error
	if before > 0 && errors.As(err, &e) {
		e.Requests += before
	}
	return reply, err
}
