package twilio

import (
	"context"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// A Messaging is an [otp.Messenger] over Twilio's Programmable Messaging, for codes
// that package otp makes and checks. It sends by sms and is safe for concurrent
// use.
//
//	messenger, err := twilio.NewMessaging(twilio.MessagingConfig{
//		AccountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
//		AuthToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
//		From:       "+15017122661",
//	})
//	verifier, err := otp.New(otp.Config{Messenger: messenger /* ... */})
type Messaging struct {
	rest         *driver.Client
	account      string
	from         string
	service      string // of Messaging, not of Verify
	capabilities verify.Capabilities
}

var _ otp.Messenger = (*Messaging)(nil)

// Format keeps the credentials of a Messaging out of every print.
func (Messaging) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("twilio.Messaging{[hidden]}")) }

// NewMessaging checks cfg and makes a messenger. It does no I/O. Its errors name
// the field at fault and never its value.
func NewMessaging(cfg MessagingConfig) (*Messaging, error) {
	user, password, err := cfg.credentials()
	if err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	c, err := driver.New(driver.Config{
		Vendor:    vendor,
		BaseURL:   base,
		Client:    cfg.HTTPClient,
		Header:    map[string]string{"Authorization": driver.Basic(user, password)},
		RequestID: "Twilio-Request-Id",
		ReadError: refusedMessage,
	})
	if err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	return &Messaging{
		rest: c, account: cfg.AccountSID, from: cfg.From, service: cfg.MessagingServiceSID,
		capabilities: verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}},
	}, nil
}

// Capabilities says that messages go by sms.
func (c *Messaging) Capabilities() verify.Capabilities { return c.capabilities }

// Deliver has Twilio deliver a message and returns its SID: "SM" or "MM" and 32
// hexadecimal digits. A message that Twilio could not pass on before its code
// expires is dropped.
func (c *Messaging) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := c.capabilities.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	form, refusal := c.form(m)
	if refusal != "" {
		return "", unsupported("send", refusal)
	}

	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "send", Route: messagesRoute, Args: []string{c.account}, Form: form,
	})
	if err != nil {
		return "", err
	}

	a, err := c.read(reply, m.To)
	if err != nil {
		return "", err
	}
	if err := c.verdict(reply, a); err != nil {
		return "", err
	}
	return a.id(), nil
}

// verdict turns the status of a new message into accepted or not.
func (c *Messaging) verdict(reply driver.Reply, a messageAnswer) error {
	kind, known := acceptances[string(a.status)]
	switch {
	case !known:
		return c.rest.Unknown("send", reply, "the status of the message is not that of a new one")
	case kind == "" && a.code != "":
		return c.rest.Unknown("send", reply, "the answer contradicts itself")
	case kind == "":
		return nil
	}
	return &verify.Error{
		Vendor: vendor, Op: "send", Outcome: kind, Detail: "Twilio could not pass the message on",
		HTTPStatus: reply.Status, VendorCode: a.errorCode(), RequestID: reply.RequestID, Requests: reply.Requests,
	}
}

// Close closes idle connections of the messenger's own transport, and nothing that
// MessagingConfig.HTTPClient brought.
func (c *Messaging) Close() error { return c.rest.Close() }
