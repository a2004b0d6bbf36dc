package twilio

import (
	"strings"

	"github.com/go2fa/verify"
)

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
	if len(verify.VendorOptions[templateOption](req, vendor)) > 0 {
		return req.Locale
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
