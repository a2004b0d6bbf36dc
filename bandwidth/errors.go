package bandwidth

import (
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

// pause is how long Bandwidth checks no code of a number that was guessed too
// often: https://dev.bandwidth.com/docs/mfa/errors.
const pause = 2 * time.Minute

// refusals says what each status means, since Bandwidth has no codes:
// https://dev.bandwidth.com/docs/mfa/errors.
var refusals = map[int]rest.Refusal{
	http.StatusBadRequest: {Kind: verify.ErrRejected, Detail: "a field is not valid: check From and the channel's application id, else the number"},

	// The account and its credentials.
	http.StatusUnauthorized: {Kind: verify.ErrUnauthorized, Detail: "the credentials are wrong or have no access to AccountID"},
	http.StatusForbidden:    {Kind: verify.ErrUnauthorized, Detail: "the credentials are wrong, or MFA is not active for them, or BaseURL is wrong: Bandwidth answers all alike"},

	http.StatusNotFound:        {Kind: verify.ErrRejected, Detail: "the call was not found: check BaseURL and AccountID"},
	http.StatusTooManyRequests: {Kind: verify.ErrRateLimited, Detail: "the account's messages or calls come too fast, or their queue is full"},

	http.StatusInternalServerError: {Kind: verify.ErrOutcomeUnknown, Detail: "Bandwidth failed: a message may have left, unless the application id is unknown"},
}

// checkRefusals says what a status means to a check alone.
var checkRefusals = map[int]rest.Refusal{
	http.StatusBadRequest:          {Kind: verify.ErrRejected, Detail: "a field is not valid"},
	http.StatusTooManyRequests:     {Kind: verify.ErrTooManyAttempts, Detail: "too many wrong codes of this number", RetryAfter: pause},
	http.StatusInternalServerError: {Kind: verify.ErrOutcomeUnknown, Detail: "Bandwidth failed: the code may be spent"},
}

// refused reads an error by its status.
func refused(op string, status int, body []byte) rest.Refusal {
	if !isRefusal(body) {
		return rest.Refusal{}
	}
	r, known := checkRefusals[status]
	if op != "check" || !known {
		r, known = refusals[status]
	}
	if !known {
		r = rest.Unlisted(status)
	}
	return r
}

// isRefusal knows the shapes of Bandwidth's errors: {"error":"...","requestId":
// "..."}, {"message":"..."}, {"Message":"..."}, and {"result":"..."} of old. What
// they say is never read: it may quote the recipient.
func isRefusal(body []byte) bool {
	var texts [4][]byte
	err := rest.Scan(body,
		rest.Field{Key: "error", To: &texts[0]},
		rest.Field{Key: "message", To: &texts[1]},
		rest.Field{Key: "Message", To: &texts[2]},
		rest.Field{Key: "result", To: &texts[3]},
	)
	return err == nil && slices.ContainsFunc(texts[:], func(text []byte) bool { return text != nil })
}

// tokenRefused reads an error of the token's endpoint: RFC 6749 section 5.2, or
// in a shape of Bandwidth's.
func tokenRefused(_ string, status int, body []byte) rest.Refusal {
	if !isRefusal(body) {
		return rest.Refusal{}
	}
	r := rest.Unlisted(status)
	if r.Kind == verify.ErrRejected || r.Kind == verify.ErrUnauthorized {
		r = rest.Refusal{Kind: verify.ErrUnauthorized, Detail: "check ClientID, ClientSecret and TokenURL"}
	}
	return r
}
