package authy

import (
	"context"
	"fmt"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Phone is a [verify.Verifier] over Authy's phone verification, which needs
// nobody registered and knows no scopes. It is safe for concurrent use.
type Phone struct {
	rest         *driver.Client
	capabilities verify.Capabilities
}

var _ verify.Verifier = (*Phone)(nil)

// Format keeps the key of a Phone out of every print.
func (Phone) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("authy.Phone{[hidden]}")) }

// NewPhone checks cfg and makes a client. It does no I/O. Its errors name the
// field at fault and never its value.
func NewPhone(cfg Config) (*Phone, error) {
	cfg, err := cfg.forPhone()
	if err != nil {
		return nil, err
	}
	c, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	return &Phone{rest: c, capabilities: verify.Capabilities{
		Vendor:        vendor,
		Channels:      channels(),
		MinDigits:     minDigits,
		MaxDigits:     mostDigits,
		DefaultDigits: cfg.Digits,
		Locale:        true,
	}}, nil
}

// Capabilities says what Send and Check honor.
func (p *Phone) Capabilities() verify.Capabilities { return p.capabilities }

// Send has Authy make and deliver a code. A second Send within 10 minutes
// delivers the same one, even if it asks for another length.
func (p *Phone) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := p.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}

	reply, err := p.rest.Do(ctx, driver.Call{Op: "send", Route: startRoute, Form: startForm(req)})
	if err != nil {
		return verify.Receipt{}, err
	}

	a, err := readStarted(reply.Body)
	switch {
	case err != nil:
		return verify.Receipt{}, p.rest.Unknown("send", reply, err.Error())
	case !a.success:
		return verify.Receipt{}, failure("send", reply)
	}
	return verify.Receipt{
		ID: a.uuid, Vendor: vendor, Channel: req.Channel, Digits: req.Digits,
		ExpiresAt: a.expiry(time.Now()), Requests: reply.Requests,
	}, nil
}

// Check asks Authy whether code is right. Only success true is a yes.
func (p *Phone) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := p.capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}

	reply, err := p.rest.Do(ctx, driver.Call{
		Op: "check", Method: "GET", Route: checkRoute, Query: checkQuery(req), Repeatable: true,
	})
	if err != nil {
		return doubted(err)
	}

	return p.verdict(reply)
}

// verdict turns the answer to a check into yes or no.
func (p *Phone) verdict(reply driver.Reply) error {
	a, err := readChecked(reply.Body)
	switch {
	case err != nil:
		return p.rest.Unknown("check", reply, err.Error())
	case a.success && a.refused:
		return p.rest.Unknown("check", reply, "the answer contradicts itself")
	case a.success:
		return nil
	case reply.Repeated:
		return p.rest.Unknown("check", reply, lostAnswer)
	}
	return failure("check", reply)
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (p *Phone) Close() error { return p.rest.Close() }
