// Package email delivers one-time codes by e-mail, over SMTP.
//
//	messenger, err := email.New(email.Config{
//		Host: "smtp.example.com", Username: user, Password: password,
//		From: "Acme <login@example.com>",
//	})
//	engine, err := otp.New(otp.Config{Messenger: messenger, Store: store, Keys: keys})
//	receipt, err := engine.Send(ctx, "a@example.com")
//
// From one line of configuration, package vendors does the same, since the settings
// of a Config have tags:
//
//	v, err := vendors.Open(dsn, vendors.With("smtp", email.New))
//
// # An address is no authenticator
//
// NIST SP 800-63B-4 section 3.1.3.1 does not accept e-mail as a second factor: a
// code sent there proves that somebody reads the mailbox, which often takes no
// more than a password.
//
// # The mail
//
// Plain text, one recipient, marked as automatic (RFC 3834) so that nobody's
// absence note answers it. Its Message-ID is the reference of the send, and so
// is the id in the receipt: look for it in the server's log. The code stands in
// the text only, never in the subject, which locked phones show.
//
// # The connection
//
// TLS 1.2 or newer with a certificate that is checked, or no mail at all; only a
// server on loopback may go without. Each mail has a connection of its own, and
// 15 seconds, or what its caller's context leaves. Servers that take no password
// any more take an OAuth2 token: see [Config].Token.
//
// # What is known when it fails
//
// Until the text is on its way surely nothing was sent. After that only a reply
// of the server counts: 250 is a yes and 4xx and 5xx are a no, but silence, a
// lost connection or anything else is [verify.ErrOutcomeUnknown]. Accepted mail
// may still bounce; nobody tells us.
package email

import (
	"context"
	"fmt"
	"net/mail"
	"os"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

const vendor = "smtp"

// A Messenger sends each message as one mail. It is safe for concurrent use.
type Messenger struct {
	cfg  Config
	from *mail.Address
}

var (
	_ otp.Messenger = (*Messenger)(nil)
	_ verify.Prober = (*Messenger)(nil)
)

// New returns a Messenger, or says which field of cfg is at fault. It makes no
// connection.
func New(cfg Config) (*Messenger, error) {
	cfg = cfg.withDefaults()
	from, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	if cfg.Hello == "" {
		name, _ := os.Hostname() // without one there is the domain of From
		cfg.Hello = greeting(name, from)
	}
	return &Messenger{cfg, from}, nil
}

// Format keeps the password out of every print.
func (*Messenger) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("email.Messenger{[hidden]}")) }

// Capabilities says that there is e-mail, and that the locale chooses the
// subject.
func (*Messenger) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelEmail}, Locale: true}
}

// Deliver sends one mail and returns its Message-ID. Of the hints it uses the
// locale, for the subject.
//
// Its error matches [verify.ErrInvalidRecipient] if the server knows no such
// mailbox or the mailbox takes no mail now, [verify.ErrRejected] if the server
// refuses this mail, and [verify.ErrUnauthorized] if it refuses the credentials,
// From or Hello; [verify.ErrUnavailable] if it cannot be reached, is not to be
// trusted, or asks everybody to come back later.
func (c *Messenger) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if c.from == nil {
		return "", notMade("send")
	}
	id, kind, detail := c.id(m)
	if kind != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: kind, Detail: detail}
	}
	if err := ctx.Err(); err != nil {
		return "", &verify.Error{
			Vendor: vendor, Op: "send", Outcome: verify.ErrUnavailable, Err: err,
			Detail: "the context was done before anything was sent",
		}
	}
	content, err := c.compose(m, id)
	if err != nil {
		return "", &verify.Error{
			Vendor: vendor, Op: "send", Outcome: verify.ErrUnavailable, Detail: "the mail could not be written",
		}
	}
	if err := c.deliver(ctx, m.To, content); err != nil {
		err.RequestID = id
		return "", err
	}
	return id, nil
}

// Probe asks the server whether it would take a mail from From to From, and goes:
// no mail is sent. Its errors are those of Deliver. Only a mail can tell whether a
// mailbox can be reached.
func (c *Messenger) Probe(ctx context.Context) error {
	if c.from == nil {
		return notMade("probe")
	}
	// A nil *verify.Error must not become an error.
	if err := c.visit(ctx, "probe", c.ask); err != nil {
		return err
	}
	return nil
}

// notMade refuses the calls of a Messenger that New did not make.
func notMade(op string) *verify.Error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: verify.ErrUnsupported, Detail: "the messenger was not made by New"}
}
