package bandwidthtest

import (
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A Message is one text that was delivered, or one call that was made. Its Scope
// is "2FA" if none was given.
type Message = emulator.Message

// A Fault says what goes wrong with one of the next requests. Its field On may
// name an operation: send, check or token.
//
//	srv.Fail(bandwidthtest.Fault{On: "send", Status: 503})
//	srv.Fail(bandwidthtest.Fault{Break: bandwidthtest.Reset, Effect: true})
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

// Refusal returns a fault that answers with the error that Bandwidth documents
// for a status, in its shape, and has no effect. For any other status the error
// is that of 500.
func Refusal(status int) Fault {
	f, ok := documented[status]
	if !ok {
		f = documented[500]
	}
	return Fault{Status: status, Body: f.body(documentedID)}
}

// Fail appends to what goes wrong. A request meets the first fault that picks it
// and is not yet used up.
func (e *Emulator) Fail(faults ...Fault) { e.faults.Add(faults...) }

// Heal forgets all faults.
func (e *Emulator) Heal() { e.faults.Heal() }

// Advance moves the emulator's time by d: codes grow old, and tokens end.
func (e *Emulator) Advance(d time.Duration) { e.clock.Advance(d) }

// Code returns the newest code that would now be approved for to in a scope, if
// the check allows it the 15 minutes that it may, or "" if there is none.
func (e *Emulator) Code(to, scope string) string {
	return e.state.code(newRecipient(to, scope), e.clock.Now())
}

// Messages returns the last thousand messages, the newest last.
func (e *Emulator) Messages() []Message { return e.log.Messages() }

// Subscribe has tell called with each message from now on, before the send is
// answered, until cancel is called. It must neither block nor send.
func (e *Emulator) Subscribe(tell func(Message)) (cancel func()) {
	return e.log.Subscribe(tell)
}

// Effects returns how many messages were sent in all: what Bandwidth would bill.
func (e *Emulator) Effects() int { return e.log.Effects() }

// Requests returns how many requests came in, faulty ones included.
func (e *Emulator) Requests() int { return e.faults.Requests() }

// Tokens returns how many access tokens were handed out.
func (e *Emulator) Tokens() int {
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	return e.state.handedOut
}

// Revoke ends all access tokens, as when an operator takes a credential back.
func (e *Emulator) Revoke() {
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	clear(e.state.tokens)
}
