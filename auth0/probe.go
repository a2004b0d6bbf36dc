package auth0

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const policyRoute = "/api/v2/guardian/policies" // https://auth0.com/docs/api/management/v2/guardian/get-policies

// Probe asks for tokens without a recipient and a code, so it is nobody's attempt.
// Auth0 looks at the application and its grants first, and then says what is
// missing, which is the answer hoped for.
//
// If the application may read the tenant's policy of second factors, Probe says with
// the VendorCode mfa_required that it is Always, for which it gets a token for the
// Management API once a day. Otherwise, and where Domain is a custom one, it does not
// look, and never at an Action that asks for a factor. Whether a connection delivers
// only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	if c.tenant == nil {
		return c.api.Probe(ctx, driver.Call{}, nil, "")
	}
	form, err := c.tenant.form(grantPasswordless)
	if err != nil {
		return err
	}
	err = c.api.Probe(ctx, driver.Call{Route: tokenRoute, Form: form}, func(e *verify.Error) bool {
		return e.VendorCode == "invalid_request" || e.VendorCode == "invalid_grant"
	}, "a request for tokens without a code was answered with some: check BaseURL")
	if err != nil {
		return err
	}
	policies, err := c.policies(ctx)
	if err != nil || !slices.Contains(policies, "all-applications") {
		return err
	}
	return &verify.Error{
		Vendor: vendor, Op: "probe", Outcome: verify.ErrRejected, VendorCode: "mfa_required",
		Detail: "the tenant demands a second factor of everybody, so that no code alone is approved: see Security, Multi-factor Auth",
	}
}

// A pass is a token for the Management API. One is kept as long as it works, since
// each counts as one between machines.
type pass struct {
	token string
	until time.Time
}

// policies returns nothing if the application may not read them.
func (c *Client) policies(ctx context.Context) ([]string, error) {
	p := c.pass.Load()
	if p == nil || !time.Now().Before(p.until) {
		var err error
		if p, err = c.tenant.newPass(ctx); err != nil {
			return nil, unlessRefused(err)
		}
		c.pass.Store(p)
	}
	reply, err := c.tenant.api.Do(ctx, driver.Call{
		Op: "probe", Method: http.MethodGet, Route: policyRoute, Token: driver.Bearer(p.token), Repeatable: true,
	})
	if err != nil {
		if verify.OutcomeOf(err) == verify.ErrUnauthorized {
			c.pass.Store(nil) // it was taken back
		}
		return nil, unlessRefused(err)
	}
	var policies []string
	if json.Unmarshal(reply.Body, &policies) != nil {
		return nil, c.tenant.api.Unknown("probe", reply, "the policy of second factors is not a list of words")
	}
	return policies, nil
}

func (t *tenant) newPass(ctx context.Context) (*pass, error) {
	form, err := t.form("client_credentials", "audience", "https://"+t.cfg.Domain+"/api/v2/")
	if err != nil {
		return nil, err
	}
	began := time.Now()
	reply, err := t.api.Do(ctx, driver.Call{Op: "probe", Route: tokenRoute, Form: form, Repeatable: true})
	if err != nil {
		return nil, err
	}
	tokens, err := readTokens(reply)
	if err != nil {
		return nil, t.api.Unknown("probe", reply, err.Error())
	}
	return &pass{tokens.AccessToken, began.Add(tokens.ExpiresIn - time.Minute)}, nil
}

// unlessRefused drops what Auth0 answers to an application that may not ask.
func unlessRefused(err error) error {
	var e *verify.Error
	if errors.As(err, &e) && (e.HTTPStatus == http.StatusUnauthorized || e.HTTPStatus == http.StatusForbidden) {
		return nil
	}
	return err
}
