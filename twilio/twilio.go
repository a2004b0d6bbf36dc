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
	"errors"
	"fmt"
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "twilio"

// A Client is a [verify.Verifier] and a [verify.Canceler] over Twilio Verify. It
// is safe for concurrent use.
type Client struct {
	rest         *driver.Client
	services     map[string]Service // by scope
	capabilities verify.Capabilities
}

var (
	_ verify.Verifier = (*Client)(nil)
	_ verify.Canceler = (*Client)(nil)
)

// Format keeps the credentials of a Client out of every print: %s would dig them
// out of its fields.
func (Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("twilio.Client{[hidden]}")) }

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	user, password, err := cfg.credentials()
	if err != nil {
		return nil, err
	}
	services, err := cfg.services()
	if err != nil {
		return nil, err
	}
	base, err := cfg.base("verify")
	if err != nil {
		return nil, err
	}
	c, err := driver.New(driver.Config{
		Vendor:    vendor,
		BaseURL:   base,
		Client:    cfg.HTTPClient,
		Header:    map[string]string{"Authorization": driver.Basic(user, password)},
		RequestID: "Twilio-Request-Id",
		ReadError: refused,
	})
	if err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	return &Client{rest: c, services: services, capabilities: capabilities(services)}, nil
}

// Capabilities says what the configured Services honor together. A code length
// is fixed for each scope.
func (c *Client) Capabilities() verify.Capabilities { return c.capabilities }

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
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := c.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	service := c.services[req.Scope]
	form, refusal := createForm(req, service)
	if refusal != "" {
		return verify.Receipt{}, unsupported("send", refusal)
	}

	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "send", Route: createRoute, Args: []string{service.SID}, Form: form,
	})
	if err != nil {
		return verify.Receipt{}, err
	}

	v, err := c.read("send", reply, service, req.To)
	if err != nil {
		return verify.Receipt{}, err
	}
	if string(v.status) != "pending" {
		return verify.Receipt{}, c.rest.Unknown("send", reply, "the verification is not pending after all")
	}
	return verify.Receipt{
		ID: v.id(), Vendor: vendor, Channel: v.traveled(req.Channel),
		Digits: service.CodeLength, Requests: reply.Requests,
	}, nil
}

// Check asks Twilio whether code is right. Only the status "approved" is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := c.capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	service := c.services[req.Scope]
	if refusal := service.refuse(req.Transaction); refusal != "" {
		return unsupported("check", refusal)
	}

	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "check", Route: checkRoute, Args: []string{service.SID}, Form: checkForm(req),
		Repeatable: true,
	})
	if err != nil {
		return err
	}

	v, err := c.read("check", reply, service, req.To)
	if err != nil {
		return err
	}
	return c.verdict(reply, v)
}

// verdict turns the answer to a check into yes or no.
func (c *Client) verdict(reply driver.Reply, v verification) error {
	kind, known := verdicts[string(v.status)]
	switch {
	case !known:
		return c.rest.Unknown("check", reply, "the status of the verification is not one we know")
	case v.valid != nil && *v.valid != (kind == ""):
		return c.rest.Unknown("check", reply, "the answer contradicts itself")
	case kind == "":
		return nil
	case reply.Repeated && kind != verify.ErrMismatch:
		return c.rest.Unknown("check", reply, "the answer to an earlier try was lost: it may have been an approval")
	}
	return &verify.Error{
		Vendor: vendor, Op: "check", Outcome: kind,
		HTTPStatus: reply.Status, RequestID: reply.RequestID, Requests: reply.Requests,
	}
}

// Cancel makes a pending code worthless and frees the recipient's limits. It
// returns nil if nothing is pending.
func (c *Client) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := c.capabilities.SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	service := c.services[req.Scope]

	var form driver.Form
	form.Add("Status", "canceled")
	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "cancel", Route: oneRoute, Args: []string{service.SID, req.To}, Form: form,
		Repeatable: true,
	})
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}

	v, err := c.read("cancel", reply, service, req.To)
	if err == nil && string(v.status) != "canceled" {
		err = c.rest.Unknown("cancel", reply, "the verification is not canceled after all")
	}
	return err
}

// Fetch returns the verification that is pending for a recipient in a scope, or
// an error matching ErrNotPending. Twilio answers at most 60 fetches a minute
// for each (https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts).
func (c *Client) Fetch(ctx context.Context, to string, opts ...verify.CheckOption) (Verification, error) {
	req, err := c.capabilities.SubjectRequest("fetch", to, opts...)
	if err != nil {
		return Verification{}, err
	}
	service := c.services[req.Scope]

	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "fetch", Method: "GET", Route: oneRoute, Args: []string{service.SID, req.To},
		Repeatable: true,
	})
	if err != nil {
		return Verification{}, err
	}

	v, err := c.read("fetch", reply, service, req.To)
	if err != nil {
		return Verification{}, err
	}
	return v.public(), nil
}

// isGone knows the answer that nothing is pending, after an ambiguous try too.
func isGone(err error) bool {
	var e *verify.Error
	return errors.As(err, &e) && e.VendorCode == codeNotFound
}

func unsupported(op, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnsupported, Detail: detail}
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (c *Client) Close() error { return c.rest.Close() }
