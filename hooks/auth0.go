package hooks

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
)

// Auth0 is the handler behind Auth0's custom phone provider: the Action of
// docs/hooks.md posts to it. The secrets are one, or two while they are exchanged:
// those of Standard Webhooks, "whsec_..." and base64, by which the Action signs each
// request and its time; or the token of an Action that signs nothing, as [Bearer] makes
// it. The text is Auth0's own, also where it holds no code, such as the notice of a
// blocked account.
func Auth0(cfg Config, secrets ...string) (http.Handler, error) {
	proof, err := byEither(secrets)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "auth0", time: inTime,
		proof: proof, read: readAuth0, answer: byStatus(http.StatusOK),
	})
}

// An auth0Request is what our Action makes of event.notification.
type auth0Request struct {
	To     string `json:"recipient"`
	Text   string `json:"text"`
	Code   string `json:"code"` // may be missing
	Type   string `json:"message_type"`
	Method string `json:"delivery_method"` // text or voice
	Locale string `json:"locale"`
	IP     string `json:"ip"`
}

func readAuth0(body []byte) (order, error) {
	var r auth0Request
	if json.Unmarshal(body, &r) != nil {
		return order{}, ErrUnreadable
	}
	o := order{to: r.To, text: r.Text, code: codeIn(r.Code), locale: r.Locale, ip: r.IP, same: []string{r.To, r.Type, r.Method, r.Code, r.Text}, notice: r.Code == ""}
	switch {
	case r.To == "" || r.Text == "":
		return order{}, fmt.Errorf("%w: recipient or text is missing: the Action is that of docs/hooks.md", ErrUnreadable)
	case r.Method == "voice":
		o.channel = verify.ChannelVoice
	case r.Method != "text":
		return order{}, fmt.Errorf("%w: delivery_method is neither text nor voice", ErrUnreadable)
	}
	return o, nil
}
