package bandwidthtest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/emulator"
)

// report is Bandwidth's, which nobody signs. It has two types: what an operator has
// taken is "delivered".
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	body := map[string]any{
		"type": "message-delivered", "time": e.Now().Format(time.RFC3339), "description": "ok", "platform": "NorthAmericaSMS",
		"message": map[string]string{"id": m.ID},
	}
	switch status {
	case emulator.Sent:
	case emulator.Undelivered:
		body["type"], body["description"], body["errorCode"] = "message-failed", "forbidden to country", 4432
	default:
		return nil
	}
	return emulator.NewReport(address, body)
}
