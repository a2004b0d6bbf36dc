package gatewayapi

import (
	"strings"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

const (
	senderRule = "must be 3 to 11 letters, digits and inner spaces, or 3 to 15 digits; with Classic it may be shorter"
	labelRule  = "must be 1 to 128 characters"
)

type (
	senderOption string
	labelOption  string
)

// WithSender replaces Config.Sender for one Send, under the same rules.
func WithSender(sender string) verify.SendOption {
	return verify.VendorOption(vendor, senderOption(sender))
}

// WithLabel replaces Config.Label for one Send, under the same rules.
func WithLabel(label string) verify.SendOption {
	return verify.VendorOption(vendor, labelOption(label))
}

// with applies the options addressed to GatewayAPI, or says why it cannot.
func (s settings) with(m otp.Message) (_ settings, refusal string) {
	senders := verify.VendorOptions[senderOption](m.Request, vendor)
	labels := verify.VendorOptions[labelOption](m.Request, vendor)
	switch {
	case m.Channel != verify.ChannelSMS:
		return s, "messages go by sms only"
	case len(senders) > 1 || len(labels) > 1:
		return s, "a sender and a label are given once"
	}
	for _, sender := range senders {
		if !s.isSender(string(sender)) {
			return s, "a sender " + senderRule
		}
		s.sender = string(sender)
	}
	for _, label := range labels {
		if !isLabel(string(label)) {
			return s, "a label " + labelRule
		}
		s.label = string(label)
	}
	return s, ""
}

const (
	figures = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// isSender refuses what GatewayAPI, or a network on the way, would cut off or
// replace: https://messaging.gatewayapi.com/openapi.json.
func (s settings) isSender(sender string) bool {
	least := minSender
	if s.classic {
		least = 1
	}
	if len(sender) < least || strings.TrimSpace(sender) != sender {
		return false
	}
	if strings.Trim(sender, figures) == "" {
		return len(sender) <= maxDigits
	}
	return len(sender) <= maxLetters && strings.Trim(sender, letters+figures+" ") == ""
}

func isLabel(label string) bool {
	return label != "" && utf8.ValidString(label) && utf8.RuneCountInString(label) <= maxLabel
}

func (s settings) isPriority(priority string) bool {
	switch priority {
	case "", "normal", "urgent":
		return true
	case "bulk", "very_urgent":
		return s.classic
	}
	return false
}

func isClass(class string) bool {
	switch class {
	case "", "standard", "premium", "secret":
		return true
	}
	return false
}
