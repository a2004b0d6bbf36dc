package authy

import (
	_ "embed" // the table of codes
	"encoding/json"
	"errors"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// maxVendorCode is the length of a vendor code in digits: too short for a phone
// number or a code of ours.
const maxVendorCode = 5

// goneCodes say that a user is not there, or is on the way out.
var goneCodes = [...]string{"60016", "60026", "60127", "60128", "60130"}

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

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

// translate says what a code means to a call, or its status if it is not listed.
func translate(op string, status int, code string) driver.Failure {
	f, known := codes.Find(op + ":" + code)
	if !known {
		f, known = codes.Find(code)
	}
	if !known {
		f = driver.Unlisted(status)
	}
	f.Code = code
	return f
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
