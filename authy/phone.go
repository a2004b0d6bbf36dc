package authy

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Phone is a [verify.Verifier] over Authy's phone verification, which needs
// nobody registered and knows no scopes. It is safe for concurrent use.
type Phone struct{ api driver.API }

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
	return &Phone{driver.API{
		Client: c,
		Capabilities: verify.Capabilities{
			Vendor: vendor, Channels: channels(), Locale: true,
			MinDigits: minDigits, MaxDigits: mostDigits, DefaultDigits: cfg.Digits,
		},
		NewSend: newStart, ReadSend: readStart, NewCheck: newPhoneCheck, ReadCheck: readPhoneCheck,
	}}, nil
}

// Capabilities says what Send and Check honor.
func (p *Phone) Capabilities() verify.Capabilities { return p.api.Capabilities }

// Send has Authy make and deliver a code. A second Send within 10 minutes
// delivers the same one, even if it asks for another length.
func (p *Phone) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return p.api.Send(ctx, to, opts...)
}

func newStart(send driver.Send) (driver.Call, error) {
	via := "sms"
	if send.Channel == verify.ChannelVoice {
		via = "call"
	}
	country, number := split(send.To)
	form := make(driver.Form, 0, 96)
	form.Add("via", via)
	form.Add("country_code", country)
	form.Add("phone_number", number)
	form.Add("code_length", strconv.Itoa(send.Digits))
	if locale := localeName(send.Locale); locale != "" {
		form.Add("locale", locale)
	}
	return driver.Call{Route: startRoute, Form: form}, nil
}

func readStart(_ driver.Send, reply driver.Reply) (verify.Receipt, error) {
	a, err := readStarted(reply.Body)
	switch {
	case err != nil:
		return verify.Receipt{}, err
	case !a.success:
		return verify.Receipt{}, noIn("send", reply)
	}
	return verify.Receipt{ID: a.uuid, ExpiresAt: a.expiry(reply.Began)}, nil
}

// Check asks Authy whether code is right. Only success true is a yes.
func (p *Phone) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return doubted(p.api.Check(ctx, to, code, opts...))
}

func newPhoneCheck(check driver.Check) (driver.Call, error) {
	country, number := split(check.To)
	q := make(driver.Form, 0, 96)
	q.Add("country_code", country)
	q.Add("phone_number", number)
	q.Add("verification_code", check.Code)
	return driver.Call{Method: "GET", Route: checkRoute, Query: q}, nil
}

func readPhoneCheck(_ driver.Check, reply driver.Reply) (driver.Verdict, error) {
	a, err := readChecked(reply.Body)
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case a.success && a.refused:
		return driver.Verdict{}, errContradiction
	case a.success:
		return driver.Approved(""), nil
	}
	return driver.Failed(noIn("check", reply)), nil
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (p *Phone) Close() error { return p.api.Close() }

// Warm opens a connection ahead of a Send, as [verify.Warmer] says. It does nothing
// through a proxy, and nothing if Config.HTTPClient brings a transport.
func (p *Phone) Warm(ctx context.Context) error { return p.api.Warm(ctx) }
