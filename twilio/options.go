package twilio

import (
	"encoding/json"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Limits of the options: https://www.twilio.com/docs/verify/api/verification.
const (
	maxTags    = 10
	maxTag     = 128 // bytes of a tag's name or value
	maxField   = 256 // bytes of any other name or value
	hashLength = 11  // https://developers.google.com/identity/sms-retriever/verify
)

type (
	templateOption     string
	appHashOption      string
	tagOption          struct{ name, value string }
	rateLimitOption    struct{ name, value string }
	substitutionOption struct{ name, value string }
)

// WithTemplate sends the message of a template, "HJ" and 32 hexadecimal digits,
// by sms or voice.
func WithTemplate(sid string) verify.SendOption {
	return verify.VendorOption(vendor, templateOption(sid))
}

// WithSubstitution fills one placeholder of the template.
func WithSubstitution(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, substitutionOption{name, value})
}

// WithTag marks the verification in Twilio's event streams: at most 10 tags of
// at most 128 bytes each, and no personal data.
func WithTag(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, tagOption{name, value})
}

// WithRateLimit counts this send against a limit of your own, set up under the
// Service by its unique name: WithRateLimit("end_user_ip", ip). Beyond the limit
// Send returns ErrRateLimited
// (https://www.twilio.com/docs/verify/api/programmable-rate-limits).
func WithRateLimit(name, value string) verify.SendOption {
	return verify.VendorOption(vendor, rateLimitOption{name, value})
}

// WithAppHash ends an SMS with the hash of an Android app, 11 characters of
// base64, so that the app may read the code by itself.
func WithAppHash(hash string) verify.SendOption {
	return verify.VendorOption(vendor, appHashOption(hash))
}

// addOptions writes the options addressed to Twilio, or says why it cannot.
func addOptions(form *driver.Form, req verify.SendRequest) (refusal string) {
	templates := verify.VendorOptions[templateOption](req, vendor)
	hashes := verify.VendorOptions[appHashOption](req, vendor)
	if len(templates) > 1 || len(hashes) > 1 {
		return "a template and an app hash are given once"
	}
	for _, sid := range templates {
		if !isSID(string(sid), "HJ") || req.Channel != verify.ChannelSMS && req.Channel != verify.ChannelVoice {
			return "a template is HJ and 32 hexadecimal digits, for sms and voice only"
		}
		form.Add("TemplateSid", string(sid))
	}
	for _, hash := range hashes {
		if !isAppHash(string(hash)) || req.Channel != verify.ChannelSMS {
			return "an app hash is 11 characters of base64, for sms only"
		}
		form.Add("AppHash", string(hash))
	}
	substitutions, ok := object(verify.VendorOptions[substitutionOption](req, vendor), maxField)
	if !ok {
		return "a substitution has a name of its own and 1 to 256 bytes"
	}
	tags, ok := object(verify.VendorOptions[tagOption](req, vendor), maxTag)
	if !ok || len(tags) > maxTags {
		return "tags are at most 10, each with a name of its own and 1 to 128 bytes"
	}
	limits, ok := object(verify.VendorOptions[rateLimitOption](req, vendor), maxField)
	if !ok {
		return "a rate limit has a name of its own and 1 to 256 bytes"
	}
	addObject(form, "TemplateCustomSubstitutions", substitutions)
	addObject(form, "Tags", tags)
	addObject(form, "RateLimits", limits)
	return ""
}

// object collects pairs under names that stand once.
func object[P ~struct{ name, value string }](pairs []P, most int) (map[string]string, bool) {
	if len(pairs) == 0 {
		return nil, true
	}
	o := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		p := struct{ name, value string }(pair)
		_, twice := o[p.name]
		if twice || p.name == "" || p.value == "" || len(p.name) > most || len(p.value) > most {
			return nil, false
		}
		o[p.name] = p.value
	}
	return o, true
}

// addObject writes a map as the JSON text that Twilio wants inside a field.
func addObject(form *driver.Form, key string, o map[string]string) {
	if len(o) == 0 {
		return
	}
	text, _ := json.Marshal(o) // a map of strings always marshals
	form.Add(key, string(text))
}

func isAppHash(s string) bool {
	return len(s) == hashLength && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+/") == ""
}
