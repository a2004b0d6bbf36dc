package authy

import (
	"context"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Users is a [verify.Verifier] over the users of an Authy application. A person
// is registered once, by Register. It is safe for concurrent use.
type Users struct {
	rest         *driver.Client
	directory    Directory
	force        bool
	messages     map[string]string // of actions, by scope
	capabilities verify.Capabilities

	key         []byte // signs callbacks
	callbackURL string
	nonces      Nonces
}

var _ verify.Verifier = (*Users)(nil)

// Format keeps the key of Users out of every print.
func (Users) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("authy.Users{[hidden]}")) }

// NewUsers checks cfg and makes a client. It does no I/O. Its errors name the
// field at fault and never its value.
func NewUsers(cfg Config) (*Users, error) {
	cfg, err := cfg.forUsers()
	if err != nil {
		return nil, err
	}
	c, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	messages := make(map[string]string, len(cfg.ActionMessages))
	for scope, message := range cfg.ActionMessages {
		messages[scope] = message
	}
	return &Users{
		rest:      c,
		directory: cfg.Directory,
		force:     cfg.ForceSMS,
		messages:  messages,
		capabilities: verify.Capabilities{
			Vendor:        vendor,
			Channels:      channels(),
			MinDigits:     cfg.Digits,
			MaxDigits:     cfg.Digits,
			DefaultDigits: cfg.Digits,
			MaxScope:      maxScope,
			Locale:        true,
		},
		key:         []byte(cfg.APIKey),
		callbackURL: cfg.CallbackURL,
		nonces:      cfg.Nonces,
	}, nil
}

// Capabilities says what Send and Check honor. Any scope is accepted: it is
// Authy's action.
func (u *Users) Capabilities() verify.Capabilities { return u.capabilities }

// Send has Authy deliver a code by SMS or call, or ask the person to open the
// app, where the code is: then the receipt's channel is [verify.ChannelApp] and
// nothing was sent. With Config.ForceSMS, and in a scope, it is never the app.
func (u *Users) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := u.capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	id, err := u.authyID(ctx, "send", req.To, verify.ErrInvalidRecipient)
	if err != nil {
		return verify.Receipt{}, err
	}
	forced := u.force || req.Scope != "" // a code of the app would be good in every scope

	reply, err := u.rest.Do(ctx, driver.Call{
		Op: "send", Method: "GET", Route: tokenRoute(req.Channel), Args: []string{id},
		Query: u.sendQuery(req, forced),
	})
	if err != nil {
		return verify.Receipt{}, err
	}

	channel, err := u.traveled(reply, req.Channel, forced)
	if err != nil {
		return verify.Receipt{}, err
	}
	return verify.Receipt{
		Vendor: vendor, Channel: channel, Digits: req.Digits, Requests: reply.Requests,
	}, nil
}

// traveled reads the answer to a send. Authy says success even when nothing was
// sent.
func (u *Users) traveled(reply driver.Reply, asked verify.Channel, forced bool) (verify.Channel, error) {
	a, err := readSent(reply.Body)
	switch {
	case err != nil:
		return "", u.rest.Unknown("send", reply, err.Error())
	case !a.success:
		return "", failure("send", reply)
	case a.ignored && forced:
		return "", u.rest.Unknown("send", reply, "a forced message was ignored all the same")
	case a.ignored:
		return verify.ChannelApp, nil
	case a.cellphone == "":
		// Seen where no message left, but known from its prose only: too little
		// to promise that another vendor may send.
		return "", u.rest.Unknown("send", reply, "the answer names no phone: most likely nothing was sent")
	}
	return asked, nil
}

// Check asks Authy whether code is right: a code it sent, or one of the app.
// Only the token "is valid" with success is a yes. It always insists, by
// force=true: without it Authy approves anything until a person has confirmed a
// code once (https://github.com/twilio/authy-python).
func (u *Users) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := u.capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	id, err := u.authyID(ctx, "check", req.To, verify.ErrNotPending)
	if err != nil {
		return err
	}

	reply, err := u.rest.Do(ctx, driver.Call{
		Op: "check", Method: "GET", Route: verifyRoute, Args: []string{req.Code, id},
		Query: verifyQuery(req), Repeatable: true,
	})
	if err != nil {
		return doubted(err)
	}

	return u.verdict(reply)
}

// verdict turns the answer to a check into yes or no.
func (u *Users) verdict(reply driver.Reply) error {
	a, err := readVerified(reply.Body)
	switch {
	case err != nil:
		return u.rest.Unknown("check", reply, err.Error())
	case a.success != (a.token == tokenValid), a.success && a.refused:
		return u.rest.Unknown("check", reply, "the answer contradicts itself")
	case a.success:
		return nil
	case reply.Repeated:
		return u.rest.Unknown("check", reply, lostAnswer)
	}
	return failure("check", reply)
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (u *Users) Close() error { return u.rest.Close() }
