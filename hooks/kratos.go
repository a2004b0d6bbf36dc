package hooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Kratos is the handler of an HTTP channel of Ory Kratos' courier, with the body
// template of docs/hooks.md. The secrets are values of the Authorization header, as
// [Basic] and [Bearer] make them: one, or two while they are exchanged. The text is
// Kratos' own, also where it holds no code, such as a notice of a change.
func Kratos(cfg Config, secrets ...string) (http.Handler, error) {
	proof, err := byHeader(secrets)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "kratos", time: kratosTime, repeats: true,
		proof: proof, read: readKratos, answer: byStatus(http.StatusNoContent),
	})
}

// A kratosRequest is what our template makes of the context of ory/kratos
// courier/http_channel.go and courier/template/sms.
type kratosRequest struct {
	To   string `json:"to"`
	Text string `json:"text"`
	Type string `json:"type"`
	Data struct {
		Login        string `json:"login_code"`
		Registration string `json:"registration_code"`
		Verification string `json:"verification_code"` // of recovery too
		Minutes      int    `json:"expires_in_minutes"`
	} `json:"data"`
}

// readKratos knows a message by its code, or by its words where it has none, since Kratos
// sends no id.
func readKratos(body []byte) (order, error) {
	var r kratosRequest
	if json.Unmarshal(body, &r) != nil {
		return order{}, ErrUnreadable
	}
	if r.To == "" || r.Text == "" || r.Type == "" {
		return order{}, fmt.Errorf("%w: to, text or type is missing: the body template is that of docs/hooks.md", ErrUnreadable)
	}
	code := r.Data.Login + r.Data.Registration + r.Data.Verification
	same := []string{r.To, r.Type, "code", code}
	if code == "" {
		same[2], same[3] = "text", r.Text
	}
	return order{to: r.To, text: r.Text, code: codeIn(code), life: minutes(r.Data.Minutes), same: same, notice: code == ""}, nil
}

// minutes keeps out what overflows.
func minutes(n int) time.Duration {
	if n < 0 || time.Duration(n) > maxLife/time.Minute {
		return 0
	}
	return time.Duration(n) * time.Minute
}
