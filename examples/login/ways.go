package main

import (
	"errors"
	"slices"

	"github.com/go2fa/verify"
)

// Ways are how codes come to a number. Messages and calls to one number can be in
// two hands, so that each is proven by itself, and only what was proven is used.
type ways string

const (
	texts ways = "sms"
	calls ways = "voice"
	both  ways = "both"
)

func (w ways) has(c verify.Channel) bool {
	return w == both || w == ways(c)
}

// plus returns both, once the other way was proven as well.
func (w ways) plus(other ways) ways {
	if w == other {
		return w
	}
	return both
}

// offeredWays are those that a person may choose from: what the site allows and
// the vendor can prove. It says why there are none.
func offeredWays(allowed ways, capabilities verify.Capabilities) ([]ways, error) {
	if allowed != texts && allowed != calls && allowed != both {
		return nil, errors.New("codes come by sms, voice or both")
	}
	var offered []ways
	if allowed.has(verify.ChannelSMS) && offers(capabilities, verify.ChannelSMS) {
		offered = append(offered, texts)
	}
	if allowed.has(verify.ChannelVoice) && noCalls(capabilities) == "" {
		offered = append(offered, calls)
	}
	switch {
	case len(offered) == 2:
		return []ways{texts, both, calls}, nil
	case len(offered) == 1:
		return offered, nil
	case allowed == calls:
		return nil, errors.New("codes cannot come by calls alone: " + noCalls(capabilities))
	}
	return nil, errors.New("the vendor sends no SMS here: add its setting for SMS to the DSN")
}

// noCalls says why calls to a number cannot be proven, or nothing if they can. A
// vendor that keeps no codes for calls apart would take one from a text message
// for the proof of a call.
func noCalls(capabilities verify.Capabilities) string {
	switch {
	case !offers(capabilities, verify.ChannelVoice):
		return "the vendor " + capabilities.Vendor + " makes no calls here."
	case !holds(capabilities, string(callProof)):
		return "the vendor " + capabilities.Vendor + " keeps no separate codes for calls: one from a text message would prove a call, too."
	}
	return ""
}

// offers reports whether the vendor sends codes by a channel.
func offers(capabilities verify.Capabilities, c verify.Channel) bool {
	return slices.Contains(capabilities.Channels, c)
}

// channels are those that a code for a challenge may be sent by. A code that names
// an amount goes where it can be read.
func (s *site) channels(c challenge, a account) []verify.Channel {
	switch c.Purpose {
	case enrolment:
		return []verify.Channel{verify.ChannelSMS}
	case callProof:
		return []verify.Channel{verify.ChannelVoice}
	}
	var found []verify.Channel
	w := c.to(a).Ways
	if w.has(verify.ChannelSMS) {
		found = append(found, verify.ChannelSMS)
	}
	if w.has(verify.ChannelVoice) && offers(s.capabilities, verify.ChannelVoice) && (c.Purpose != transfer || !s.capabilities.Transaction) {
		found = append(found, verify.ChannelVoice)
	}
	return found
}
