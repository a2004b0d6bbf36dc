package hooks

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Zitadel is the handler of ZITADEL's HTTP SMS provider. The keys are the provider's
// signing key, as the answer to its creation shows it: one, or two while they are
// exchanged. A provider without a signing key is refused. The text is ZITADEL's own.
func Zitadel(cfg Config, keys ...string) (http.Handler, error) {
	proof, err := byZitadel(keys)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "zitadel", time: inTime, repeats: true,
		proof: proof, read: readZitadel, answer: byStatus(http.StatusNoContent),
	})
}

// A zitadelRequest is zitadel/zitadel internal/notification/types/user_phone.go.
type zitadelRequest struct {
	Context struct {
		Event string `json:"eventType"`
		To    string `json:"recipientPhoneNumber"`
	} `json:"contextInfo"`
	Template struct {
		Text string `json:"text"`
	} `json:"templateData"`
	Args struct {
		Code string `json:"code"`
	} `json:"args"`
}

func readZitadel(body []byte) (order, error) {
	var r zitadelRequest
	if json.Unmarshal(body, &r) != nil {
		return order{}, ErrUnreadable
	}
	if r.Context.To == "" || r.Template.Text == "" {
		return order{}, fmt.Errorf("%w: contextInfo.recipientPhoneNumber or templateData.text is missing", ErrUnreadable)
	}
	same := []string{r.Context.To, r.Context.Event, "code", r.Args.Code}
	if r.Args.Code == "" {
		same[2], same[3] = "text", r.Template.Text
	}
	return order{to: r.Context.To, text: r.Template.Text, code: codeIn(r.Args.Code), same: same, notice: r.Args.Code == ""}, nil
}
