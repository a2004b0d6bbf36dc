package authy

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

// hour is how long Authy counts the codes that a person asked for, by the words
// of its answer.
const hour = time.Hour

// maxVendorCode is the length of a vendor code in digits: too short for a phone
// number or a code of ours.
const maxVendorCode = 5

// goneCodes say that a user is not there, or is on the way out.
var goneCodes = [...]string{"60016", "60026", "60127", "60128", "60130"}

var notAUser = rest.Refusal{
	Kind: verify.ErrInvalidRecipient, Detail: "Authy does not know the id in the directory: call Register again",
}

// refusals says what each vendor code means. Those with a status of HTTP are at
// https://www.twilio.com/docs/verify/api/v1/return-and-error-codes, the names of
// the others in the client for Java, https://github.com/twilio/authy-java
// (Error.java). Codes of calls that we do not make are not here.
var refusals = map[string]rest.Refusal{
	// The application, its key and its plan.
	"60001": {Kind: verify.ErrUnauthorized, Detail: "the API key is wrong"},
	"60006": {Kind: verify.ErrUnauthorized, Detail: "the application has calls switched off"},
	"60007": {Kind: verify.ErrUnauthorized, Detail: "the application has sms switched off"},
	"60008": {Kind: verify.ErrUnauthorized, Detail: "the account is suspended"},
	"60009": {Kind: verify.ErrUnauthorized, Detail: "the plan's sms of this month are used up"},
	"60010": {Kind: verify.ErrUnauthorized, Detail: "the plan's sms of this day are used up"},
	"60011": {Kind: verify.ErrUnauthorized, Detail: "the plan's calls of this month are used up"},
	"60012": {Kind: verify.ErrUnauthorized, Detail: "the plan's calls of this day are used up"},
	"60031": {Kind: verify.ErrUnauthorized, Detail: "the key may not do this"},
	"60047": {Kind: verify.ErrUnauthorized, Detail: "this is a Twilio key: use the key of the Authy application"},
	"60057": {Kind: verify.ErrUnauthorized, Detail: "the account is suspended for a while"},
	"60060": {Kind: verify.ErrUnauthorized, Detail: "the Twilio account is suspended"},
	"60061": {Kind: verify.ErrUnauthorized, Detail: "the application is suspended"},
	"60063": {Kind: verify.ErrUnauthorized, Detail: "the console does not allow the address of this server"},
	"60064": {Kind: verify.ErrUnauthorized, Detail: "OneTouch could not be switched on"},
	"60065": {Kind: verify.ErrUnauthorized, Detail: "the application has OneTouch switched off"},
	"60070": {Kind: verify.ErrUnauthorized, Detail: "the application is not valid"},
	"60073": {Kind: verify.ErrUnauthorized, Detail: "the application's key is not valid"},

	// The recipient.
	"60016": notAUser,
	"60026": notAUser,
	"60027": {Kind: verify.ErrInvalidRecipient, Detail: "Authy takes the phone number or the e-mail address for invalid"},
	"60033": {Kind: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"60038": {Kind: verify.ErrInvalidRecipient, Detail: "Authy takes the e-mail address for invalid"},
	"60050": {Kind: verify.ErrInvalidRecipient, Detail: "the person does not have the Authy app: send a code"},
	"60051": {Kind: verify.ErrInvalidRecipient, Detail: "the person has no device with the Authy app: send a code"},
	"60058": {Kind: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"60059": {Kind: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"60078": {Kind: verify.ErrInvalidRecipient, Detail: "not a number of a country that Authy knows"},
	"60082": {Kind: verify.ErrInvalidRecipient, Detail: "a landline takes no sms: offer a call"},
	"60083": {Kind: verify.ErrInvalidRecipient, Detail: "no messenger serves this number"},
	"60108": {Kind: verify.ErrInvalidRecipient, Detail: "the person's device does not take this channel"},
	"60127": notAUser,
	"60128": notAUser,
	"60130": notAUser,

	// Guards and permissions.
	"60013": {Kind: verify.ErrBlocked, Detail: "the country is banned"},
	"60017": {Kind: verify.ErrBlocked, Detail: "the user is suspended"},
	"60018": {Kind: verify.ErrBlocked, Detail: "the user is disabled"},
	"60106": {Kind: verify.ErrBlocked, Detail: "the user is suspended from this application"},
	"60107": {Kind: verify.ErrBlocked, Detail: "the user is blocked"},
	"60115": {Kind: verify.ErrBlocked, Detail: "the recipient has opted out"},

	// Limits. Authy protects the person with 60003, not itself.
	"60003": {Kind: verify.ErrTooManySends, Detail: "this person asked for too many codes within an hour", RetryAfter: hour},
	"60120": {Kind: verify.ErrTooManySends, Detail: "the limit of sms is reached"},

	// The code. 60019 says that it was used, 60020 that it is wrong.
	"60019": {Kind: verify.ErrNotPending, Detail: "the code was used before"},
	"60020": {Kind: verify.ErrMismatch},
	"60022": {Kind: verify.ErrMismatch},
	"60118": {Kind: verify.ErrMismatch},
	"60023": {Kind: verify.ErrNotPending},
	"60049": {Kind: verify.ErrNotPending, Detail: "the approval request was not found"},
	"60079": {Kind: verify.ErrNotPending, Detail: "the approval request is over"},

	// By Authy's own word nothing was sent.
	"60014": {Kind: verify.ErrUnavailable, Detail: "the call was not started"},
	"60015": {Kind: verify.ErrUnavailable, Detail: "the sms was not sent"},

	"60052": {Kind: verify.ErrOutcomeUnknown, Detail: "Authy failed inside: the push may have left"},
	"60053": {Kind: verify.ErrOutcomeUnknown, Detail: "Authy failed to send: the push may have left"},
	"60054": {Kind: verify.ErrOutcomeUnknown, Detail: "Authy failed inside: the push may have left"},

	// Settings of the application or the call.
	"60000": {Kind: verify.ErrRejected, Detail: "Authy refused and gave no reason"},
	"60002": {Kind: verify.ErrRejected, Detail: "the request is not valid"},
	"60004": {Kind: verify.ErrRejected, Detail: "a parameter is not valid"},
	"60005": {Kind: verify.ErrRejected, Detail: "a text is not UTF-8"},
	"60021": {Kind: verify.ErrRejected, Detail: "the verification could not be started"},
	"60028": {Kind: verify.ErrRejected, Detail: "the user could not be deleted: try again later"},
	"60030": {Kind: verify.ErrRejected, Detail: "a parameter of the user is not valid"},
	"60042": {Kind: verify.ErrRejected, Detail: "the phone number did not reach Authy"},
	"60056": {Kind: verify.ErrRejected, Detail: "Authy insists on https: check BaseURL"},
	"60080": {Kind: verify.ErrRejected, Detail: "the approval request is not valid"},
	"60091": {Kind: verify.ErrRejected, Detail: "messages of one's own are not allowed: leave Config.ActionMessages out"},
	"60097": {Kind: verify.ErrRejected, Detail: "the person's phone number is about to change"},
	"60131": {Kind: verify.ErrRejected, Detail: "the user could not be deleted: try again later"},
	"60132": {Kind: verify.ErrRejected, Detail: "the user could not be deleted: try again later"},
}

// onCheck says what a code means instead where a typed code is checked.
var onCheck = map[string]rest.Refusal{
	"60003": {Kind: verify.ErrTooManyAttempts, Detail: "Authy shields this person from too many tries", RetryAfter: hour},
	"60120": {Kind: verify.ErrTooManyAttempts, Detail: "Authy shields this person from too many tries"},
}

// refused reads {"error_code":"60020","message":"...","success":false}. The
// message is never read: it quotes the recipient.
func refused(op string, status int, body []byte) rest.Refusal {
	var (
		code, token string
		errs        json.RawMessage
	)
	err := rest.Scan(body,
		rest.Field{Key: "error_code", To: &code, Number: true},
		rest.Field{Key: "token", To: &token},
		rest.Field{Key: "errors", To: &errs},
	)
	switch {
	case err != nil, len(code) > maxVendorCode || code != "" && !isID(code):
		return rest.Refusal{}
	case code != "":
		return translate(op, status, code)
	case op == "check" && (isInvalid(token) || isInvalid(tokenIn(errs))):
		return rest.Refusal{Kind: verify.ErrMismatch} // as older answers have it
	}
	return rest.Refusal{}
}

func translate(op string, status int, code string) rest.Refusal {
	r, known := refusals[code]
	switch {
	case !known:
		r = rest.Unlisted(status)
	case op == "check" && slices.Contains(goneCodes[:], code):
		r.Kind = verify.ErrNotPending // as for a person who was never registered
	}
	if op == "check" {
		if special, ok := onCheck[code]; ok {
			r = special
		}
	}
	r.Code = code
	return r
}

func isInvalid(token string) bool { return token == "is invalid" }

// tokenIn reads {"token":"is invalid"}.
func tokenIn(errs json.RawMessage) (token string) {
	if rest.Scan(errs, rest.Field{Key: "token", To: &token}) != nil {
		return ""
	}
	return token
}

// doubted corrects what is made of a 401 to a check whose body is cut off or not
// Authy's: with that status Authy refuses a wrong code as well as a wrong key.
func doubted(err error) error {
	var e *verify.Error
	if !errors.As(err, &e) || e.Outcome != verify.ErrUnauthorized || e.VendorCode != "" {
		return err
	}
	d := *e
	d.Outcome, d.Detail = verify.ErrOutcomeUnknown, "refused without a reason: either the code is wrong or the API key"
	return &d
}

// failure translates an answer of class 2xx that says success false.
func failure(op string, reply rest.Reply) error {
	r := refused(op, reply.Status, reply.Body)
	if r.Kind == "" {
		r = rest.Refusal{Kind: verify.ErrRejected, Detail: "Authy refused and gave no reason"}
	}
	return &verify.Error{
		Vendor: vendor, Op: op, Outcome: r.Kind, Detail: r.Detail, RetryAfter: r.RetryAfter,
		HTTPStatus: reply.Status, VendorCode: r.Code, RequestID: reply.RequestID, Requests: reply.Requests,
	}
}
