// Package bandwidth sends and checks codes through Bandwidth's MFA API, which
// makes and checks the code itself.
//
//	client, err := bandwidth.New(bandwidth.Config{
//		AccountID:        os.Getenv("BANDWIDTH_ACCOUNT_ID"),
//		ClientID:         os.Getenv("BANDWIDTH_CLIENT_ID"),
//		ClientSecret:     os.Getenv("BANDWIDTH_CLIENT_SECRET"),
//		SMSApplicationID: os.Getenv("BANDWIDTH_SMS_APPLICATION_ID"),
//		From:             "+15017122661",
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithDigits(8))
//	err = client.Check(ctx, "+15005550006", typed)
//
// # Scopes
//
// Bandwidth keeps codes apart by scope itself, at most 25 characters of it. It
// calls the empty scope "2FA", so that name is refused.
//
// # Limits
//
// A code has no lifetime of its own: each check says how old a code may be, see
// Config.Expiry. A second Send makes another code, and the first one may work
// until it is as old. A wrong, an expired and an unknown code look the same and
// are ErrMismatch. After too many wrong codes Bandwidth checks no more of a number
// for about two minutes, which is ErrTooManyAttempts
// (https://dev.bandwidth.com/docs/mfa/errors). Whether it accepts a code twice
// is not documented.
//
// # Credentials
//
// Bandwidth ends user names and passwords on 2026-12-02
// (https://dev.bandwidth.com/docs/account/credentials/management): use an API
// credential, ClientID and ClientSecret. Its access token is kept for as long as
// it lasts, and renewed once for all calls.
package bandwidth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

const vendor = "bandwidth"

// A Client is a [verify.Verifier] over Bandwidth's MFA API. It is safe for
// concurrent use.
type Client struct {
	rest      *rest.Client
	tokens    *tokens // nil with a user name and a password
	settings  *settings
	abilities verify.Capabilities
}

var _ verify.Verifier = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	authorization, err := cfg.credentials()
	if err != nil {
		return nil, err
	}
	settings, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	config := rest.Config{
		Vendor:    vendor,
		BaseURL:   cmp.Or(cfg.BaseURL, "https://mfa.bandwidth.com/api/v1"),
		Client:    cfg.HTTPClient,
		RequestID: "X-Amzn-Requestid",
		Refused:   refused,
	}
	if !cfg.oauth() {
		config.Header = map[string]string{"Authorization": authorization}
	}
	c, err := rest.New(config)
	if err != nil {
		return nil, fmt.Errorf("bandwidth: %w", err)
	}
	client := &Client{rest: c, settings: settings, abilities: abilities(settings)}
	if cfg.oauth() {
		client.tokens, err = newTokens(cfg, authorization)
	}
	if err != nil {
		return nil, err
	}
	return client, nil
}

// Format keeps the credentials and the token of a Client out of every print.
func (Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("bandwidth.Client{[hidden]}")) }

// Capabilities says what the configured applications honor.
func (c *Client) Capabilities() verify.Capabilities { return c.abilities }

func abilities(s *settings) verify.Capabilities {
	a := verify.Capabilities{
		Vendor:        vendor,
		MinDigits:     minDigits,
		MaxDigits:     maxDigits,
		DefaultDigits: defaultDigits,
		MaxScope:      maxScope,
	}
	for _, channel := range channels {
		if s.applications[channel] != "" {
			a.Channels = append(a.Channels, channel)
		}
	}
	return a
}

// Send has Bandwidth make and deliver a code. A second Send delivers another
// one.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := c.abilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	body, refusal := c.settings.codeBody(req)
	if refusal != "" {
		return verify.Receipt{}, unsupported("send", refusal)
	}

	begun := time.Now()
	reply, err := c.do(ctx, rest.Call{
		Op: "send", Route: codeRoute(req.Channel), Args: []string{c.settings.account}, JSON: body,
	})
	if err != nil {
		return verify.Receipt{}, err
	}

	id, err := c.readCode(reply, req.Channel)
	if err != nil {
		return verify.Receipt{}, err
	}
	return verify.Receipt{
		ID: id, Vendor: vendor, Channel: req.Channel,
		Digits: req.Digits, ExpiresAt: begun.Add(c.settings.expiry), Requests: reply.Requests,
	}, nil
}

// Check asks Bandwidth whether code is right. Only a valid of true is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := c.abilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	body, refusal := c.settings.verifyBody(req)
	if refusal != "" {
		return unsupported("check", refusal)
	}

	reply, err := c.do(ctx, rest.Call{
		Op: "check", Route: verifyRoute, Args: []string{c.settings.account}, JSON: body,
		Repeatable: true,
	})
	if err != nil {
		return err
	}

	valid, err := c.readVerify(reply)
	if err != nil {
		return err
	}
	return c.verdict(reply, valid)
}

// verdict turns the answer to a check into yes or no.
func (c *Client) verdict(reply rest.Reply, valid bool) error {
	switch {
	case valid:
		return nil
	case reply.Repeated:
		return c.rest.Unknown("check", reply, "the answer to an earlier try was lost: it may have been an approval")
	}
	return &verify.Error{
		Vendor: vendor, Op: "check", Outcome: verify.ErrMismatch,
		Detail:     "Bandwidth answers a wrong, an old and an unknown code alike",
		HTTPStatus: reply.Status, RequestID: reply.RequestID, Requests: reply.Requests,
	}
}

func unsupported(op, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnsupported, Detail: detail}
}

// Close closes idle connections of the client's own transports, and nothing that
// Config.HTTPClient brought. A renewal of the token that is under way ends by
// itself, within 5 seconds.
func (c *Client) Close() error {
	if c.tokens == nil {
		return c.rest.Close()
	}
	return errors.Join(c.rest.Close(), c.tokens.rest.Close())
}
