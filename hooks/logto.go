package hooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Logto is the handler of Logto's HTTP SMS connector. The secrets are the connector's
// Authorization as it was typed there: one, or two while they are exchanged. The text
// is that of Config.Text, in the person's language. A message with a link in place of
// a code, such as an invitation, is refused.
func Logto(cfg Config, secrets ...string) (http.Handler, error) {
	proof, err := byHeader(secrets)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "logto", time: inTime, texts: true,
		proof: proof, read: readLogto, answer: byStatus(http.StatusNoContent),
	})
}

// A logtoRequest is logto-io/logto packages/connectors/connector-http-sms.
type logtoRequest struct {
	To      string `json:"to"` // digits without a plus
	Type    string `json:"type"`
	Payload struct {
		Code      string `json:"code"`
		Locale    string `json:"locale"`
		UILocales string `json:"uiLocales"` // the best first, parted by spaces
	} `json:"payload"`
	IP string `json:"ip"`
}

func readLogto(body []byte) (order, error) {
	var r logtoRequest
	switch err := json.Unmarshal(body, &r); {
	case err != nil:
		return order{}, ErrUnreadable
	case r.To == "" || !isCode(r.Payload.Code):
		return order{}, fmt.Errorf("%w: to or payload.code is missing or of another form", ErrUnreadable)
	}
	return order{
		to: withPlus(r.To), code: r.Payload.Code, locale: firstOf(r.Payload.UILocales, r.Payload.Locale), ip: r.IP,
		same: []string{r.To, r.Type, r.Payload.Code},
	}, nil
}

// firstOf is the first word of the first text that has one.
func firstOf(texts ...string) string {
	for _, text := range texts {
		for word := range strings.FieldsSeq(text) {
			return word
		}
	}
	return ""
}
