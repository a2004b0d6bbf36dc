package verifytest

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/go2fa/verify"
)

// capabilities are the scenarios of Capabilities.
func capabilities() []scenario {
	all := []scenario{{"capabilities_honest", capabilitiesHonest}}
	for _, c := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp} {
		all = append(all, scenario{"capabilities_channel_" + string(c), func(s *scenarioRun) { s.offers(c, To) }})
	}
	all = append(all, scenario{"capabilities_channel_email", func(s *scenarioRun) { s.offers(verify.ChannelEmail, ToEmail) }})
	for n := 4; n <= 10; n++ {
		all = append(all, scenario{fmt.Sprintf("capabilities_digits_%d", n), func(s *scenarioRun) { s.counts(n) }})
	}
	return all
}

func capabilitiesHonest(s *scenarioRun) {
	c := s.capabilities
	if c.Vendor == "" || len(c.Channels) == 0 {
		s.broken(honest, "vendor %q, %d channels", c.Vendor, len(c.Channels))
	}
	known := []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelTelegram, verify.ChannelEmail}
	for i, channel := range c.Channels {
		if !slices.Contains(known, channel) || slices.Contains(c.Channels[:i], channel) {
			s.broken(honest, "channel %q is none that can be asked for, or is there twice", channel)
		}
	}
	for i, scope := range c.Scopes {
		if !verify.IsScope(scope) || slices.Contains(c.Scopes[:i], scope) {
			s.broken(honest, "scope %q is malformed, or is there twice", scope)
		}
	}
	if c.MaxScope < 0 || c.MaxScope > 64 {
		s.broken(honest, "scopes of %d bytes: a scope has at most 64", c.MaxScope)
	}
	fixed := c.MinDigits == 0 && c.MaxDigits == 0
	if !fixed && (c.MinDigits < 4 || c.MaxDigits < c.MinDigits || c.MaxDigits > 10) {
		s.broken(honest, "%d to %d digits: a code has 4 to 10", c.MinDigits, c.MaxDigits)
	}
	if n := c.DefaultDigits; n != 0 && (n < 4 || n > 10 || !fixed && (n < c.MinDigits || n > c.MaxDigits)) {
		s.broken(honest, "%d digits by default, of %d to %d", n, c.MinDigits, c.MaxDigits)
	}
	if again := s.target.Verifier.Capabilities(); !reflect.DeepEqual(c, again) {
		s.broken(honest, "asked twice, they differ")
	}
}

// offers sends by a channel, or sees it refused.
func (s *scenarioRun) offers(c verify.Channel, to string) {
	if !slices.Contains(s.capabilities.Channels, c) {
		s.unsupported("channel "+string(c), verify.WithChannel(c))
		s.effects(noEffect, 0)
		return
	}
	receipt, err := s.sendTo(s.t.Context(), to, verify.WithChannel(c))
	switch {
	case err != nil:
		s.broken(honest, "Send by %s: %v", c, err)
	case receipt.Channel != c && receipt.Channel != verify.ChannelApp && (receipt.Channel != verify.ChannelRCS || c != verify.ChannelSMS):
		s.broken(honest, "asked for %s, got %s", c, receipt.Channel)
	}
	s.effects(oneEffect, 1)
}

// counts sends a code of n digits, or sees it refused.
func (s *scenarioRun) counts(n int) {
	if n < s.capabilities.MinDigits || n > s.capabilities.MaxDigits {
		s.unsupported("this many digits", verify.WithDigits(n))
		s.effects(noEffect, 0)
		return
	}
	receipt, err := s.send(verify.WithDigits(n))
	if err != nil {
		s.broken(honest, "Send of %d digits: %v", n, err)
		return
	}
	if code := s.right(""); len(code) != n || receipt.Digits != 0 && receipt.Digits != n {
		s.broken(honest, "asked for %d digits, got %d, and the receipt says %d", n, len(code), receipt.Digits)
	}
	s.effects(oneEffect, 1)
}
