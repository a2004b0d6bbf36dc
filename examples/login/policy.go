package main

import (
	"slices"
	"time"

	"github.com/go2fa/verify"
)

// A policy says when a login needs a code besides the password.
type policy string

const (
	never  policy = "never"  // transfers ask all the same
	risky  policy = "risky"  // on a device that is not remembered, in a new network, after a long absence
	always policy = "always" // whatever is remembered
)

// absence is how long a remembered device may be away.
const absence = 14 * 24 * time.Hour

func isPolicy(p policy) bool { return p == never || p == risky || p == always }

// asks says why this login needs a code, or nothing if it needs none.
func (p policy) asks(d *device, net string, now time.Time) string {
	switch {
	case p == never:
		return ""
	case p != risky: // always, and whatever a database may hold
		return "You asked for a code at every log-in."
	case d == nil:
		return "This device is not one that you had remembered."
	case d.Network != net:
		return "You are in a network that is new for this device."
	case now.Sub(d.Used) > absence:
		return "This device was not used for a while."
	}
	return ""
}

// A purpose is what a code is for. It decides the scope, so that a code for one
// purpose does not serve another.
type purpose string

const (
	enrolment  purpose = "enrol"    // proves a number by SMS
	callProof  purpose = "call"     // proves the same number by a call
	loggingIn  purpose = "login"    // opens a half-open login
	settings   purpose = "settings" // allows one change of the factor
	transfer   purpose = "transfer" // allows one transfer
	byRecovery         = "recovery" // what a recovery code is charged to
)

// scope returns the scope of a purpose. A vendor that keeps no scopes apart has
// the empty one for everything but transfers, which then are not offered.
func scope(capabilities verify.Capabilities, p purpose) string {
	want := string(p)
	if p == callProof {
		want = string(enrolment)
	}
	switch {
	case holds(capabilities, want):
		return want
	case p == settings && holds(capabilities, string(loggingIn)):
		return string(loggingIn)
	}
	return ""
}

func holds(capabilities verify.Capabilities, scope string) bool {
	return len(scope) <= capabilities.MaxScope || slices.Contains(capabilities.Scopes, scope)
}

// offers reports whether the vendor sends codes by a channel.
func offers(capabilities verify.Capabilities, c verify.Channel) bool {
	return slices.Contains(capabilities.Channels, c)
}

// channels are those that a code for a purpose may be sent by. A number can have
// its messages in one hand and its calls in another, so that only what was proven
// is used. A code that names an amount goes where it can be read.
func (s *site) channels(p purpose, a account) []verify.Channel {
	var found []verify.Channel
	if p != callProof {
		found = append(found, verify.ChannelSMS)
	}
	proven := p == callProof || a.Calls && p != enrolment
	if proven && offers(s.capabilities, verify.ChannelVoice) && (p != transfer || !s.capabilities.Transaction) {
		found = append(found, verify.ChannelVoice)
	}
	return found
}
