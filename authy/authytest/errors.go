package authytest

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// A failure is an error in Authy's shape.
type failure struct {
	status  int
	code    int
	message string
	fields  map[string]string // of the request, and what is wrong with each
	token   bool              // the answer says so in words, too
	bare    bool              // errors stays empty, as OneTouch has it
}

// texts are Authy's, as recorded or as its documents have them.
var texts = map[int]string{
	60001: "Invalid API key",
	60002: "Invalid request",
	60003: "DoS protection: User has requested too many tokens in the last hour.",
	60004: "Invalid parameter",
	60019: "Token is invalid. Token was used recently.",
	60020: "Token is invalid",
	60022: "Verification code is incorrect",
	60026: "User not found.",
	60027: "User was not valid",
	60033: "Phone number is invalid",
	60042: "Either uuid or country_code and phone number are required",
	60051: "No device was found for this user",
	60060: "Your account is suspended",
	60078: "Invalid country code",
	60082: "Can not send SMS to landline phone numbers",
	60083: "Phone number not provisioned with any carrier",
}

func refusal(status, code int) *failure {
	return &failure{status: status, code: code, message: texts[code]}
}

func wrongToken(code int) *failure {
	f := refusal(http.StatusUnauthorized, code)
	f.token = true
	return f
}

func userNotFound() *failure { return refusal(http.StatusNotFound, 60026) }

func missing(parameter string) *failure {
	f := refusal(http.StatusBadRequest, 60004)
	f.message = "Invalid parameter: " + parameter + " - Parameter is required"
	return f
}

// invalid quotes the fields inside errors and beside, as Authy does.
func invalid(fields map[string]string) *failure {
	f := refusal(http.StatusBadRequest, 60027)
	f.fields = fields
	return f
}

// MarshalJSON writes the code as a string, as Authy does.
func (f *failure) MarshalJSON() ([]byte, error) {
	errors := map[string]string{}
	body := answer{"success": false, "errors": errors, "error_code": strconv.Itoa(f.code), "message": f.message}
	if !f.bare {
		errors["message"] = f.message
	}
	for field, wrong := range f.fields {
		errors[field], body[field] = wrong, wrong
	}
	if f.token {
		body["token"] = "is invalid"
	}
	return json.Marshal(body)
}

// String returns the body of the answer.
func (f *failure) String() string {
	b, _ := json.Marshal(f) // numbers and strings always encode
	return string(b)
}
