package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A Messenger delivers what its rules permit, as a text or as a code, whichever the
// courier behind it takes. It is for applications that check codes themselves, for codes
// of other auth servers, and for texts that are no codes; around an [otp.Engine] a
// [Verifier] does more, since it sees who approves. It is safe for concurrent use.
//
// Do not put it into otp.Fallback, which would turn to the next messenger where the
// store is down: put it around.
type Messenger struct {
	courier      otp.Courier
	gate         *gate
	capabilities verify.Capabilities
}

var (
	_ otp.EitherMessenger = (*Messenger)(nil)
	_ verify.Warmer       = (*Messenger)(nil)
	_ verify.Prober       = (*Messenger)(nil)
)

// NewMessenger checks cfg, whose Verifier must be nil, and makes a Messenger over c, an
// [otp.Messenger] or an [otp.CodeMessenger]. It does no I/O.
func NewMessenger(c otp.Courier, cfg Config) (*Messenger, error) {
	if c == nil {
		return nil, errors.New("guard: the messenger is missing")
	}
	_, texts := c.(otp.Messenger)
	_, codes := c.(otp.CodeMessenger)
	if !texts && !codes {
		return nil, errors.New("guard: the messenger must be an otp.Messenger or an otp.CodeMessenger")
	}
	if cfg.Verifier != nil {
		return nil, errors.New("guard: Verifier is for New")
	}
	g, err := newGate(cfg)
	if err != nil {
		return nil, err
	}
	capabilities := c.Capabilities()
	capabilities.ClientIP = true
	return &Messenger{c, g, capabilities}, nil
}

// Format keeps what is wrapped out of every print.
func (*Messenger) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("guard.Messenger{[hidden]}")) }

// Capabilities are those of the wrapped courier, and that the client's address is
// used.
func (m *Messenger) Capabilities() verify.Capabilities { return m.capabilities }

// Deliver decides, and delivers a text. The client's address is that of msg.Request. A
// message of which the wrapped courier says that surely nothing was sent is not
// counted.
func (m *Messenger) Deliver(ctx context.Context, msg otp.Message) (string, error) {
	texts, ok := m.courier.(otp.Messenger)
	if !ok {
		return "", m.unsupported("this messenger takes a code, and no text")
	}
	return m.pass(ctx, msg.To, msg.Request, func() (string, error) { return texts.Deliver(ctx, msg) })
}

// DeliverCode decides, and delivers a code, as Deliver does a text.
func (m *Messenger) DeliverCode(ctx context.Context, msg otp.CodeMessage) (string, error) {
	codes, ok := m.courier.(otp.CodeMessenger)
	if !ok {
		return "", m.unsupported("this messenger takes a text, and no code")
	}
	return m.pass(ctx, msg.To, msg.Request, func() (string, error) { return codes.DeliverCode(ctx, msg) })
}

// DeliverEither decides, and delivers a text or a code; see [otp.EitherMessenger].
func (m *Messenger) DeliverEither(ctx context.Context, msg otp.CodeMessage, text func(verify.Channel) string) (string, error) {
	return m.pass(ctx, msg.To, msg.Request, func() (string, error) { return otp.Deliver(ctx, m.courier, msg, text) })
}

func (m *Messenger) unsupported(why string) error {
	return &verify.Error{Vendor: m.capabilities.Vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: why}
}

// pass delivers what is permitted.
func (m *Messenger) pass(ctx context.Context, to string, req verify.SendRequest, deliver func() (string, error)) (string, error) {
	if verify.IsPhone(to) && verify.PhoneFault(to) != "" || !verify.IsPhone(to) && !verify.IsEmail(to) {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrInvalidRecipient, Detail: "the recipient is neither a phone number nor an e-mail address"}
	}
	p := m.gate.passage()
	defer m.gate.done(p)
	if err := m.gate.admit(ctx, p, verify.SendRequest{To: to, ClientIP: req.ClientIP}); err != nil {
		return "", err
	}
	id, err := deliver()
	if err != nil {
		m.gate.failed(ctx, p, err)
	}
	return id, err
}

// Warm opens a connection of what is wrapped, if it can.
func (m *Messenger) Warm(ctx context.Context) error {
	if w, ok := m.courier.(verify.Warmer); ok {
		return w.Warm(ctx)
	}
	return nil
}

// Probe asks the store and what is wrapped, as far as they can be asked. It sends
// nothing.
func (m *Messenger) Probe(ctx context.Context) error {
	inner, _ := m.courier.(verify.Prober)
	return m.gate.probe(ctx, inner)
}

// Approved says that a code that was sent to this recipient has come back: the
// recipient is known from now on. Without it everybody stays a stranger, so set
// Convert to Off. It takes a tenth of a second at most, and may fail without a word.
func (m *Messenger) Approved(ctx context.Context, to string) { m.gate.approved(ctx, to) }

// Report tells what was sent, approved and refused; see [Verifier.Report].
func (m *Messenger) Report(ctx context.Context) (Report, error) { return m.gate.report(ctx) }

// Reset forgets one recipient; see [Verifier.Reset].
func (m *Messenger) Reset(ctx context.Context, to string) error { return m.gate.reset(ctx, to) }
