package whatsapptest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/go2fa/verify/emulator"
)

// words are what Meta calls the statuses of package emulator.
var words = map[string]string{
	emulator.Sent: "sent", emulator.Delivered: "delivered", emulator.Undelivered: "failed", emulator.Failed: "failed",
}

// failures are the codes of a message that failed.
var failures = map[string]int{emulator.Undelivered: 131026, emulator.Failed: 131000}

// report is a status, signed.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	e.mu.Lock()
	id, known := e.sent.Newest(e.Now(), m.ID)
	e.mu.Unlock()
	word := words[status]
	if !known || word == "" {
		return nil
	}
	told := map[string]any{"id": id, "status": word, "timestamp": emulator.Stamp(e.Now()), "recipient_id": strings.TrimPrefix(m.To, "+")}
	if code := failures[status]; code != 0 {
		told["errors"] = []any{map[string]any{
			"code": code, "title": titles[code], "message": titles[code], "error_data": map[string]any{"details": titles[code]},
			"href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
		}}
	}
	body := emulator.ReportBody(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{
		"id": "102290129340398",
		"changes": []any{map[string]any{"field": "messages", "value": map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]any{"display_phone_number": Number[1:], "phone_number_id": e.options.PhoneNumberID},
			"statuses":          []any{told},
		}}},
	}}})
	return emulator.NewReport(address, body, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(emulator.MAC(sha256.New, e.options.AppSecret, string(body))))
}
