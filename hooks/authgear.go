package hooks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
)

// Authgear is the handler of Authgear's custom SMS gateway. The keys are the octets of
// the secret "webhook": one, or two while they are exchanged. The text is Authgear's
// own, also where it holds a link in place of a code.
//
// Authgear signs neither a time nor an id, so that a request that somebody recorded is
// good for ever: what was seen is known for Config.Keep, and no longer. Serve it
// over TLS alone.
func Authgear(cfg Config, keys ...[]byte) (http.Handler, error) {
	proof, err := byAuthgear(keys)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "authgear", time: inTime,
		proof: proof, read: readAuthgear, answer: answerAuthgear,
	})
}

// An authgearRequest is authgear/authgear-server pkg/lib/infra/sms/custom/client.go.
type authgearRequest struct {
	To       string `json:"to"`
	Body     string `json:"body"`
	Language string `json:"language_tag"`
	Data     struct {
		Code string `json:"code"` // none in a message with a link
	} `json:"template_variables"`
}

// readAuthgear knows a message by its whole body, which holds the code.
func readAuthgear(body []byte) (order, error) {
	var r authgearRequest
	if json.Unmarshal(body, &r) != nil {
		return order{}, ErrUnreadable
	}
	if r.To == "" || r.Body == "" {
		return order{}, fmt.Errorf("%w: to or body is missing", ErrUnreadable)
	}
	sum := sha256.Sum256(body)
	return order{to: r.To, text: r.Body, code: codeIn(r.Data.Code), locale: r.Language, same: []string{hex.EncodeToString(sum[:])}}, nil
}

// authgearCodes are those of docs/specs/sms_gateway.md. The code decides, whatever the
// status is.
var authgearCodes = map[verify.Outcome]string{
	"":                         "ok",
	verify.ErrInvalidRecipient: "invalid_phone_number",
	verify.ErrTooManySends:     "rate_limited",
	verify.ErrRateLimited:      "rate_limited",
	verify.ErrUnauthorized:     "authentication_failed",
	verify.ErrUnsupported:      "unsupported_request",
	verify.ErrBlocked:          "delivery_rejected",
	verify.ErrRejected:         "delivery_rejected",
	verify.ErrUnavailable:      "timeout",
}

func answerAuthgear(w http.ResponseWriter, o verify.Outcome) {
	var answer struct {
		Code        string `json:"code"`
		Description string `json:"description,omitempty"`
	}
	var known bool
	if answer.Code, known = authgearCodes[o]; !known {
		answer.Code = "unknown_error"
	}
	if o != "" {
		answer.Description = sentence(o)
	}
	writeJSON(w, answer)
}
