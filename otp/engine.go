package otp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp/text"
)

const (
	// sendTime bounds a whole Send over several messengers. One alone bounds itself:
	// a second timer would cost each Send four allocations.
	sendTime = 15 * time.Second

	// revokeTime bounds how long a caller waits for the store after a send that
	// surely did not leave, and lateTime how long past the end of its own time.
	revokeTime = 2 * time.Second
	lateTime   = 50 * time.Millisecond

	// maxRedraws is how many codes are drawn until one stands in its message once.
	maxRedraws = 8
)

// An Engine makes codes, has a [Courier] deliver them, and checks what a person
// types. It is safe for concurrent use.
type Engine struct {
	courier courier   // the only one, or the first
	several *fallback // nil if there is one
	store   Store
	caps    verify.Capabilities
	keys    *hasher
	texts   *text.Texts
	limits  Limits
	ttl     time.Duration
	random  io.Reader
}

var (
	_ verify.Verifier = (*Engine)(nil)
	_ verify.Canceler = (*Engine)(nil)
)

// Format keeps the keys of an Engine out of every print.
func (Engine) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("otp.Engine{[hidden]}")) }

// Capabilities says what Send and Check honor: the couriers' channels, any scope, 6
// to 10 digits or what a CodeMessenger takes of them, and transactions, if a
// Messenger is there to name them.
func (e *Engine) Capabilities() verify.Capabilities { return e.caps }

// A prepared Send is one that the store has yet to admit.
type prepared struct {
	id    ID
	keyed bool // id is that of an idempotency key
	key   Key
	mac   MAC
	text  string // for the only messenger
	code  string // for a CodeMessenger, and for steps
	ref   string
}

// Send makes a code, has the store admit it, and has a courier deliver it. It
// replaces the code that was sent before to the same recipient in the same scope.
// With several couriers it takes 15 seconds at most.
//
// The error matches [verify.ErrTooManySends] within a cooldown or when the
// sends of the window are spent, and [verify.ErrBlocked] after too many wrong
// attempts. If the store fails, nothing is sent. If the messenger surely sent
// nothing, the code before works again, with the attempts that were made on it.
// Such a send is not counted, unless the recipient is the reason
// ([verify.ErrInvalidRecipient], [verify.ErrTooManySends], [verify.ErrBlocked]):
// then the cooldown holds. After [verify.ErrOutcomeUnknown] the new code stays
// good, since its message may still arrive.
func (e *Engine) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := e.caps.SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	if err := ctx.Err(); err != nil {
		return verify.Receipt{}, e.failure("send", verify.ErrUnavailable, "the context was done before anything was sent", err)
	}
	way, err := e.way(req)
	if err != nil {
		return verify.Receipt{}, err
	}
	l, err := e.prepare(req, way)
	if err != nil {
		return verify.Receipt{}, err
	}
	if e.several != nil {
		var cancel context.CancelFunc
		ctx, cancel = inTime(ctx)
		defer cancel()
	}

	expires := time.Now().Add(e.ttl)
	admission, err := e.issue(ctx, req, &l)
	if err != nil {
		return verify.Receipt{}, e.failure("send", verify.ErrUnavailable, "the store did not answer, so nothing was sent", err)
	}
	if admission.Refused != Admitted {
		return verify.Receipt{}, e.refused(admission)
	}
	if admission.Repeated && l.keyed {
		return e.repeated(admission)
	}

	receipt := verify.Receipt{Digits: req.Digits, ExpiresAt: expires}
	if admission.Wait > 0 {
		receipt.ResendAt = time.Now().Add(admission.Wait)
	}
	req.IdempotencyKey = "" // it is nobody's business
	receipt.ID, receipt.Vendor, receipt.Channel, err = e.deliver(ctx, Message{req.To, req.Channel, l.text, e.ttl, l.ref, req}, l.code, way)
	if err != nil {
		return verify.Receipt{}, e.unsent(ctx, l, err)
	}
	e.conclude(ctx, l, receipt, nil)
	return receipt, nil
}

// prepare makes the code and all that follows from it.
func (e *Engine) prepare(req verify.SendRequest, way []step) (prepared, error) {
	d := e.keys.get()
	defer e.keys.put(d)

	code, err := e.compose(d, req, way)
	if err != nil {
		return prepared{}, err
	}
	var bare string
	if e.several != nil || e.courier.codes != nil {
		bare = string(code)
	}
	size := len(d.text)
	d.text = hex.AppendEncode(d.text, d.names[len(ID{}):])
	both := string(d.text) // one allocation for two
	return prepared{
		id: d.id(), key: d.key(req.To, req.Scope),
		mac:  d.mac(req.To, req.Scope, req.Transaction, code),
		text: both[:size], code: bare, ref: both[size:],
	}, nil
}

// way are the couriers that this message may take, or nil if there is only one.
func (e *Engine) way(req verify.SendRequest) ([]step, error) {
	if e.several == nil {
		return nil, nil
	}
	var asked verify.Channel
	if req.ChannelAsked() {
		asked = req.Channel
	}
	way := steps(e.several.couriers, req.To, asked, req.Transaction != (verify.Transaction{}))
	if len(way) == 0 {
		return nil, e.failure("send", verify.ErrUnsupported, "no courier can name an amount and a payee on this channel", nil)
	}
	return way, nil
}

// compose draws codes until one stands in its message exactly once, and leaves
// the message in d, or in the steps of way.
func (e *Engine) compose(d *scratch, req verify.SendRequest, way []step) ([]byte, error) {
	if err := d.refill(e.random); err != nil {
		return nil, e.noEntropy("send", err)
	}
	for range maxRedraws {
		code, err := d.digits(req.Digits)
		if err != nil {
			return nil, e.noEntropy("send", err)
		}
		switch err = e.write(d, code, req, way); {
		case err == nil:
			return code, nil
		case !errors.Is(err, text.ErrRepeated):
			return nil, e.failure("send", verify.ErrUnsupported, err.Error(), nil)
		}
		if err := d.redraw(e.random); err != nil {
			return nil, e.noEntropy("send", err)
		}
	}
	return nil, e.failure("send", verify.ErrUnsupported, "the amount or the payee repeats the digits of every code", nil)
}

// write writes the text of each channel on the way. A CodeMessenger needs none.
func (e *Engine) write(d *scratch, code []byte, req verify.SendRequest, way []step) (err error) {
	d.text = d.text[:0]
	if way == nil && e.courier.texts != nil {
		d.text, err = e.texts.Append(d.text, code, req)
		return err
	}
	for i := range way {
		if way[i].texts == nil {
			continue
		}
		req.Channel = way[i].channel
		if d.text, err = e.texts.Append(d.text[:0], code, req); err != nil {
			return err
		}
		way[i].text = string(d.text)
	}
	return nil
}

// deliver also says who took the message and on which channel, which Fallback alone
// knows.
func (e *Engine) deliver(ctx context.Context, m Message, code string, way []step) (id, vendor string, ch verify.Channel, err error) {
	if e.several != nil {
		id, taken, err := e.several.deliver(ctx, m, code, way)
		return id, taken.caps.Vendor, taken.channel, err
	}
	id, err = e.courier.deliver(ctx, m, code)
	return id, e.caps.Vendor, m.Channel, err
}

// unsent takes the send back if surely nothing left. Else the code stays good:
// the message may still arrive.
func (e *Engine) unsent(ctx context.Context, l prepared, err error) error {
	failure := named(e.caps.Vendor, err)
	e.conclude(ctx, l, verify.Receipt{}, failure)
	if failure.Outcome == verify.ErrOutcomeUnknown {
		return failure
	}
	// If the caller has gone away, the code before must work again all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience(ctx))
	defer cancel()
	if blamesRecipient(failure.Outcome) {
		e.countSend(ctx, l)
	}
	// If this fails, the code before stays dead, and a new one is a Send away.
	_ = e.store.Revoke(ctx, l.key, l.id)
	return failure
}

// blamesRecipient reports whether an outcome is the recipient's doing. Such a
// send is counted, or one person could ask for what a vendor refuses without end.
func blamesRecipient(kind verify.Outcome) bool {
	return kind == verify.ErrInvalidRecipient || kind == verify.ErrTooManySends || kind == verify.ErrBlocked
}

// countSend counts a send in the place of one that is about to be revoked. If the
// store fails, the one that is revoked is not counted, which is all that is lost.
func (e *Engine) countSend(ctx context.Context, l prepared) {
	limits := e.limits
	limits.Sends, limits.Cooldown = math.MaxInt32, []time.Duration{0}
	id := l.id
	id[0] ^= 0x80 // another call
	_, _ = e.store.Issue(ctx, l.key, id, MAC{}, e.ttl, limits)
}

// inTime bounds a Send. A caller's deadline that comes first needs no other.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) <= sendTime {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, sendTime)
}

// patience is what is left of the caller's own time, and a little more.
func patience(ctx context.Context) time.Duration {
	deadline, limited := ctx.Deadline()
	switch {
	case ctx.Err() != nil:
		return lateTime
	case limited:
		return min(revokeTime, time.Until(deadline)+lateTime)
	}
	return revokeTime
}
