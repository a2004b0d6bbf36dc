package twilio

import (
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
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
var refusals = map[string]rest.Refusal{
	// The account and its credentials.
	"20003": {Kind: verify.ErrUnauthorized, Detail: "the credentials are wrong, or of another region"},
	"20005": {Kind: verify.ErrUnauthorized, Detail: "the account is not active"},
	"20006": {Kind: verify.ErrUnauthorized, Detail: "the account has no access to this"},
	"20008": {Kind: verify.ErrUnauthorized, Detail: "test credentials do not work with Verify"},
	"20010": {Kind: verify.ErrUnauthorized, Detail: "the account has this action disabled"},
	"20403": {Kind: verify.ErrUnauthorized, Detail: "the API key lacks a permission"},
	"21608": {Kind: verify.ErrUnauthorized, Detail: "a trial account reaches only numbers verified in its console"},

	// The recipient.
	"21211": {Kind: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"21612": {Kind: verify.ErrInvalidRecipient, Detail: "not reachable by sms"},
	"21614": {Kind: verify.ErrInvalidRecipient, Detail: "not a mobile number"},
	"60205": {Kind: verify.ErrInvalidRecipient, Detail: "a landline takes no sms: offer a call"},

	// Guards and permissions.
	"21215": {Kind: verify.ErrBlocked, Detail: "calls to this country are not permitted"},
	"21216": {Kind: verify.ErrBlocked, Detail: "the number is on Twilio's blocklist"},
	"21408": {Kind: verify.ErrBlocked, Detail: "sms to this country is not permitted"},
	"21610": {Kind: verify.ErrBlocked, Detail: "the recipient has opted out"},
	"60238": {Kind: verify.ErrBlocked, Detail: "the account is under review, or the country under embargo"},
	"60410": {Kind: verify.ErrBlocked, Detail: "Fraud Guard blocks numbers of this prefix, for about 12 hours"},
	"60605": {Kind: verify.ErrBlocked, Detail: "Verify's geo permissions exclude this country"},

	// Limits.
	"20429": {Kind: verify.ErrRateLimited, Detail: "too many requests at once, or a rate limit of your own"},
	"60202": {Kind: verify.ErrTooManyAttempts, Detail: "5 checks of this code were made"},
	"60203": {Kind: verify.ErrTooManySends, Detail: "5 messages within 10 minutes", RetryAfter: window},
	"60212": {Kind: verify.ErrTooManySends, Detail: "too many requests for this recipient at once"},

	// Refused before anything was processed, by Twilio's own word.
	"20162": {Kind: verify.ErrUnavailable, Detail: "another update of the same verification is under way"},
	"20409": {Kind: verify.ErrUnavailable, Detail: "another update of the same verification is under way"},
	"20503": {Kind: verify.ErrUnavailable, Detail: "Twilio is too busy"},

	"20500": {Kind: verify.ErrOutcomeUnknown, Detail: "Twilio failed: a message may have left"},

	// Settings of the Service, the account or the call.
	"20001": {Kind: verify.ErrRejected, Detail: "a parameter is not known"},
	"60200": {Kind: verify.ErrRejected, Detail: "a parameter is not valid: check the Service's SID, channels and region"},
	"60201": {Kind: verify.ErrRejected, Detail: "the template's translation is not approved"},
	"60204": {Kind: verify.ErrRejected, Detail: "the Service has this feature switched off"},
	"60206": {Kind: verify.ErrRejected, Detail: "the Service has PSD2: set Service.PSD2"},
	"60207": {Kind: verify.ErrRejected, Detail: "the Service has too many rate limits"},
	"60208": {Kind: verify.ErrRejected, Detail: "a rate limit of this name exists"},
	"60209": {Kind: verify.ErrRejected, Detail: "the rate limit's name is not valid"},
	"60210": {Kind: verify.ErrRejected, Detail: "the rate limit has too many buckets"},
	"60211": {Kind: verify.ErrRejected, Detail: "the rate limit has a bucket of this interval"},
	"60213": {Kind: verify.ErrRejected, Detail: "a messaging configuration for this country exists"},
	"60214": {Kind: verify.ErrRejected, Detail: "a Service with PSD2 does not call: set Service.PSD2"},
	"60215": {Kind: verify.ErrRejected, Detail: "the account has too many e-mail integrations"},
	"60217": {Kind: verify.ErrRejected, Detail: "the Service has no e-mail integration"},
	"60218": {Kind: verify.ErrRejected, Detail: "the e-mail template is not active"},
	"60219": {Kind: verify.ErrRejected, Detail: "the e-mail template lacks a placeholder"},
	"60220": {Kind: verify.ErrRejected, Detail: "China needs vetting of the account"},
	"60221": {Kind: verify.ErrRejected, Detail: "the recipient did not reach Twilio"},
	"60222": {Kind: verify.ErrRejected, Detail: "the e-mail sender is not verified"},
	"60223": {Kind: verify.ErrRejected, Detail: "the Service has this channel switched off"},
	"60224": {Kind: verify.ErrRejected, Detail: "the template needs a substitution: see WithSubstitution"},
	"60225": {Kind: verify.ErrRejected, Detail: "the template's translation exists"},
	"60226": {Kind: verify.ErrRejected, Detail: "China needs a friendly name of the Service"},
	"60227": {Kind: verify.ErrRejected, Detail: "the template does not fit the channel"},
	"60228": {Kind: verify.ErrRejected, Detail: "the template was not found"},
	"60229": {Kind: verify.ErrRejected, Detail: "the template has no such translation"},
	"60243": {Kind: verify.ErrRejected, Detail: "custom messages are not supported"},
	"60252": {Kind: verify.ErrRejected, Detail: "the e-mail integration is not set up"},
	"60253": {Kind: verify.ErrRejected, Detail: "the e-mail integration is not set up"},
	"60329": {Kind: verify.ErrRejected, Detail: "a Service with PSD2 does not offer this channel"},
	"60330": {Kind: verify.ErrRejected, Detail: "a webhook of the Service did not answer"},
	"60331": {Kind: verify.ErrRejected, Detail: "no voice speaks this locale: leave WithLocale out"},
	"60408": {Kind: verify.ErrRejected, Detail: "the template is for sms only"},
	"60411": {Kind: verify.ErrRejected, Detail: "the number is on the safe list"},
	"60413": {Kind: verify.ErrRejected, Detail: "the device's risk data was not accepted"},
	"60550": {Kind: verify.ErrRejected, Detail: "no channel could be chosen"},
	"60602": {Kind: verify.ErrRejected, Detail: "an app hash is for sms only"},
	"63008": {Kind: verify.ErrRejected, Detail: "the WhatsApp sender is not set up"},
	"68008": {Kind: verify.ErrRejected, Detail: "the WhatsApp sender is not set up"},

	// SendGrid's troubles, with status 401: our own credentials are good.
	"60603": {Kind: verify.ErrRejected, Detail: "the e-mail integration has no credits left: the Twilio credentials are good"},
	"60604": {Kind: verify.ErrRejected, Detail: "the e-mail integration lacks a permission: the Twilio credentials are good"},
}

// codeIn reads {"code":60200,"message":"...","status":400}. The message is never
// read: it quotes the recipient.
func codeIn(body []byte) (code string, ok bool) {
	err := rest.Scan(body, rest.Field{Key: "code", To: &code, Need: true, Number: true})
	return code, err == nil
}

// refused reads an error of Verify's.
func refused(op string, status int, body []byte) rest.Refusal {
	code, ok := codeIn(body)
	if !ok {
		return rest.Refusal{}
	}
	r, known := refusals[code]
	switch {
	case code == codeNotFound:
		r = notFound(op)
	case code == "60200" && op == "send":
		r = rest.Refusal{Kind: verify.ErrInvalidRecipient, Detail: "most likely not a number in use: else check the Service's SID and region"}
	case !known:
		r = rest.Unlisted(status)
	}
	r.Code = code
	return r
}

// notFound reads 20404: to a check it says expired, used, canceled and never
// sent in one word.
func notFound(op string) rest.Refusal {
	if op == "send" {
		return rest.Refusal{Kind: verify.ErrRejected, Detail: "the Service was not found: check its SID and the region"}
	}
	return rest.Refusal{Kind: verify.ErrNotPending}
}
