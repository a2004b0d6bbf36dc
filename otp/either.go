package otp

import (
	"context"

	"github.com/go2fa/verify"
)

// An EitherMessenger takes one message in both forms, and hands to each courier behind
// it the form that it takes: a [Fallback] is one, what vendors.OpenMessenger opens and
// a guard.Messenger. It is safe for concurrent use.
type EitherMessenger interface {
	Messenger
	CodeMessenger
	// DeliverEither has m delivered once: by a CodeMessenger as m.Code, by a Messenger as
	// what text returns for its channel. m.Channel may be empty: each courier uses the
	// first of its own that fits the recipient. A CodeMessenger is passed by if m.Code is
	// empty or none that its Capabilities take, and a Messenger for whose channel text
	// returns nothing. The rules of [Messenger].Deliver hold.
	DeliverEither(ctx context.Context, m CodeMessage, text func(verify.Channel) string) (id string, err error)
}

// Deliver has a code that somebody else made and will check delivered by a courier of
// any kind, as [EitherMessenger] says.
func Deliver(ctx context.Context, c Courier, m CodeMessage, text func(verify.Channel) string) (id string, err error) {
	if either, ok := c.(EitherMessenger); ok {
		return either.DeliverEither(ctx, m, text)
	}
	couriers, err := couriersOf(c)
	if err != nil {
		return "", err
	}
	f := &fallback{couriers: couriers, caps: c.Capabilities()}
	fit := inEitherForm(couriers, m, text)
	if len(fit) == 0 {
		return "", f.untaken()
	}
	given := m.inForm(fit[0].text)
	given.Channel, given.Request.Channel = fit[0].channel, fit[0].channel
	return fit[0].deliver(ctx, given, m.Code)
}

// DeliverEither is [EitherMessenger].DeliverEither.
func (f *fallback) DeliverEither(ctx context.Context, m CodeMessage, text func(verify.Channel) string) (string, error) {
	fit := inEitherForm(f.couriers, m, text)
	if len(fit) == 0 {
		return "", f.untaken()
	}
	id, _, err := f.deliver(ctx, m.inForm(""), m.Code, fit)
	return id, err
}

func (f *fallback) untaken() error {
	return &verify.Error{Vendor: f.caps.Vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: "no courier takes this message for this recipient and channel"}
}

// inForm is m as a message of text.
func (m CodeMessage) inForm(text string) Message {
	return Message{m.To, m.Channel, text, m.TTL, m.Ref, m.Request}
}

// inEitherForm are the steps of a message, each with its text or with the code.
func inEitherForm(couriers []courier, m CodeMessage, text func(verify.Channel) string) []step {
	var fit []step
	for _, s := range steps(couriers, m.To, m.Channel, false) {
		if s.texts != nil {
			s.text = text(s.channel)
		}
		if s.text != "" || s.codes != nil && takes(s.caps, m) {
			fit = append(fit, s)
		}
	}
	return fit
}

// takes reports whether a code has the form that a CodeMessenger of these Capabilities
// takes.
func takes(c verify.Capabilities, m CodeMessage) bool {
	if m.Code == "" {
		return false
	}
	_, err := c.CheckRequest(m.To, m.Code)
	return err == nil
}
