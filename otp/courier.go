package otp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go2fa/verify"
)

// A Courier brings codes to people: it is a [Messenger], which takes a text, or a
// [CodeMessenger], which takes the code alone.
type Courier interface {
	// Capabilities names the vendor, its channels and the hints it uses. Scopes and
	// transactions are the engine's, and digits too, unless a CodeMessenger has limits
	// of its own.
	Capabilities() verify.Capabilities
}

// A CodeMessenger delivers codes in a message of the vendor's own, such as a template
// that was approved beforehand. It is safe for concurrent use.
type CodeMessenger interface {
	Courier
	// DeliverCode has one code delivered and returns the vendor's reference for the
	// message, which may be empty. The rules of [Messenger].Deliver hold.
	DeliverCode(ctx context.Context, m CodeMessage) (id string, err error)
}

// A CodeMessage is one code to deliver. It prints without the code and with the
// recipient masked, under every verb.
type CodeMessage struct {
	To      string
	Channel verify.Channel
	Code    string
	TTL     time.Duration      // how long the code works: the vendor's expiry
	Ref     string             // unique to this Send and free of personal data: 32 hexadecimal digits
	Request verify.SendRequest // hints such as the locale, and the vendor's own options
}

// Format shows the recipient masked and hides the code, under every verb.
func (m CodeMessage) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "otp.CodeMessage{To: %s, Channel: %s, Ref: %s}", verify.Mask(m.To), m.Channel, m.Ref)
}

// MarshalJSON writes what Format shows.
func (m CodeMessage) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"to": verify.Mask(m.To), "channel": m.Channel, "ref": m.Ref})
}

// A courier is one Courier, of which either texts or codes is set, or all of it.
type courier struct {
	texts  Messenger
	codes  CodeMessenger
	either EitherMessenger
	caps   verify.Capabilities
}

// couriersOf are the ones that c stands for: those of a Fallback, those that it says it
// stands for, or itself. One that takes texts and codes and is no EitherMessenger is
// given texts, which can name an amount and a payee.
func couriersOf(c Courier) ([]courier, error) {
	if f, ok := c.(*fallback); ok {
		return f.couriers, f.fault
	}
	if joined, ok := c.(interface{ Couriers() []Courier }); ok {
		if all := joined.Couriers(); len(all) > 0 {
			return couriersOf(join(all))
		}
	}
	one := courier{caps: c.Capabilities()}
	if either, ok := c.(EitherMessenger); ok {
		one.texts, one.codes, one.either = either, either, either
	} else if texts, ok := c.(Messenger); ok {
		one.texts = texts
	} else if codes, ok := c.(CodeMessenger); ok {
		one.codes = codes
	} else {
		return nil, errors.New("otp: a Courier must be a Messenger or a CodeMessenger")
	}
	return []courier{one}, nil
}

// given is what the application gave.
func (c courier) given() Courier {
	if c.texts != nil {
		return c.texts
	}
	return c.codes
}

// deliver hands over the text or the code. An amount and a payee need a text.
func (c courier) deliver(ctx context.Context, m Message, code string) (id string, err error) {
	inCode := CodeMessage{m.To, m.Channel, code, m.TTL, m.Ref, m.Request}
	switch {
	case c.either != nil && m.Request.Transaction == (verify.Transaction{}):
		return c.either.DeliverEither(ctx, inCode, func(verify.Channel) string { return m.Text })
	case c.texts != nil:
		return c.texts.Deliver(ctx, m)
	}
	return c.codes.DeliverCode(ctx, inCode)
}

// A step is one courier that a message may take, its channel there, and its text.
type step struct {
	courier
	channel verify.Channel
	text    string
}

// steps are the couriers that can take a message, in their order. With no channel
// asked for, each uses the first of its own that fits the recipient. An amount and a
// payee need a text.
func steps(couriers []courier, to string, asked verify.Channel, bound bool) []step {
	fit := make([]step, 0, len(couriers))
	for _, c := range couriers {
		var opts []verify.SendOption
		if asked != "" {
			opts = append(opts, verify.WithChannel(asked))
		}
		req, err := c.caps.SendRequest(to, opts...)
		if err == nil && (c.texts != nil || !bound) {
			fit = append(fit, step{courier: c, channel: req.Channel})
		}
	}
	return fit
}
