package authytest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// A Message is one text that was delivered. Its Scope is the action, and its
// Channel "voice" for a call and "app" for a push, which holds no code.
type Message = emulator.Message

// A Fault says what goes wrong with one of the next requests. Its field On may
// name an operation: send, check, status, register, delete, request approval,
// fetch approval or app details; the first three are those of phone verification
// too.
//
//	srv.Fail(authytest.Fault{On: "send", Status: 503})
//	srv.Fail(authytest.Fault{Break: authytest.Reset, Effect: true})
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

// Refusal returns a fault that answers with an error of Authy's, in its shape,
// and has no effect.
func Refusal(status, code int) Fault {
	return Fault{Status: status, Body: refusal(status, code).String()}
}

// Unsent returns a fault in which nothing is sent though the answer says success:
// it lacks the phone, and only its words tell.
func Unsent() Fault {
	return Fault{
		On: "send", Status: http.StatusOK,
		Body: `{"message":"An error ocurred while sending the SMS","success":true}`, //nolint:misspell // as Authy wrote it
	}
}

// Fail appends to what goes wrong. A request meets the first fault that picks it
// and is not yet used up.
func (e *Emulator) Fail(faults ...Fault) { e.faults.Add(faults...) }

// Heal forgets all faults.
func (e *Emulator) Heal() { e.faults.Heal() }

// Advance moves the emulator's time by d: a code sent before dies after ten
// minutes.
func (e *Emulator) Advance(d time.Duration) { e.clock.Advance(d) }

// InstallApp gives the person with a phone the Authy app, before or after the
// registration: messages that are not forced are ignored from now on, and
// pushes arrive.
func (e *Emulator) InstallApp(to string) {
	s := e.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[to] = true
	if u := s.users[s.ids[to]]; u != nil {
		u.app = true
	}
}

// Code returns the code that would now be approved for to, or "" if there is
// none: of a user in an action, sent or shown by the app, or for the empty action
// also of a phone verification, whichever is the newest.
func (e *Emulator) Code(to, action string) string {
	s, now := e.state, e.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var (
		code string
		at   time.Time
	)
	if u := s.users[s.ids[to]]; u != nil {
		if t := u.newest(action, now); t != nil {
			code, at = t.code, t.at
		}
	}
	if v := s.phones[to]; action == "" && v.live(now) && !v.sent.Before(at) {
		code = v.code
	}
	return code
}

// Messages returns the last thousand messages, the newest last.
func (e *Emulator) Messages() []Message { return e.log.Messages() }

// Subscribe has tell called with each message from now on, before the send is
// answered, until cancel is called. It must neither block nor send.
func (e *Emulator) Subscribe(tell func(Message)) (cancel func()) {
	return e.log.Subscribe(tell)
}

// Effects returns how many messages were sent in all: what Authy would bill.
func (e *Emulator) Effects() int { return e.log.Effects() }

// Requests returns how many requests came in, faulty ones included.
func (e *Emulator) Requests() int { return e.faults.Requests() }
