package authy

import (
	"context"
	"errors"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Users is a [verify.Verifier] over the users of an Authy application. A person
// is registered once, by Register. It is safe for concurrent use.
type Users struct {
	api       driver.API // without NewSend and NewCheck: they need the id of a person
	directory Directory
	force     bool
	messages  map[string]string // of actions, by scope

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
	u := &Users{
		directory: cfg.Directory, force: cfg.ForceSMS, messages: messages,
		key: []byte(cfg.APIKey), callbackURL: cfg.CallbackURL, nonces: cfg.Nonces,
	}
	u.api = driver.API{
		Client: c,
		Capabilities: verify.Capabilities{
			Vendor: vendor, Channels: channels(), MaxScope: maxScope, Locale: true,
			MinDigits: cfg.Digits, MaxDigits: cfg.Digits, DefaultDigits: cfg.Digits,
		},
		ReadSend: u.readSend, ReadCheck: u.readCheck,
	}
	return u, nil
}

// Capabilities says what Send and Check honor. Any scope is accepted: it is
// Authy's action.
func (u *Users) Capabilities() verify.Capabilities { return u.api.Capabilities }

// Send has Authy deliver a code by SMS or call, or ask the person to open the
// app, where the code is: then the receipt's channel is [verify.ChannelApp] and
// nothing was sent. With Config.ForceSMS, and in a scope, it is never the app.
func (u *Users) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := u.api.Capabilities.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	id, err := u.authyID(ctx, "send", req.To, verify.ErrInvalidRecipient)
	if err != nil {
		return verify.Receipt{}, err
	}
	api := u.api
	api.NewSend = func(send driver.Send) (driver.Call, error) { return u.newSend(send, id), nil }
	return api.Send(ctx, to, opts...)
}

// isForced reports whether a send must not be left to the app: a code of the app
// would be good in every scope.
func (u *Users) isForced(send driver.Send) bool { return u.force || send.Scope != "" }

func (u *Users) newSend(send driver.Send, id string) driver.Call {
	route := smsRoute
	if send.Channel == verify.ChannelVoice {
		route = callRoute
	}
	var q driver.Form
	if u.isForced(send) {
		q.Add("force", "true")
	}
	if send.Scope != "" {
		q.Add("action", send.Scope)
		if message := u.messages[send.Scope]; message != "" {
			q.Add("action_message", message)
		}
	}
	if locale := localeName(send.Locale); locale != "" {
		q.Add("locale", locale)
	}
	return driver.Call{Method: "GET", Route: route, Args: []string{id}, Query: q}
}

// readSend reads the answer to a send. Authy says success even when nothing was
// sent.
func (u *Users) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	a, err := readSent(reply.Body)
	switch {
	case err != nil:
		return verify.Receipt{}, err
	case !a.success:
		return verify.Receipt{}, noIn("send", reply)
	case a.ignored && u.isForced(send):
		return verify.Receipt{}, errors.New("a forced message was ignored all the same")
	case a.ignored:
		return verify.Receipt{Channel: verify.ChannelApp}, nil
	case a.cellphone == "":
		// Seen where no message left, but known from its prose only: too little
		// to promise that another vendor may send.
		return verify.Receipt{}, errors.New("the answer names no phone: most likely nothing was sent")
	}
	return verify.Receipt{}, nil
}

// Check asks Authy whether code is right: a code it sent, or one of the app.
// Only the token "is valid" with success is a yes. It always insists, by
// force=true: without it Authy approves anything until a person has confirmed a
// code once (https://github.com/twilio/authy-python).
func (u *Users) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := u.api.Capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	id, err := u.authyID(ctx, "check", req.To, verify.ErrNotPending)
	if err != nil {
		return err
	}
	api := u.api
	api.NewCheck = func(check driver.Check) (driver.Call, error) {
		var q driver.Form
		q.Add("force", "true")
		if check.Scope != "" {
			q.Add("action", check.Scope)
		}
		return driver.Call{Method: "GET", Route: verifyRoute, Args: []string{check.Code, id}, Query: q}, nil
	}
	return doubted(api.Check(ctx, to, code, opts...))
}

// readCheck turns the answer to a check into yes or no.
func (u *Users) readCheck(_ driver.Check, reply driver.Reply) (driver.Verdict, error) {
	a, err := readVerified(reply.Body)
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case a.success != (a.token == tokenValid), a.success && a.refused:
		return driver.Verdict{}, errContradiction
	case a.success:
		return driver.Approved(""), nil
	}
	return driver.Failed(noIn("check", reply)), nil
}

// Close closes idle connections of the client's own transport, and nothing that
// Config.HTTPClient brought.
func (u *Users) Close() error { return u.api.Close() }

// Warm opens a connection ahead of a Send, as [verify.Warmer] says. It does nothing
// through a proxy, and nothing if Config.HTTPClient brings a transport.
func (u *Users) Warm(ctx context.Context) error { return u.api.Warm(ctx) }
