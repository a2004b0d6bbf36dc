package twilio

import (
	_ "embed"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// What each option takes, and the languages of each channel.
var (
	//go:embed options.txt
	optionsText string
	//go:embed locales.txt
	localesText string

	options = driver.Options{Vendor: vendor, Text: optionsText}
	locales = driver.Locales{Text: localesText}
)

// WithTemplate sends the message of a template, "HJ" and 32 hexadecimal digits,
// by sms or voice.
func WithTemplate(sid string) verify.SendOption {
	return options.Value("TemplateSid", sid)
}

// WithSubstitution fills one placeholder of the template.
func WithSubstitution(name, value string) verify.SendOption {
	return options.Pair("TemplateCustomSubstitutions", name, value)
}

// WithTag marks the verification in Twilio's event streams: at most 10 tags of
// at most 128 bytes each, and no personal data.
func WithTag(name, value string) verify.SendOption {
	return options.Pair("Tags", name, value)
}

// WithRateLimit counts this send against a limit of your own, set up under the
// Service by its unique name: WithRateLimit("end_user_ip", ip). Beyond the limit
// Send returns ErrTooManySends, and no other vendor is asked: it would defeat the
// limit (https://www.twilio.com/docs/verify/api/programmable-rate-limits).
func WithRateLimit(name, value string) verify.SendOption {
	return options.Pair("RateLimits", name, value)
}

// WithAppHash ends an SMS with the hash of an Android app, 11 characters of
// base64, so that the app may read the code by itself.
func WithAppHash(hash string) verify.SendOption {
	return options.Value("AppHash", hash)
}

// WithFriendlyName names the sender in this message in place of the Service's
// name, 1 to 30 characters.
func WithFriendlyName(name string) verify.SendOption {
	return options.Value("CustomFriendlyName", name)
}

// WithSendDigits are the digits to press once a call is answered, such as an
// extension: 1 to 32 of digits, w (a pause of half a second), # and *.
func WithSendDigits(digits string) verify.SendOption {
	return options.Value("SendDigits", digits)
}

// WithoutRiskCheck lets a number through that Fraud Guard would block, for a person
// whom you know to be genuine.
func WithoutRiskCheck() verify.SendOption {
	return options.Value("RiskCheck", "disable")
}

// localeOf is what is asked for of a template, or the nearest that Twilio has on the
// channel: it refuses any other with 404, and without one it chooses by the country.
func localeOf(req verify.SendRequest) string {
	if options.Has(req, "TemplateSid") {
		return req.Locale
	}
	return locales.Nearest(req.Channel, req.Locale)
}
