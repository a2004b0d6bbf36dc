package twilio

import (
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const codeNotFound = "20404"

// window is how long Twilio counts sends to a recipient:
// https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts.
const window = 10 * time.Minute

// verdicts says what each status means to a check:
// https://www.twilio.com/docs/verify/api/verification-check. The zero Outcome is
// the one yes.
var verdicts = map[string]verify.Outcome{
	"approved":             "",
	"pending":              verify.ErrMismatch,
	"canceled":             verify.ErrNotPending,
	"deleted":              verify.ErrNotPending,
	"expired":              verify.ErrNotPending,
	"failed":               verify.ErrNotPending,
	"max_attempts_reached": verify.ErrTooManyAttempts,
}

// refusals says what each vendor code means. Each stands at
// https://www.twilio.com/docs/api/errors/ and its number. Codes of factors and
// challenges are not here: no call of ours brings them about.
var refusals = map[string]driver.Failure{
	// The account and its credentials.
	"20003": {Outcome: verify.ErrUnauthorized, Detail: "the credentials are wrong, or of another region"},
	"20005": {Outcome: verify.ErrUnauthorized, Detail: "the account is not active"},
	"20006": {Outcome: verify.ErrUnauthorized, Detail: "the account has no access to this"},
	"20008": {Outcome: verify.ErrUnauthorized, Detail: "test credentials do not work with Verify"},
	"20010": {Outcome: verify.ErrUnauthorized, Detail: "the account has this action disabled"},
	"20403": {Outcome: verify.ErrUnauthorized, Detail: "the API key lacks a permission"},
	"21608": {Outcome: verify.ErrUnauthorized, Detail: "a trial account reaches only numbers verified in its console"},

	// The recipient.
	"21211": {Outcome: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"21612": {Outcome: verify.ErrInvalidRecipient, Detail: "not reachable by sms"},
	"21614": {Outcome: verify.ErrInvalidRecipient, Detail: "not a mobile number"},
	"60205": {Outcome: verify.ErrInvalidRecipient, Detail: "a landline takes no sms: offer a call"},

	// Guards and permissions.
	"21215": {Outcome: verify.ErrBlocked, Detail: "calls to this country are not permitted"},
	"21216": {Outcome: verify.ErrBlocked, Detail: "the number is on Twilio's blocklist"},
	"21408": {Outcome: verify.ErrBlocked, Detail: "sms to this country is not permitted"},
	"21610": {Outcome: verify.ErrBlocked, Detail: "the recipient has opted out"},
	"60238": {Outcome: verify.ErrBlocked, Detail: "the account is under review, or the country under embargo"},
	"60410": {Outcome: verify.ErrBlocked, Detail: "Fraud Guard blocks numbers of this prefix, for about 12 hours"},
	"60605": {Outcome: verify.ErrBlocked, Detail: "Verify's geo permissions exclude this country"},

	// Limits.
	"20429": {Outcome: verify.ErrRateLimited, Detail: "too many requests at once, or a rate limit of your own"},
	"60202": {Outcome: verify.ErrTooManyAttempts, Detail: "5 checks of this code were made"},
	"60203": {Outcome: verify.ErrTooManySends, Detail: "5 messages within 10 minutes", RetryAfter: window},
	"60212": {Outcome: verify.ErrTooManySends, Detail: "too many requests for this recipient at once"},

	// Refused before anything was processed, by Twilio's own word.
	"20162": {Outcome: verify.ErrUnavailable, Detail: "another update of the same verification is under way"},
	"20409": {Outcome: verify.ErrUnavailable, Detail: "another update of the same verification is under way"},
	"20503": {Outcome: verify.ErrUnavailable, Detail: "Twilio is too busy"},

	"20500": {Outcome: verify.ErrOutcomeUnknown, Detail: "Twilio failed: a message may have left"},

	// Settings of the Service, the account or the call.
	"20001": {Outcome: verify.ErrRejected, Detail: "a parameter is not known"},
	"60200": {Outcome: verify.ErrRejected, Detail: "a parameter is not valid: check the Service's SID, channels and region"},
	"60201": {Outcome: verify.ErrRejected, Detail: "the template's translation is not approved"},
	"60204": {Outcome: verify.ErrRejected, Detail: "the Service has this feature switched off"},
	"60206": {Outcome: verify.ErrRejected, Detail: "the Service has PSD2: set Service.PSD2"},
	"60207": {Outcome: verify.ErrRejected, Detail: "the Service has too many rate limits"},
	"60208": {Outcome: verify.ErrRejected, Detail: "a rate limit of this name exists"},
	"60209": {Outcome: verify.ErrRejected, Detail: "the rate limit's name is not valid"},
	"60210": {Outcome: verify.ErrRejected, Detail: "the rate limit has too many buckets"},
	"60211": {Outcome: verify.ErrRejected, Detail: "the rate limit has a bucket of this interval"},
	"60213": {Outcome: verify.ErrRejected, Detail: "a messaging configuration for this country exists"},
	"60214": {Outcome: verify.ErrRejected, Detail: "a Service with PSD2 does not call: set Service.PSD2"},
	"60215": {Outcome: verify.ErrRejected, Detail: "the account has too many e-mail integrations"},
	"60217": {Outcome: verify.ErrRejected, Detail: "the Service has no e-mail integration"},
	"60218": {Outcome: verify.ErrRejected, Detail: "the e-mail template is not active"},
	"60219": {Outcome: verify.ErrRejected, Detail: "the e-mail template lacks a placeholder"},
	"60220": {Outcome: verify.ErrRejected, Detail: "China needs vetting of the account"},
	"60221": {Outcome: verify.ErrRejected, Detail: "the recipient did not reach Twilio"},
	"60222": {Outcome: verify.ErrRejected, Detail: "the e-mail sender is not verified"},
	"60223": {Outcome: verify.ErrRejected, Detail: "the Service has this channel switched off"},
	"60224": {Outcome: verify.ErrRejected, Detail: "the template needs a substitution: see WithSubstitution"},
	"60225": {Outcome: verify.ErrRejected, Detail: "the template's translation exists"},
	"60226": {Outcome: verify.ErrRejected, Detail: "China needs a friendly name of the Service"},
	"60227": {Outcome: verify.ErrRejected, Detail: "the template does not fit the channel"},
	"60228": {Outcome: verify.ErrRejected, Detail: "the template was not found"},
	"60229": {Outcome: verify.ErrRejected, Detail: "the template has no such translation"},
	"60243": {Outcome: verify.ErrRejected, Detail: "custom messages are not supported"},
	"60252": {Outcome: verify.ErrRejected, Detail: "the e-mail integration is not set up"},
	"60253": {Outcome: verify.ErrRejected, Detail: "the e-mail integration is not set up"},
	"60329": {Outcome: verify.ErrRejected, Detail: "a Service with PSD2 does not offer this channel"},
	"60330": {Outcome: verify.ErrRejected, Detail: "a webhook of the Service did not answer"},
	"60331": {Outcome: verify.ErrRejected, Detail: "no voice speaks this locale: leave WithLocale out"},
	"60408": {Outcome: verify.ErrRejected, Detail: "the template is for sms only"},
	"60411": {Outcome: verify.ErrRejected, Detail: "the number is on the safe list"},
	"60413": {Outcome: verify.ErrRejected, Detail: "the device's risk data was not accepted"},
	"60550": {Outcome: verify.ErrRejected, Detail: "no channel could be chosen"},
	"60602": {Outcome: verify.ErrRejected, Detail: "an app hash is for sms only"},
	"63008": {Outcome: verify.ErrRejected, Detail: "the WhatsApp sender is not set up"},
	"68008": {Outcome: verify.ErrRejected, Detail: "the WhatsApp sender is not set up"},

	// SendGrid's troubles, with status 401: our own credentials are good.
	"60603": {Outcome: verify.ErrRejected, Detail: "the e-mail integration has no credits left: the Twilio credentials are good"},
	"60604": {Outcome: verify.ErrRejected, Detail: "the e-mail integration lacks a permission: the Twilio credentials are good"},
}

// codeIn reads {"code":60200,"message":"...","status":400}. The message is never
// read: it quotes the recipient.
func codeIn(body []byte) (code string, ok bool) {
	err := driver.Scan(body, driver.Field{Key: "code", To: &code, Need: true, Number: true})
	return code, err == nil
}

// refused reads an error of Verify's.
func refused(op string, status int, body []byte) driver.Failure {
	code, ok := codeIn(body)
	if !ok {
		return driver.Failure{}
	}
	r, known := refusals[code]
	switch {
	case code == codeNotFound:
		r = notFound(op)
	case code == "60200" && op == "send":
		r = driver.Failure{Outcome: verify.ErrInvalidRecipient, Detail: "most likely not a number in use: else check the Service's SID and region"}
	case !known:
		r = driver.Unlisted(status)
	}
	r.Code = code
	return r
}

// notFound reads 20404: to a check it says expired, used, canceled and never
// sent in one word.
func notFound(op string) driver.Failure {
	if op == "send" {
		return driver.Failure{Outcome: verify.ErrRejected, Detail: "the Service was not found: check its SID and the region"}
	}
	return driver.Failure{Outcome: verify.ErrNotPending}
}
