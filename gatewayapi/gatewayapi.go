// Package gatewayapi delivers messages through GatewayAPI, which neither makes
// nor checks codes: package otp does, over a [Client].
//
//	messenger, err := gatewayapi.New(gatewayapi.Config{
//		Token:  os.Getenv("GATEWAYAPI_TOKEN"),
//		Region: "eu",
//		Sender: "Acme",
//	})
//	verifier, err := otp.New(otp.Config{
//		Messenger: messenger,
//		Store:   new(otp.MemoryStore),
//		Keys:    [][]byte{key},
//	})
//	receipt, err := verifier.Send(ctx, "+15005550006")
//	err = verifier.Check(ctx, "+15005550006", typed)
//
// # Two APIs
//
// The Messaging API (https://gatewayapi.com/docs/message/overview/) is the
// default; Config.Classic chooses the older REST API
// (https://gatewayapi.com/docs/apis/rest/), which takes a signature in place of
// a token. Each stands on two platforms, com and eu, whose accounts are apart.
//
// # Limits
//
// GatewayAPI takes at most 40 connections from one address at once and refuses
// others (https://gatewayapi.com/docs/apis/rest/): who sends more brings a
// Config.HTTPClient whose transport limits MaxConnsPerHost. Neither API knows a
// message again that is sent twice. A message that was accepted is not yet
// delivered; it is dropped when its code expires, but the REST API tries for a
// minute at least.
package gatewayapi

import (
	"context"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

const vendor = "gatewayapi"

// A Client is an [otp.Messenger] over GatewayAPI. It is safe for concurrent use.
type Client struct {
	rest         *driver.Client
	account      driver.Config // of the road to the account's balance
	settings     settings
	capabilities verify.Capabilities
}

var _ otp.Messenger = (*Client)(nil)

// Format keeps the credentials of a Client out of every print.
func (Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("gatewayapi.Client{[hidden]}")) }

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	cfg.Classic = cfg.classic()
	authorization, sign, err := cfg.credentials()
	if err != nil {
		return nil, err
	}
	settings, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	config := driver.Config{
		Vendor:    vendor,
		BaseURL:   base,
		Client:    cfg.HTTPClient,
		Sign:      sign,
		ReadError: refused,
	}
	if sign == nil {
		config.Header = map[string]string{authorizationHeader: authorization}
	}
	c, err := driver.New(config)
	if err != nil {
		return nil, fmt.Errorf("gatewayapi: %w", err)
	}
	return &Client{
		rest: c, account: cfg.account(config), settings: settings,
		capabilities: verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}},
	}, nil
}

// Capabilities says that messages go by sms.
func (c *Client) Capabilities() verify.Capabilities { return c.capabilities }

// Deliver has GatewayAPI deliver a message and returns its id. It reads the
// options of this package from m.Request.
func (c *Client) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := c.capabilities.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	s, refusal := c.settings.with(m)
	if refusal != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: refusal}
	}

	reply, err := c.rest.Do(ctx, driver.Call{Op: "send", Route: s.route(), JSON: s.body(m)})
	if err != nil {
		return "", err
	}

	id, doubt := s.read(reply.Body, m)
	if doubt != "" {
		return "", c.rest.Unknown("send", reply, doubt)
	}
	return id, nil
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (c *Client) Close() error { return c.rest.Close() }
