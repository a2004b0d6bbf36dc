package twiliotest

import (
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A Message is one text that was delivered. Its Scope is the SID of the Verify
// Service, or empty if Messaging sent it, and its Channel "voice" for what Twilio
// calls "call".
type Message = emulator.Message

// A Fault says what goes wrong with one of the next requests. Its field On may
// name an operation: send, check, fetch, update or service of Verify, or message.
//
//	srv.Fail(twiliotest.Fault{On: "send", Status: 503})
//	srv.Fail(twiliotest.Fault{Break: twiliotest.Reset, Effect: true})
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

// Refusal returns a fault that answers with an error of Twilio's, in its shape,
// and has no effect.
func Refusal(status, code int) Fault {
	return Fault{Status: status, Body: refusal(status, code, texts[code]).String()}
}

// Fail appends to what goes wrong. A request meets the first fault that picks
// it and is not yet used up.
func (e *Emulator) Fail(faults ...Fault) { e.faults.Add(faults...) }

// Heal forgets all faults.
func (e *Emulator) Heal() { e.faults.Heal() }

// Advance moves the emulator's time by d: a code sent before dies after ten
// minutes.
func (e *Emulator) Advance(d time.Duration) { e.clock.Advance(d) }

// Code returns the code that would now be approved for to in a Service, or ""
// if there is none. An empty service is the first of the Options.
func (e *Emulator) Code(to, service string) string {
	if service == "" {
		service = e.first
	}
	return e.state.code(recipient{service, to}, e.clock.Now())
}

// Messages returns the last thousand messages, the newest last.
func (e *Emulator) Messages() []Message { return e.log.Messages() }

// Subscribe has tell called with each message from now on, before the send is
// answered, until cancel is called. It must neither block nor send.
func (e *Emulator) Subscribe(tell func(Message)) (cancel func()) {
	return e.log.Subscribe(tell)
}

// Effects returns how many messages were sent in all: what Twilio would bill.
func (e *Emulator) Effects() int { return e.log.Effects() }

// Requests returns how many requests came in, faulty ones included.
func (e *Emulator) Requests() int { return e.faults.Requests() }
