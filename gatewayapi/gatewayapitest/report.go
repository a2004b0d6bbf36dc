package gatewayapitest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/go2fa/verify/emulator"
)

// words are what both APIs call a status.
var words = map[string]string{
	emulator.Sent: "ENROUTE", emulator.Delivered: "DELIVERED", emulator.Undelivered: "UNDELIVERABLE",
	emulator.Expired: "EXPIRED", emulator.Failed: "REJECTED",
}

// report is that of the API that took the message: the REST API's ids are numbers.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	word, known := words[status]
	if !known {
		return nil
	}
	number, _ := strconv.ParseInt(m.To[1:], 10, 64) // of a message that was delivered
	if id, err := strconv.ParseInt(m.ID, 10, 64); err == nil {
		claims := map[string]any{
			"id": id, "msisdn": number, "time": e.Now().Unix(), "status": word, "error": nil, "code": nil, "userref": nil,
			"country_code": "DK", "country_prefix": 45, "charge_status": "AUTHORIZED", "api": 4,
		}
		return emulator.NewReport(address, claims, "X-Gwapi-Signature", emulator.Token(WebhookSecret, claims))
	}
	var failure any
	if status == emulator.Failed {
		failure = map[string]string{"hex_code": "0x1905", "details": "Unsupported sender"}
	}
	now := e.Now().Format(time.RFC3339Nano)
	body := emulator.ReportBody(map[string]any{
		"event_id": emulator.UUID(), "timestamp": now, "event_type": "message.status.sms",
		"event": map[string]any{"msg_id": m.ID, "recipient": number, "reference": nil, "status": word, "status_at": now, "error": failure},
	})
	return emulator.NewReport(address, body, "Signature", "v1="+hex.EncodeToString(emulator.MAC(sha256.New, WebhookSecret, string(body))))
}
