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
		return "You are asked for a code at every log-in."
	case d == nil:
		return "We do not recognize this device."
	case d.Network != net:
		return "This device is in a new network."
	case now.Sub(d.Used) > absence:
		return "This device was not used for a while."
	}
	return ""
}

// A purpose is what a code is for. It decides the scope, so that a code for one
// purpose does not serve another.
type purpose string

const (
	enrolment purpose = "enrol"    // proves that messages to a number arrive
	callProof purpose = "call"     // proves that calls to a number do
	loggingIn purpose = "login"    // opens a half-open login
	settings  purpose = "settings" // allows one change of the factor
	transfer  purpose = "transfer" // allows one transfer

)

// scope returns the scope of a purpose. A vendor that keeps no scopes apart has
// the empty one for everything but transfers and the proof of calls, which then
// are not offered.
func scope(capabilities verify.Capabilities, p purpose) string {
	switch {
	case holds(capabilities, string(p)):
		return string(p)
	case p == settings && holds(capabilities, string(loggingIn)):
		return string(loggingIn)
	}
	return ""
}

func holds(capabilities verify.Capabilities, scope string) bool {
	return len(scope) <= capabilities.MaxScope || slices.Contains(capabilities.Scopes, scope)
}
