package hooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Authentik is the handler of authentik's SMS Authenticator Setup Stage with the
// generic provider. The secrets are values of the Authorization header, as [Basic] and
// [Bearer] make them of the stage's settings: one, or two while they are exchanged.
// The text is authentik's Message.
//
// A stage with the webhook mapping of docs/hooks.md tells when its code ends, and a
// request that comes later is refused.
//
// A person types the number there in any form. One without a plus is refused, with a
// sentence that authentik shows.
func Authentik(cfg Config, secrets ...string) (http.Handler, error) {
	proof, err := byHeader(secrets)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "authentik", time: inTime,
		proof: proof, read: readAuthentik, answer: byStatus(http.StatusNoContent),
	})
}

// An authentikRequest is goauthentik/authentik authentik/stages/authenticator_sms.
type authentikRequest struct {
	To      string `json:"To"`
	Body    string `json:"Body"` // the code alone
	Message string `json:"Message"`
	Until   *int64 `json:"Until"` // Unix seconds, by our mapping: when the code ends
}

func readAuthentik(body []byte) (order, error) {
	var r authentikRequest
	if json.Unmarshal(body, &r) != nil {
		return order{}, ErrUnreadable
	}
	if r.To == "" || r.Message == "" || r.Body == "" {
		return order{}, fmt.Errorf("%w: To, Body or Message is missing", ErrUnreadable)
	}
	o := order{to: r.To, text: r.Message, code: codeIn(r.Body), same: []string{r.To, r.Body}}
	if r.Until != nil {
		switch o.life = time.Until(time.Unix(*r.Until, 0)); {
		case o.life <= 0:
			return order{}, ErrStale
		case o.life > maxLife:
			return order{}, fmt.Errorf("%w: Until is over a day ahead", ErrUnreadable)
		}
	}
	return o, nil
}
