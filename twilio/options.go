package twilio

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

type (
	option struct{ parameter, value string }
	pair   struct{ parameter, name, value string }
)

// WithTemplate sends the message of a template, "HJ" and 32 hexadecimal digits,
// by sms or voice.
func WithTemplate(sid string) verify.SendOption {
	return verify.VendorOption(vendor, option{"TemplateSid", sid})
}

// WithSubstitution fills one placeholder of the template.
func WithSubstitution(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, pair{"TemplateCustomSubstitutions", name, value})
}

// WithTag marks the verification in Twilio's event streams: at most 10 tags of
// at most 128 bytes each, and no personal data.
func WithTag(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, pair{"Tags", name, value})
}

// WithRateLimit counts this send against a limit of your own, set up under the
// Service by its unique name: WithRateLimit("end_user_ip", ip). Beyond the limit
// Send returns ErrTooManySends, and no other vendor is asked: it would defeat the
// limit (https://www.twilio.com/docs/verify/api/programmable-rate-limits).
func WithRateLimit(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, pair{"RateLimits", name, value})
}

// WithAppHash ends an SMS with the hash of an Android app, 11 characters of
// base64, so that the app may read the code by itself.
func WithAppHash(hash string) verify.SendOption {
	return verify.VendorOption(vendor, option{"AppHash", hash})
}

// WithFriendlyName names the sender in this message in place of the Service's
// name, 1 to 30 characters.
func WithFriendlyName(name string) verify.SendOption {
	return verify.VendorOption(vendor, option{"CustomFriendlyName", name})
}

// WithSendDigits are the digits to press once a call is answered, such as an
// extension: 1 to 32 of digits, w (a pause of half a second), # and *.
func WithSendDigits(digits string) verify.SendOption {
	return verify.VendorOption(vendor, option{"SendDigits", digits})
}

// WithoutRiskCheck lets a number through that Fraud Guard would block, for a person
// whom you know to be genuine.
func WithoutRiskCheck() verify.SendOption {
	return verify.VendorOption(vendor, option{"RiskCheck", "disable"})
}

// rules say what each option takes: https://www.twilio.com/docs/verify/api/verification.
var rules = map[string]struct {
	fits     func(value string, c verify.Channel) bool
	sentence string
}{
	"TemplateSid": {
		func(v string, c verify.Channel) bool {
			return isSID(v, "HJ") && (c == verify.ChannelSMS || c == verify.ChannelVoice)
		},
		"a template is given once, HJ and 32 hexadecimal digits, for sms and voice only",
	},
	"AppHash": {
		func(v string, c verify.Channel) bool { return len(v) == 11 && isBase64(v) && c == verify.ChannelSMS },
		"an app hash is given once, 11 characters of base64, for sms only",
	},
	"CustomFriendlyName": {
		func(v string, _ verify.Channel) bool { return v != "" && len(v) <= 30 },
		"a friendly name is given once, 1 to 30 bytes",
	},
	"SendDigits": {
		func(v string, c verify.Channel) bool {
			return v != "" && len(v) <= 32 && strings.Trim(v, "0123456789wW#*") == "" && c == verify.ChannelVoice
		},
		"digits to press are given once, 1 to 32 of digits, w, # and *, for calls only",
	},
	"RiskCheck": {func(string, verify.Channel) bool { return true }, "the risk check is switched off once"},
}

type pairRule struct {
	count, most int
	sentence    string
}

var pairRules = map[string]pairRule{
	"TemplateCustomSubstitutions": {math.MaxInt, 256, "a substitution has a name of its own and 1 to 256 bytes"},
	"Tags":                        {10, 128, "tags are at most 10, each with a name of its own and 1 to 128 bytes"},
	"RateLimits":                  {math.MaxInt, 256, "a rate limit has a name of its own and 1 to 256 bytes"},
}

func (r pairRule) fits(s string) bool { return s != "" && len(s) <= r.most }

func isBase64(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+/") == ""
}

// addOptions writes the options addressed to Twilio, or says why it cannot, and
// whether a rate limit is among them.
func addOptions(form *driver.Form, req verify.SendRequest) (limited bool, err error) {
	options := verify.VendorOptions[option](req, vendor)
	for i, o := range options {
		rule, again := rules[o.parameter], func(other option) bool { return other.parameter == o.parameter }
		if !rule.fits(o.value, req.Channel) || slices.ContainsFunc(options[:i], again) {
			return false, errors.New(rule.sentence)
		}
		form.Add(o.parameter, o.value)
	}
	pairs := verify.VendorOptions[pair](req, vendor)
	if len(pairs) == 0 {
		return false, nil
	}
	for _, parameter := range [...]string{"TemplateCustomSubstitutions", "Tags", "RateLimits"} {
		rule, values := pairRules[parameter], map[string]string{}
		for _, p := range pairs {
			if p.parameter != parameter {
				continue
			}
			if _, twice := values[p.name]; twice || !rule.fits(p.name) || !rule.fits(p.value) || len(values) == rule.count {
				return false, errors.New(rule.sentence)
			}
			values[p.name] = p.value
		}
		if len(values) > 0 {
			text, _ := json.Marshal(values) // a map of strings always marshals
			form.Add(parameter, string(text))
		}
		limited = parameter == "RateLimits" && len(values) > 0
	}
	return limited, nil
}

// The languages of the default template, and those of them that calls lack; calls
// alone know en-GB (https://www.twilio.com/docs/verify/supported-languages). A
// template has languages of its own, and e-mail has none to choose.
const (
	languages = " af ar ca zh zh-CN zh-HK hr cs da nl en et fi fr de el he hi hu id it ja kn ko lt ms mr nb pl pt pt-BR ro ru sk " +
		"es sv tl te th tr uk vi "
	notSpoken = " ar hr cs et el he hi hu id "
)

// localeOf is what is asked for, or the nearest that Twilio has on the channel, or
// "": Twilio refuses any other with 404, and without one it chooses by the country.
func localeOf(req verify.SendRequest) string {
	for _, o := range verify.VendorOptions[option](req, vendor) {
		if o.parameter == "TemplateSid" {
			return req.Locale
		}
	}
	if req.Channel == verify.ChannelEmail || req.Locale == "" {
		return ""
	}
	for _, tag := range verify.LocaleFallbacks(req.Locale) {
		if known := spoken(req.Channel, tag); known != "" {
			return known
		}
	}
	return ""
}

// spoken returns a tag as Twilio writes it, or "" if the channel lacks it.
func spoken(c verify.Channel, tag string) string {
	switch {
	case c != verify.ChannelVoice:
		return listed(languages, tag)
	case strings.EqualFold(tag, "en-GB"):
		return "en-GB"
	case listed(notSpoken, tag) != "":
		return ""
	}
	return listed(languages, tag)
}

// listed returns a tag as the list writes it, or "".
func listed(list, tag string) string {
	for known := range strings.FieldsSeq(list) {
		if strings.EqualFold(known, tag) {
			return known
		}
	}
	return ""
}
