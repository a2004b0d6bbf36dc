package birdtest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

// events are those of a message, with the field that holds their time.
var events = map[string][2]string{
	emulator.Sent:        {"verify.attempt.sent", "sent_at"},
	emulator.Delivered:   {"verify.attempt.delivered", "delivered_at"},
	emulator.Undelivered: {"verify.attempt.undelivered", "failed_at"},
	emulator.Failed:      {"verify.verification.failed", "failed_at"},
}

// report is a webhook of Bird, by Standard Webhooks.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	event, known := events[status]
	if !known {
		return nil
	}
	now := e.Now().Format(time.RFC3339)
	data := map[string]any{
		"verification_id": m.ID, "workspace_id": "ws_emulated", "to": map[string]string{"phone_number": m.To}, "metadata": nil,
		"channel": m.Channel, "address": m.To, event[1]: now,
	}
	switch status {
	case emulator.Undelivered:
		data["reason"], data["error"] = "carrier_rejected", nil
	case emulator.Failed:
		data["reason"], data["last_attempt_reason"], data["status"] = "undeliverable", "carrier_rejected", "failed"
	}
	body := emulator.ReportBody(map[string]any{"type": event[0], "timestamp": now, "data": data})
	id, at := "msg_"+emulator.Hex(12), emulator.Stamp(time.Now())
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(WebhookSecret, "whsec_")) // a constant
	mac := emulator.MAC(sha256.New, string(key), id+"."+at+"."+string(body))
	return emulator.NewReport(address, body, "webhook-id", id, "webhook-timestamp", at, "webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac))
}
