package authy

import (
	"strconv"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://www.twilio.com/docs/authy/api/users,
// https://www.twilio.com/docs/authy/api/one-time-passwords,
// https://www.twilio.com/docs/authy/api/push-authentications and
// https://www.twilio.com/docs/verify/api/v1/verification.
const (
	newRoute    = "/protected/json/users/new"
	removeRoute = "/protected/json/users/{id}/remove"
	statusRoute = "/protected/json/users/{id}/status"
	smsRoute    = "/protected/json/sms/{id}"
	callRoute   = "/protected/json/call/{id}"
	verifyRoute = "/protected/json/verify/{token}/{id}"

	startRoute = "/protected/json/phones/verification/start"
	checkRoute = "/protected/json/phones/verification/check"

	approvalsRoute = "/onetouch/json/users/{id}/approval_requests"
	approvalRoute  = "/onetouch/json/approval_requests/{uuid}"
)

const (
	maxScope  = 64 // an action may be longer, a scope may not
	minDigits = 4  // of phone verification
	maxUUID   = 64
)

func channels() []verify.Channel {
	return []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}
}

func tokenRoute(c verify.Channel) string {
	if c == verify.ChannelVoice {
		return callRoute
	}
	return smsRoute
}

// locales are the languages of Authy's messages:
// https://www.twilio.com/docs/verify/api/v1/verification.
var locales = [...]string{
	"af", "ar", "ca", "zh", "zh-CN", "zh-HK", "hr", "cs", "da", "nl", "en", "fi", "fr",
	"de", "el", "he", "hi", "hu", "id", "it", "ja", "ko", "ms", "nb", "pl", "pt-BR", "pt",
	"ro", "ru", "es", "sv", "tl", "th", "tr", "vi",
}

// localeName finds the nearest language of Authy's, or "" for its own default: a
// hint must not fail a send.
func localeName(tag string) string {
	language, _, _ := strings.Cut(tag, "-")
	for _, want := range [...]string{tag, language} {
		for _, l := range locales {
			if strings.EqualFold(l, want) {
				return l
			}
		}
	}
	return ""
}

func (u *Users) sendQuery(req verify.SendRequest, forced bool) driver.Form {
	var q driver.Form
	if forced {
		q.Add("force", "true")
	}
	if req.Scope != "" {
		q.Add("action", req.Scope)
		if message := u.messages[req.Scope]; message != "" {
			q.Add("action_message", message)
		}
	}
	if locale := localeName(req.Locale); locale != "" {
		q.Add("locale", locale)
	}
	return q
}

func verifyQuery(req verify.CheckRequest) driver.Form {
	var q driver.Form
	q.Add("force", "true")
	if req.Scope != "" {
		q.Add("action", req.Scope)
	}
	return q
}

func newForm(email, phone string) driver.Form {
	country, number := split(phone)
	var form driver.Form
	form.Add("user[email]", email)
	form.Add("user[cellphone]", number)
	form.Add("user[country_code]", country)
	form.Add("send_install_link_via_sms", "false")
	return form
}

func startForm(req verify.SendRequest) driver.Form {
	country, number := split(req.To)
	form := make(driver.Form, 0, 96)
	if req.Channel == verify.ChannelVoice {
		form.Add("via", "call")
	} else {
		form.Add("via", "sms")
	}
	form.Add("country_code", country)
	form.Add("phone_number", number)
	form.Add("code_length", strconv.Itoa(req.Digits))
	if locale := localeName(req.Locale); locale != "" {
		form.Add("locale", locale)
	}
	return form
}

func checkQuery(req verify.CheckRequest) driver.Form {
	country, number := split(req.To)
	q := make(driver.Form, 0, 96)
	q.Add("country_code", country)
	q.Add("phone_number", number)
	q.Add("verification_code", req.Code)
	return q
}

// split takes the calling code from a number in E.164 form, as Authy wants it.
func split(phone string) (country, number string) {
	country = verify.CallingCode(phone)
	return country, phone[1+len(country):]
}

// isUUID knows an id of a verification or an approval, which cannot change a
// path.
func isUUID(s string) bool {
	for i := range len(s) {
		letter, digit := 'a' <= s[i]|0x20 && s[i]|0x20 <= 'z', '0' <= s[i] && s[i] <= '9'
		if !letter && !digit && s[i] != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxUUID
}
