package twiliotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"unicode/utf8"
)

var (
	phone   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	address = regexp.MustCompile(`^[A-Za-z0-9._+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)
)

func isPhone(to string) bool   { return phone.MatchString(to) }
func isAddress(to string) bool { return address.MatchString(to) }

// shapes are what optional parameters must look like.
var shapes = []struct {
	name string
	ok   func(string) bool
}{
	{"Locale", regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`).MatchString},
	{"SendDigits", regexp.MustCompile(`^[0-9wW#*]+$`).MatchString},
	{"TemplateSid", regexp.MustCompile(`^HJ[0-9a-fA-F]{32}$`).MatchString},
	{"RiskCheck", regexp.MustCompile(`^(enable|disable)$`).MatchString},
	{"DeviceIp", func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }},
	{"Tags", isTags},
	{"RateLimits", isObject},
	{"ChannelConfiguration", isObject},
	{"TemplateCustomSubstitutions", isObject},
}

func isObject(s string) bool {
	var object map[string]any
	return json.Unmarshal([]byte(s), &object) == nil && object != nil
}

// isTags allows ten pairs of at most 128 characters each side.
func isTags(s string) bool {
	var tags map[string]string
	if json.Unmarshal([]byte(s), &tags) != nil || tags == nil || len(tags) > 10 {
		return false
	}
	for key, value := range tags {
		if utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 128 {
			return false
		}
	}
	return true
}

// sendParams are the form of a send, as far as it means something here.
type sendParams struct {
	to, channel, amount, payee string
	name, appHash              string
	limits                     map[limit]int
}

func (c call) sendParams() (sendParams, *failure) {
	p := sendParams{to: c.form.Get("To"), channel: c.form.Get("Channel"), appHash: c.form.Get("AppHash")}
	p.name = c.settings.FriendlyName
	if name := c.form.Get("CustomFriendlyName"); name != "" {
		p.name = name
	}
	if f := c.channel(p); f != nil {
		return p, f
	}

	for _, shape := range shapes {
		if value := c.form.Get(shape.name); value != "" && !shape.ok(value) {
			return p, invalid(shape.name, value)
		}
	}
	if c.form.Get("CustomCode") != "" {
		return p, refusal(http.StatusForbidden, 60204, texts[60204])
	}

	var f *failure
	if p.amount, p.payee, f = c.transaction(); f != nil {
		return p, f
	}
	p.limits, f = c.limits()
	return p, f
}

// channel refuses recipients and parameters that do not go with the channel.
func (c call) channel(p sendParams) *failure {
	switch {
	case p.to == "":
		return invalid("To", p.to)
	case p.channel == "sna" && c.settings.PSD2:
		return badRequest(60329)
	case !slices.Contains([]string{"sms", "call", "email", "whatsapp"}, p.channel):
		return invalid("Channel", p.channel) // sna and auto need a grant by Twilio
	case p.channel == "email" && !isAddress(p.to), p.channel != "email" && !isPhone(p.to):
		return invalid("To", p.to)
	case p.channel == "call" && c.settings.PSD2:
		return badRequest(60214)
	case !slices.Contains(c.settings.Channels, p.channel):
		return badRequest(60223)
	case p.appHash != "" && p.channel != "sms":
		return badRequest(60602)
	case c.form.Get("TemplateSid") != "" && p.channel != "sms" && p.channel != "call":
		return badRequest(60408)
	}
	return nil
}

// limits returns which programmable rate limits the send counts towards.
func (c call) limits() (map[limit]int, *failure) {
	text := c.form.Get("RateLimits")
	if text == "" || c.settings.RateLimits == nil {
		return nil, nil
	}
	var given map[string]any
	_ = json.Unmarshal([]byte(text), &given) // its shape was checked before

	limits := map[limit]int{}
	for name, value := range given {
		most, declared := c.settings.RateLimits[name]
		if !declared {
			return nil, invalid("RateLimits", name)
		}
		limits[limit{c.service, name, fmt.Sprint(value)}] = most
	}
	return limits, nil
}
