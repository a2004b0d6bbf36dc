package bandwidth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

const (
	tokenTime = 5 * time.Second // leaves a call half of its time
	margin    = time.Minute     // how long before its end a token is renewed, as in Bandwidth's own libraries
	mostLife  = 24 * 60 * 60    // seconds that a token is believed to last
)

// The tokens of a client are one access token that all its calls share, and the
// next one.
type tokens struct {
	rest *rest.Client

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

func newTokens(cfg Config, authorization string) (*tokens, error) {
	c, err := rest.New(rest.Config{
		Vendor:  vendor,
		BaseURL: cfg.tokenURL(),
		Client:  cfg.HTTPClient,
		Header:  map[string]string{"Authorization": authorization},
		Refused: tokenRefused,
	})
	if err != nil {
		return nil, fmt.Errorf("bandwidth: TokenURL: %w", err)
	}
	return &tokens{rest: c}, nil
}

// get returns the Authorization for a call. It waits for a renewal only if no
// token is left, and the renewal goes on if the caller gives up.
func (t *tokens) get(ctx context.Context, deadline time.Time, op string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", ended(op, err)
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
			return "", r.failure(op)
		}
		return r.token.authorization, nil
	case <-ctx.Done():
		return "", ended(op, ctx.Err())
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

// refuse drops a token, unless a newer one has come.
func (t *tokens) refuse(authorization string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held.authorization == authorization {
		t.held = token{}
	}
}

// request asks for a token.
func (t *tokens) request(ctx context.Context, op string) (token, error) {
	var form rest.Form
	form.Add("grant_type", "client_credentials")
	asked := time.Now()
	reply, err := t.rest.Do(ctx, rest.Call{
		Op: op, Form: form, Repeatable: true, Timeout: tokenTime,
	})
	if err != nil {
		return token{}, err
	}

	var access, lasts string
	err = rest.Scan(reply.Body,
		rest.Field{Key: "access_token", To: &access, Need: true},
		rest.Field{Key: "expires_in", To: &lasts, Need: true, Number: true},
	)
	if err != nil {
		return token{}, t.rest.Unknown(op, reply, err.Error())
	}
	seconds, err := strconv.ParseInt(lasts, 10, 64)
	if err != nil || !isToken(access) {
		return token{}, t.rest.Unknown(op, reply, "a field of the answer is not a token or its seconds")
	}
	life := time.Duration(min(max(seconds, 0), mostLife)) * time.Second
	return token{
		authorization: "Bearer " + access,
		renew:         asked.Add(life - min(margin, life/2)),
		end:           asked.Add(life),
	}, nil
}

// isToken knows what fits into a header in one piece.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// failure tells one of those who waited why there is no token. Whatever became
// of the request for it, the call itself was not made.
func (r *renewal) failure(op string) error {
	e := verify.Error{Vendor: vendor, Outcome: verify.ErrUnavailable}
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

func ended(op string, err error) error {
	return &verify.Error{
		Vendor: vendor, Op: op, Outcome: verify.ErrUnavailable,
		Detail: "the call ended before there was an access token", Err: err,
	}
}
