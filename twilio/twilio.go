// Package twilio sends and checks codes through Twilio Verify v2, which makes
// and checks the code itself.
//
//	client, err := twilio.New(twilio.Config{
//		AccountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
//		AuthToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
//		Service:    twilio.Service{SID: os.Getenv("TWILIO_SERVICE_SID")},
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithChannel(verify.ChannelVoice))
//	err = client.Check(ctx, "+15005550006", typed)
//
// # Scopes
//
// Twilio keeps one verification for each Service and recipient, so a scope is a
// Service of its own: see Config.Scopes.
//
// # Limits
//
// Twilio keeps a code for 10 minutes, sends it again at most 5 times and checks
// it at most 5 times (https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts).
// A second Send within that time repeats the same code. An expired, a used and
// an unknown code look the same and are ErrNotPending. Channels on which no
// person types a code (sna, auto) are not offered.
package twilio

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "twilio"

// A Client is a [verify.Verifier] and a [verify.Canceler] over Twilio Verify. It
// is safe for concurrent use.
type Client struct {
	services map[string]Service // by scope
	api      driver.API
}

var (
	_ verify.Verifier = (*Client)(nil)
	_ verify.Canceler = (*Client)(nil)
	_ verify.Prober   = (*Client)(nil)
)

// Format keeps the credentials of a Client out of every print: %s would dig them
// out of its fields.
func (Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("twilio.Client{[hidden]}")) }

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	client, err := cfg.client("verify", readError)
	if err != nil {
		return nil, err
	}
	services, err := cfg.services()
	if err != nil {
		return nil, err
	}
	c := &Client{services: services}
	c.api = driver.API{
		Client: client, Capabilities: capabilities(services), IsSubject: sameRecipient,
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: c.newCheck, ReadCheck: c.readCheck,
		NewCancel: c.newCancel, ReadCancel: c.readCancel,
	}
	return c, nil
}

// Capabilities says what the configured Services honor together. A code length
// is fixed for each scope.
func (c *Client) Capabilities() verify.Capabilities { return c.api.Capabilities }

func capabilities(services map[string]Service) verify.Capabilities {
	a := verify.Capabilities{
		Vendor:    vendor,
		Channels:  slices.Clone(channels[:]),
		MinDigits: maxDigits,
		Locale:    true,
		ClientIP:  true,
	}
	for scope, service := range services {
		if scope != "" {
			a.Scopes = append(a.Scopes, scope)
		}
		a.MinDigits = min(a.MinDigits, service.CodeLength)
		a.MaxDigits = max(a.MaxDigits, service.CodeLength)
		a.Transaction = a.Transaction || service.PSD2
	}
	slices.Sort(a.Scopes)
	if a.MinDigits == a.MaxDigits {
		a.DefaultDigits = a.MaxDigits
	}
	return a
}

// Send has Twilio make and deliver a code. A second Send within 10 minutes
// delivers the same one.
//
// The locale is a hint: if Twilio refuses the language of a template, the message
// is asked for once more without one, since surely nothing was sent.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	receipt, err := c.api.Send(ctx, to, opts...)
	if !refusesLocale(err) {
		return receipt, err
	}
	req, invalid := c.api.Capabilities.SendRequest(to, opts...)
	if invalid != nil || localeOf(req) == "" {
		return receipt, err
	}
	return c.api.Send(ctx, to, append(slices.Clone(opts), verify.WithLocale(""))...)
}

// Check asks Twilio whether code is right. Only the status "approved" is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Cancel makes a pending code worthless and frees the recipient's limits. It
// returns nil if nothing is pending.
func (c *Client) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	return c.api.Cancel(ctx, to, opts...)
}

// Fetch returns the verification that is pending for a recipient in a scope, or
// an error matching ErrNotPending. Twilio answers at most 60 fetches a minute
// for each (https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts).
func (c *Client) Fetch(ctx context.Context, to string, opts ...verify.CheckOption) (Verification, error) {
	req, err := c.api.Capabilities.SubjectRequest("fetch", to, opts...)
	if err != nil {
		return Verification{}, err
	}
	service := c.services[req.Scope]
	reply, err := c.api.Client.Do(ctx, driver.Call{
		Op: "fetch", Method: http.MethodGet, Route: oneRoute, Args: []string{service.SID, req.To}, Repeatable: true,
	})
	if err != nil {
		return Verification{}, err
	}
	v, err := read(reply, service, req.To)
	if err != nil {
		return Verification{}, c.api.Client.Unknown("fetch", reply, err.Error())
	}
	return v.public(), nil
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (c *Client) Close() error { return c.api.Close() }

// Warm opens a connection ahead of a Send, as [verify.Warmer] says. It does nothing
// through a proxy, and nothing if Config.HTTPClient brings a transport.
func (c *Client) Warm(ctx context.Context) error { return c.api.Warm(ctx) }
