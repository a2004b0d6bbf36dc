package gatewayapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// refusals says what each vendor code means. All stand at
// https://gatewayapi.com/docs/error-codes/. Codes of delivery, 0x1000 and above,
// are not here: they come later, and not to us.
var refusals = map[string]driver.Failure{
	// The account and its credentials.
	"0x0210": {Outcome: verify.ErrUnauthorized, Detail: "the user name is wrong"},
	"0x0211": {Outcome: verify.ErrUnauthorized, Detail: "the password is wrong"},
	"0x0212": {Outcome: verify.ErrUnauthorized, Detail: "our IP address is not valid to GatewayAPI"},
	"0x0213": {Outcome: verify.ErrUnauthorized, Detail: "the account does not allow our IP address: add it to its list"},
	"0x0216": {Outcome: verify.ErrUnauthorized, Detail: "the account has no credit left"},
	"0x0219": {Outcome: verify.ErrUnauthorized, Detail: "the account has e-mail switched off"},
	"0x021A": {Outcome: verify.ErrUnauthorized, Detail: "the account has look-ups switched off"},
	"0x021B": {Outcome: verify.ErrUnauthorized, Detail: "the account has the phone book switched off"},
	"0x021C": {Outcome: verify.ErrUnauthorized, Detail: "the account has mms switched off"},
	"0x021D": {Outcome: verify.ErrUnauthorized, Detail: "the account has sms switched off"},
	"0x021E": {Outcome: verify.ErrUnauthorized, Detail: "the account does not have this message class: change Class"},
	"0x0221": {Outcome: verify.ErrUnauthorized, Detail: "the signature method is not supported: use Token"},
	"0x0223": {Outcome: verify.ErrUnauthorized, Detail: "Key is wrong, or of the other region"},
	"0x0224": {Outcome: verify.ErrUnauthorized, Detail: "the signature is wrong: check Secret, and that no proxy changes the URL"},
	"0x0229": {Outcome: verify.ErrUnauthorized, Detail: "the token is wrong, revoked, or of the other region"},
	"0x022A": {Outcome: verify.ErrUnauthorized, Detail: "the account is frozen: GatewayAPI's support knows why"},
	"0x0311": {Outcome: verify.ErrUnauthorized, Detail: "the account does not have this priority: change Priority"},

	// Guards and permissions.
	"0x0215": {Outcome: verify.ErrBlocked, Detail: "the number is on a blocklist"},
	"0x0217": {Outcome: verify.ErrBlocked, Detail: "messages to this country are not permitted"},
	"0x021F": {Outcome: verify.ErrBlocked, Detail: "messages to this network are not permitted"},
	"0x0313": {Outcome: verify.ErrBlocked, Detail: "the number's country is blocked"},

	// Limits.
	"0x0214": {Outcome: verify.ErrTooManySends, Detail: "the same text went to this recipient too often"},

	// The clock: a later try is signed with a later time.
	"0x0225": {Outcome: verify.ErrUnavailable, Detail: "the signature's time is past: set this machine's clock"},

	// We never repeat a nonce, so somebody repeated our request.
	"0x0226": {Outcome: verify.ErrOutcomeUnknown, Detail: "the nonce was seen before: a proxy may have sent the request twice, and the first may have been accepted"},

	// Settings of the account or the call.
	"0x0218": {Outcome: verify.ErrRejected, Detail: "the message class is not known: change Class"},
	"0x0220": {Outcome: verify.ErrRejected, Detail: "a parameter is not supported"},
	"0x0222": {Outcome: verify.ErrRejected, Detail: "a parameter is missing: is Sender set?"},
	"0x0227": {Outcome: verify.ErrRejected, Detail: "the account has no push settings"},
	"0x0228": {Outcome: verify.ErrRejected, Detail: "the account has no push setting for this service"},
	"0x0310": {Outcome: verify.ErrRejected, Detail: "the recipient stands in the message twice"},
	"0x0312": {Outcome: verify.ErrRejected, Detail: "the text was filtered: have its links allowed, or change the template"},
}

// generic says what a code's last byte means in every group; what is left out
// means no more than the status.
var generic = map[string]driver.Failure{
	"03": {Outcome: verify.ErrUnauthorized, Detail: "the account is not permitted to do this"},
	"05": {Outcome: verify.ErrUnavailable, Detail: "GatewayAPI is shutting down"},
	"06": {Outcome: verify.ErrUnavailable, Detail: "GatewayAPI lacks resources"},
	"07": {Outcome: verify.ErrUnauthorized, Detail: "the account lacks a permission"},
	"08": {Outcome: verify.ErrRejected, Detail: "an argument is not valid"},
	"09": {Outcome: verify.ErrUnavailable, Detail: "GatewayAPI is not available for the moment"},
}

// fields says what it means that the Messaging API finds fault with one:
// https://messaging.gatewayapi.com/openapi.json.
var fields = map[string]driver.Failure{
	"sender":     {Outcome: verify.ErrRejected, Detail: "the sender is not valid"},
	"recipient":  {Outcome: verify.ErrInvalidRecipient, Detail: "not a number that GatewayAPI knows"},
	"message":    {Outcome: verify.ErrRejected, Detail: "the text is not valid, or too long"},
	"reference":  {Outcome: verify.ErrRejected, Detail: "the reference is not valid"},
	"expiration": {Outcome: verify.ErrRejected, Detail: "the expiration is not valid"},
	"priority":   {Outcome: verify.ErrRejected, Detail: "the priority is not valid: change Priority"},
	"label":      {Outcome: verify.ErrRejected, Detail: "the label is not valid"},
}

// refused reads the REST API's {"code":"0x0216","incident_uuid":"...",
// "message":"..."}, which the Messaging API may send too, and its own
// {"description":"Forbidden","detail":[]}. Neither message nor variables are
// read: they quote the recipient.
func refused(_ string, status int, body []byte) driver.Failure {
	var code, incident string
	var detail json.RawMessage
	err := driver.Scan(body,
		driver.Field{Key: "code", To: &code},
		driver.Field{Key: "incident_uuid", To: &incident},
		driver.Field{Key: "detail", To: &detail},
	)
	switch {
	case err != nil:
		return driver.Failure{}
	case isCode(code):
		return coded("0x"+strings.ToUpper(code[2:]), status)
	case len(detail) > 0 && detail[0] == '[':
		return described(status, detail)
	case incident != "":
		return driver.Unlisted(status)
	}
	return driver.Failure{}
}

func isCode(s string) bool {
	return len(s) == 6 && strings.EqualFold(s[:2], "0x") && strings.Trim(s[2:], figures+"ABCDEFabcdef") == ""
}

func coded(code string, status int) driver.Failure {
	r, known := refusals[code]
	if !known && code[4] == '0' {
		r, known = generic[code[4:]]
	}
	switch {
	case !known:
		r = driver.Unlisted(status)
	case r.Outcome == verify.ErrUnavailable && status >= http.StatusInternalServerError:
		r.Outcome = verify.ErrOutcomeUnknown // nobody promises that nothing was done
	}
	r.Code = code
	return r
}

// described reads an answer of the Messaging API without a code.
func described(status int, detail json.RawMessage) driver.Failure {
	switch status {
	case http.StatusUnauthorized:
		return driver.Failure{Outcome: verify.ErrUnauthorized, Detail: "the token did not arrive: does a proxy drop it?"}
	case http.StatusForbidden:
		return driver.Failure{Outcome: verify.ErrUnauthorized, Detail: "the token is wrong, revoked, or of the other region: check Region"}
	case http.StatusUnprocessableEntity:
		return invalid(detail)
	}
	return driver.Unlisted(status)
}

// A fault is one thing that the Messaging API does not like about a request.
type fault struct {
	Loc []any `json:"loc"` // "body", then the field
}

func (f fault) refusal() driver.Failure {
	if len(f.Loc) > 0 {
		name, _ := f.Loc[len(f.Loc)-1].(string)
		if r, known := fields[name]; known {
			return r
		}
	}
	return driver.Failure{Outcome: verify.ErrRejected, Detail: "a field is not valid"}
}

// invalid reads [{"loc":["body","sender"],"msg":"...","type":"..."}]. The number
// is at fault only if nothing else is.
func invalid(detail json.RawMessage) driver.Failure {
	var faults []fault
	_ = json.Unmarshal(detail, &faults) // what cannot be read names no field
	r := fault{}.refusal()
	for i, f := range faults {
		if i == 0 || r.Outcome == verify.ErrInvalidRecipient {
			r = f.refusal()
		}
	}
	return r
}
