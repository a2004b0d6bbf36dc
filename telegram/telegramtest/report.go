package telegramtest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify/emulator"
)

// report is a RequestStatus, signed.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	if !slices.Contains([]string{emulator.Sent, emulator.Delivered, emulator.Expired, emulator.Undelivered}, status) {
		return nil
	}
	e.mu.Lock()
	q, known := e.requests.Newest(e.Now(), m.ID)
	if !known {
		e.mu.Unlock()
		return nil
	}
	object := e.status(q)
	e.mu.Unlock()
	if status == emulator.Undelivered {
		status = "revoked"
	}
	object["delivery_status"] = map[string]any{"status": status, "updated_at": e.Now().Unix()}
	body, at := emulator.ReportBody(object), emulator.Stamp(time.Now())
	key := sha256.Sum256([]byte(e.options.Token))
	return emulator.NewReport(address, body, "X-Request-Timestamp", at,
		"X-Request-Signature", hex.EncodeToString(emulator.MAC(sha256.New, string(key[:]), at+"\n"+string(body))))
}
