package gatewayapitest

import (
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A Message is one text that was delivered. Its Scope is empty: GatewayAPI knows
// nothing of codes.
type Message = emulator.Message

// A Fault says what goes wrong with one of the next requests. Its field On may
// name an operation: send or balance.
//
//	srv.Fail(gatewayapitest.Fault{On: "send", Status: 503})
//	srv.Fail(gatewayapitest.Fault{Break: gatewayapitest.Reset, Effect: true})
//
// The first is refused without an effect. In the second the message leaves and
// only the reply is lost. Its other fields are Times (once by default), Delay,
// Header, Body, Drip and Pad.
type Fault = emulator.Fault

// What Fault.Break may be.
const (
	Reset    = emulator.Reset    // the connection is reset, without a byte of reply
	Close    = emulator.Close    // the connection is closed, without a byte of reply
	Truncate = emulator.Truncate // the reply ends in the middle of its body
	Garbage  = emulator.Garbage  // what comes back is not HTTP
)

// Refusal returns a fault that answers with an error of GatewayAPI's and has no
// effect: in the shape of the REST API for a code such as "0x0216", in that of
// the Messaging API for none.
func Refusal(status int, code string) Fault {
	if code == "" {
		return Fault{Status: status, Body: described(status).String()}
	}
	return Fault{Status: status, Body: refusal(status, code).String()}
}

// Invalid returns a fault by which the Messaging API finds fault with fields of
// a message, such as "recipient", and has no effect.
func Invalid(fields ...string) Fault {
	var p problems
	for _, field := range fields {
		p.add(field, "value_error", "Value error")
	}
	return Fault{Status: http.StatusUnprocessableEntity, Body: p.failure().String()}
}

// Fail appends to what goes wrong. A request meets the first fault that picks
// it and is not yet used up.
func (e *Emulator) Fail(faults ...Fault) { e.faults.Add(faults...) }

// Heal forgets all faults.
func (e *Emulator) Heal() { e.faults.Heal() }

// Advance moves the emulator's time by d. Codes are not its own, and do not
// expire by it.
func (e *Emulator) Advance(d time.Duration) { e.clock.Advance(d) }

// Code returns the code in the newest message to a recipient, six to ten digits
// of it, or "" if there is none in it.
func (e *Emulator) Code(to string) string {
	for _, m := range slices.Backward(e.log.Messages()) {
		if m.To == to {
			return m.Code
		}
	}
	return ""
}

// Messages returns the last thousand messages, the newest last.
func (e *Emulator) Messages() []Message { return e.log.Messages() }

// Subscribe has tell called with each message from now on, before the send is
// answered, until cancel is called. It must neither block nor send.
func (e *Emulator) Subscribe(tell func(Message)) (cancel func()) {
	return e.log.Subscribe(tell)
}

// Effects returns how many messages were sent in all: what GatewayAPI would
// bill.
func (e *Emulator) Effects() int { return e.log.Effects() }

// Requests returns how many requests came in, faulty ones included.
func (e *Emulator) Requests() int { return e.faults.Requests() }
