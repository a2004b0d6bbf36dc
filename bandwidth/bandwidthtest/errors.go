package bandwidthtest

import (
	"encoding/json"
	"net/http"
)

// A failure is an error in one of Bandwidth's shapes.
type failure struct {
	status int
	key    string // of the text: "error", "message" or "Message"
	text   string
	plain  bool // an error without the request's id
}

// documentedID is the request's id of what Refusal makes.
const documentedID = "00000000-0000-4000-8000-000000000000"

// documented are the errors of https://dev.bandwidth.com/docs/mfa/errors.
var documented = map[int]*failure{
	http.StatusBadRequest:          {400, "error", "to number is required", false},
	http.StatusUnauthorized:        {401, "message", "Unauthorized", true},
	http.StatusForbidden:           {403, "Message", "User is not authorized to access this resource with an explicit deny", true},
	http.StatusTooManyRequests:     {429, "error", "This number has exceeded verification attempts, please wait 2 minutes", false},
	http.StatusInternalServerError: {500, "error", "Internal Error", false},
}

// notFound is what an AWS gateway says of a path that it does not know.
var notFound = &failure{http.StatusForbidden, "message", "Missing Authentication Token", true}

func badRequest(text string) *failure {
	return &failure{http.StatusBadRequest, "error", text, false}
}

// oauthError is an error of the token's endpoint: RFC 6749 section 5.2.
func oauthError(status int, code string) *failure {
	return &failure{status, "error", code, true}
}

// body returns the body of the answer.
func (f *failure) body(requestID string) string {
	fields := map[string]string{f.key: f.text}
	if !f.plain {
		fields["requestId"] = requestID
	}
	b, _ := json.Marshal(fields) // strings always encode
	return string(b)
}
