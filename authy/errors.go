package authy

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// hour is how long Authy counts the codes that a person asked for, by the words
// of its answer.
const hour = time.Hour

// maxVendorCode is the length of a vendor code in digits: too short for a phone
// number or a code of ours.
const maxVendorCode = 5

// goneCodes say that a user is not there, or is on the way out.
var goneCodes = [...]string{"60016", "60026", "60127", "60128", "60130"}

var notAUser = driver.Failure{
	Outcome: verify.ErrInvalidRecipient, Detail: "Authy does not know the id in the directory: call Register again",
}

// refusals says what each vendor code means. Those with a status of HTTP are at
// https://www.twilio.com/docs/verify/api/v1/return-and-error-codes, the names of
// the others in the client for Java, https://github.com/twilio/authy-java
// (Error.java). Codes of calls that we do not make are not here.
var refusals = map[string]driver.Failure{
	// The application, its key and its plan.
	"60001": {Outcome: verify.ErrUnauthorized, Detail: "the API key is wrong"},
	"60006": {Outcome: verify.ErrUnauthorized, Detail: "the application has calls switched off"},
	"60007": {Outcome: verify.ErrUnauthorized, Detail: "the application has sms switched off"},
	"60008": {Outcome: verify.ErrUnauthorized, Detail: "the account is suspended"},
	"60009": {Outcome: verify.ErrUnauthorized, Detail: "the plan's sms of this month are used up"},
	"60010": {Outcome: verify.ErrUnauthorized, Detail: "the plan's sms of this day are used up"},
	"60011": {Outcome: verify.ErrUnauthorized, Detail: "the plan's calls of this month are used up"},
	"60012": {Outcome: verify.ErrUnauthorized, Detail: "the plan's calls of this day are used up"},
	"60031": {Outcome: verify.ErrUnauthorized, Detail: "the key may not do this"},
	"60047": {Outcome: verify.ErrUnauthorized, Detail: "this is a Twilio key: use the key of the Authy application"},
	"60057": {Outcome: verify.ErrUnauthorized, Detail: "the account is suspended for a while"},
	"60060": {Outcome: verify.ErrUnauthorized, Detail: "the Twilio account is suspended"},
	"60061": {Outcome: verify.ErrUnauthorized, Detail: "the application is suspended"},
	"60063": {Outcome: verify.ErrUnauthorized, Detail: "the console does not allow the address of this server"},
	"60064": {Outcome: verify.ErrUnauthorized, Detail: "OneTouch could not be switched on"},
	"60065": {Outcome: verify.ErrUnauthorized, Detail: "the application has OneTouch switched off"},
	"60070": {Outcome: verify.ErrUnauthorized, Detail: "the application is not valid"},
	"60073": {Outcome: verify.ErrUnauthorized, Detail: "the application's key is not valid"},

	// The recipient.
	"60016": notAUser,
	"60026": notAUser,
	"60027": {Outcome: verify.ErrInvalidRecipient, Detail: "Authy takes the phone number or the e-mail address for invalid"},
	"60033": {Outcome: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"60038": {Outcome: verify.ErrInvalidRecipient, Detail: "Authy takes the e-mail address for invalid"},
	"60050": {Outcome: verify.ErrInvalidRecipient, Detail: "the person does not have the Authy app: send a code"},
	"60051": {Outcome: verify.ErrInvalidRecipient, Detail: "the person has no device with the Authy app: send a code"},
	"60058": {Outcome: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"60059": {Outcome: verify.ErrInvalidRecipient, Detail: "not a number in use"},
	"60078": {Outcome: verify.ErrInvalidRecipient, Detail: "not a number of a country that Authy knows"},
	"60082": {Outcome: verify.ErrInvalidRecipient, Detail: "a landline takes no sms: offer a call"},
	"60083": {Outcome: verify.ErrInvalidRecipient, Detail: "no messenger serves this number"},
	"60108": {Outcome: verify.ErrInvalidRecipient, Detail: "the person's device does not take this channel"},
	"60127": notAUser,
	"60128": notAUser,
	"60130": notAUser,

	// Guards and permissions.
	"60013": {Outcome: verify.ErrBlocked, Detail: "the country is banned"},
	"60017": {Outcome: verify.ErrBlocked, Detail: "the user is suspended"},
	"60018": {Outcome: verify.ErrBlocked, Detail: "the user is disabled"},
	"60106": {Outcome: verify.ErrBlocked, Detail: "the user is suspended from this application"},
	"60107": {Outcome: verify.ErrBlocked, Detail: "the user is blocked"},
	"60115": {Outcome: verify.ErrBlocked, Detail: "the recipient has opted out"},

	// Limits. Authy protects the person with 60003, not itself.
	"60003": {Outcome: verify.ErrTooManySends, Detail: "this person asked for too many codes within an hour", RetryAfter: hour},
	"60120": {Outcome: verify.ErrTooManySends, Detail: "the limit of sms is reached"},

	// The code. 60019 says that it was used, 60020 that it is wrong.
	"60019": {Outcome: verify.ErrNotPending, Detail: "the code was used before"},
	"60020": {Outcome: verify.ErrMismatch},
	"60022": {Outcome: verify.ErrMismatch},
	"60118": {Outcome: verify.ErrMismatch},
	"60023": {Outcome: verify.ErrNotPending},
	"60049": {Outcome: verify.ErrNotPending, Detail: "the approval request was not found"},
	"60079": {Outcome: verify.ErrNotPending, Detail: "the approval request is over"},

	// By Authy's own word nothing was sent.
	"60014": {Outcome: verify.ErrUnavailable, Detail: "the call was not started"},
	"60015": {Outcome: verify.ErrUnavailable, Detail: "the sms was not sent"},

	"60052": {Outcome: verify.ErrOutcomeUnknown, Detail: "Authy failed inside: the push may have left"},
	"60053": {Outcome: verify.ErrOutcomeUnknown, Detail: "Authy failed to send: the push may have left"},
	"60054": {Outcome: verify.ErrOutcomeUnknown, Detail: "Authy failed inside: the push may have left"},

	// Settings of the application or the call.
	"60000": {Outcome: verify.ErrRejected, Detail: "Authy refused and gave no reason"},
	"60002": {Outcome: verify.ErrRejected, Detail: "the request is not valid"},
	"60004": {Outcome: verify.ErrRejected, Detail: "a parameter is not valid"},
	"60005": {Outcome: verify.ErrRejected, Detail: "a text is not UTF-8"},
	"60021": {Outcome: verify.ErrRejected, Detail: "the verification could not be started"},
	"60028": {Outcome: verify.ErrRejected, Detail: "the user could not be deleted: try again later"},
	"60030": {Outcome: verify.ErrRejected, Detail: "a parameter of the user is not valid"},
	"60042": {Outcome: verify.ErrRejected, Detail: "the phone number did not reach Authy"},
	"60056": {Outcome: verify.ErrRejected, Detail: "Authy insists on https: check BaseURL"},
	"60080": {Outcome: verify.ErrRejected, Detail: "the approval request is not valid"},
	"60091": {Outcome: verify.ErrRejected, Detail: "messages of one's own are not allowed: leave Config.ActionMessages out"},
	"60097": {Outcome: verify.ErrRejected, Detail: "the person's phone number is about to change"},
	"60131": {Outcome: verify.ErrRejected, Detail: "the user could not be deleted: try again later"},
	"60132": {Outcome: verify.ErrRejected, Detail: "the user could not be deleted: try again later"},
}

// onCheck says what a code means instead where a typed code is checked.
var onCheck = map[string]driver.Failure{
	"60003": {Outcome: verify.ErrTooManyAttempts, Detail: "Authy shields this person from too many tries", RetryAfter: hour},
	"60120": {Outcome: verify.ErrTooManyAttempts, Detail: "Authy shields this person from too many tries"},
}

// refused reads {"error_code":"60020","message":"...","success":false}. The
// message is never read: it quotes the recipient.
func refused(op string, status int, body []byte) driver.Failure {
	var (
		code, token string
		errs        json.RawMessage
	)
	err := driver.Scan(body,
		driver.Field{Key: "error_code", To: &code, Number: true},
		driver.Field{Key: "token", To: &token},
		driver.Field{Key: "errors", To: &errs},
	)
	switch {
	case err != nil, len(code) > maxVendorCode || code != "" && !isID(code):
		return driver.Failure{}
	case code != "":
		return translate(op, status, code)
	case op == "check" && (isInvalid(token) || isInvalid(tokenIn(errs))):
		return driver.Failure{Outcome: verify.ErrMismatch} // as older answers have it
	}
	return driver.Failure{}
}

func translate(op string, status int, code string) driver.Failure {
	r, known := refusals[code]
	switch {
	case !known:
		r = driver.Unlisted(status)
	case op == "check" && slices.Contains(goneCodes[:], code):
		r.Outcome = verify.ErrNotPending // as for a person who was never registered
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
	if driver.Scan(errs, driver.Field{Key: "token", To: &token}) != nil {
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
func failure(op string, reply driver.Reply) error {
	r := refused(op, reply.Status, reply.Body)
	if r.Outcome == "" {
		r = driver.Failure{Outcome: verify.ErrRejected, Detail: "Authy refused and gave no reason"}
	}
	return &verify.Error{
		Vendor: vendor, Op: op, Outcome: r.Outcome, Detail: r.Detail, RetryAfter: r.RetryAfter,
		HTTPStatus: reply.Status, VendorCode: r.Code, RequestID: reply.RequestID, Requests: reply.Requests,
	}
}
