package sinchtest

import (
	"cmp"
	"maps"
	"net/http"
	"time"

	"github.com/go2fa/verify/emulator"
)

// delivered are the events about a text message, and over those of a verification that
// came to nothing:
// https://developers.sinch.com/docs/verification/api-reference/verification/verification-callbacks.
var (
	delivered = map[string]map[string]any{
		emulator.Delivered:   {"event": "VerificationSmsDeliveredEvent", "smsResult": "Successful"},
		emulator.Undelivered: {"event": "VerificationSmsDeliveredEvent", "smsResult": "Failed"},
	}
	over = map[string]map[string]any{
		emulator.Undelivered: {"event": "VerificationResultEvent", "status": "ERROR", "reason": "Network error or number unreachable"},
		emulator.Failed:      {"event": "VerificationResultEvent", "status": "DENIED", "reason": "Blocked"},
	}
)

// callback is what the application's callback URL gets, signed like a request. Sinch
// tells of a text message alone that it was delivered.
func (e *Emulator) callback(address string, m Message, status string) *http.Request {
	event := over[status]
	if m.Channel == "sms" && delivered[status] != nil {
		event = delivered[status]
	}
	if event == nil {
		return nil
	}
	body, method := maps.Clone(event), cmp.Or(emulator.When(m.Channel == "voice", "callout"), m.Channel)
	body["id"], body["method"], body["identity"] = m.ID, method, map[string]string{"type": "number", "endpoint": m.To}
	raw := emulator.ReportBody(body)
	r := emulator.NewReport(address, raw, "Content-Type", "application/json; charset=utf-8",
		"X-Timestamp", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	if r != nil {
		r.Header.Set("Authorization", e.signature(r, raw))
	}
	return r
}
