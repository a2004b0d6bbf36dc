package telnyxtest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/go2fa/verify/emulator"
)

// key signs the reports of every emulator.
func key() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("an emulated account"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// PublicKey is that of the account, as the portal shows it.
func PublicKey() string {
	return base64.StdEncoding.EncodeToString(key().Public().(ed25519.PublicKey))
}

// events are those of a message, with its delivery_status.
var events = map[string][2]string{
	emulator.Sent: {"verify.sent", "sent"}, emulator.Delivered: {"verify.delivered", "delivered"},
	emulator.Undelivered: {"verify.failed", "delivery_failed"}, emulator.Failed: {"verify.failed", "sending_failed"},
}

// report is a webhook of the profile.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	event, known := events[status]
	if !known {
		return nil
	}
	now := e.Now().Format("2006-01-02T15:04:05.000-07:00")
	body := emulator.ReportBody(map[string]any{
		"data": map[string]any{
			"event_type": event[0], "id": emulator.UUID(), "occurred_at": now, "record_type": "event",
			"payload": map[string]any{
				"id": m.ID, "delivery_status": event[1], "phone_number": m.To, "profile_id": m.Scope, "custom_code": nil,
				"failed_attempts": 0, "record_type": "verification", "status": "pending", "type": m.Channel, "created_at": now,
			},
		},
		"meta": map[string]any{"attempt": 1, "delivered_to": address},
	})
	at := emulator.Stamp(time.Now())
	return emulator.NewReport(address, body, "Telnyx-Timestamp", at,
		"Telnyx-Signature-Ed25519", base64.StdEncoding.EncodeToString(ed25519.Sign(key(), []byte(at+"|"+string(body)))))
}
