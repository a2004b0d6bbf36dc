package hooks

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
)

// Supabase is the handler of Supabase Auth's Send SMS hook, of v2.180.0 or newer.
// The secrets are those of the hook, "v1,whsec_...", as the dashboard shows them; a
// list that is parted by | is several. The text is that of Config.Text.
//
// A message of which it is not known whether it was sent is answered as sent: after an
// error Supabase does not keep the code, so that one that arrives would be useless.
func Supabase(cfg Config, secrets ...string) (http.Handler, error) {
	proof, err := byWebhook(secrets)
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, server{
		name: "supabase", time: inTime, repeats: true, texts: true,
		proof: proof, read: readSupabase, answer: answerSupabase,
	})
}

// A supabaseRequest is supabase/auth internal/hooks/v0hooks/v0hooks.go, SendSMSInput.
type supabaseRequest struct {
	Metadata struct {
		UUID string `json:"uuid"` // since v2.187.0
		IP   string `json:"ip_address"`
	} `json:"metadata"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	SMS struct {
		OTP   string `json:"otp"`
		Phone string `json:"phone"` // digits without a plus; when a number changes, the new one
	} `json:"sms"`
}

// readSupabase keeps what stays the same over the requests of one message. The
// webhook-id does not.
func readSupabase(body []byte) (order, error) {
	var r supabaseRequest
	switch err := json.Unmarshal(body, &r); {
	case err != nil:
		return order{}, ErrUnreadable
	case r.SMS.Phone == "":
		return order{}, fmt.Errorf("%w: sms.phone is missing: it needs Supabase Auth v2.180.0", ErrUnreadable)
	case !isCode(r.SMS.OTP):
		return order{}, fmt.Errorf("%w: sms.otp is missing or no code", ErrUnreadable)
	}
	same := []string{"uuid", r.Metadata.UUID}
	if r.Metadata.UUID == "" {
		same = []string{"code", r.User.ID, r.SMS.Phone, r.SMS.OTP}
	}
	return order{to: withPlus(r.SMS.Phone), code: r.SMS.OTP, ip: r.Metadata.IP, same: same}, nil
}

// withPlus is for servers that keep numbers without it.
func withPlus(digits string) string {
	if digits[0] == '+' {
		return digits
	}
	return "+" + digits
}

// answerSupabase uses the one form whose words reach the person. A 503 with a
// Retry-After would be asked again at once, within the five seconds that are over.
func answerSupabase(w http.ResponseWriter, o verify.Outcome) {
	type fault struct {
		Code    int    `json:"http_code"`
		Message string `json:"message"`
	}
	var answer struct {
		Error *fault `json:"error,omitempty"`
	}
	if o != "" {
		answer.Error = &fault{statusOf(o), sentence(o)}
	}
	writeJSON(w, answer)
}
