package vonagetest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/go2fa/verify/emulator"
)

// What Verify and Messages call a status. Verify reports no message on its way.
var (
	verifications = map[string]string{emulator.Delivered: "completed", emulator.Expired: "expired", emulator.Failed: "failed"}
	statuses      = map[string]string{
		emulator.Sent: "submitted", emulator.Delivered: "delivered", emulator.Undelivered: "rejected", emulator.Failed: "undeliverable",
	}
)

// report is an event of Verify or a status of Messages, signed by a token.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	now := e.Now().Format("2006-01-02T15:04:05.000Z")
	e.mu.Lock()
	_, isVerification := e.byID.Newest(e.Now(), m.ID)
	e.mu.Unlock()
	object, word := map[string]any{
		"type": "event", "request_id": m.ID, "channel": m.Channel, "triggered_at": now, "finalized_at": now,
	}, verifications[status]
	if !isVerification {
		object, word = map[string]any{
			"message_uuid": m.ID, "channel": m.Channel, "to": m.To[1:], "from": "Acme", "timestamp": now,
			"usage": map[string]string{"currency": "EUR", "price": "0.0333"}, "client_ref": "emulated",
		}, statuses[status]
	}
	if word == "" {
		return nil
	}
	object["status"] = word
	if status == emulator.Undelivered {
		object["error"] = map[string]any{"type": "https://developer.vonage.com/api-errors/messages#1330", "title": 1330, "detail": "Unknown error"}
	}
	body := emulator.ReportBody(object)
	sum := sha256.Sum256(body)
	token := emulator.Token(SignatureSecret, map[string]any{
		"iat": time.Now().Unix(), "jti": emulator.UUID(), "iss": "Vonage", "payload_hash": hex.EncodeToString(sum[:]),
		"api_key": e.options.APIKey, "application_id": e.options.ApplicationID,
	})
	return emulator.NewReport(address, body, "Authorization", "Bearer "+token)
}
