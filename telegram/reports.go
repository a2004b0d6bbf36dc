package telegram

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// A ReportsConfig says what Telegram's reports are signed by. Each message names their
// URL: Config.CallbackURL.
type ReportsConfig struct {
	// Tokens are the account's API token, and the next one while it is changed. One or
	// two, required.
	Tokens []string `json:"-"`
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("telegram.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of Telegram's reports. Their signature is HMAC-SHA256
// over a time and the body, keyed by the SHA-256 of the token
// (https://core.telegram.org/gateway/api#checking-report-integrity); Telegram names no
// tolerance, and a time that is more than 5 minutes off is refused. The URL is not
// signed. Event.ID is the id of the request, which DeliverCode returned. Telegram repeats
// the recipient and may repeat what was typed: no Event holds them.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	if len(cfg.Tokens) == 0 || len(cfg.Tokens) > 2 || slices.Contains(cfg.Tokens, "") {
		return nil, errors.New("telegram: Tokens must be one or two")
	}
	var keys [][]byte
	for _, token := range cfg.Tokens {
		key := sha256.Sum256([]byte(token))
		keys = append(keys, key[:])
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", func(r *http.Request, body []byte) ([]delivery.Event, error) {
		at, text := r.Header.Get("X-Request-Timestamp"), r.Header.Get("X-Request-Signature")
		signature, err := hex.DecodeString(text)
		if err != nil || text != strings.ToLower(text) || !delivery.IsMAC(sha256.New, keys, []byte(at+"\n"+string(body)), signature) || !delivery.IsRecent(at) {
			return nil, delivery.ErrForged
		}
		return readReport(body)
	}, handle)
}

// readReport reads a RequestStatus. One that tells of what was typed, and not of the
// message, has no delivery_status.
func readReport(body []byte) ([]delivery.Event, error) {
	var id, word, at string
	var what json.RawMessage
	err := driver.Scan(body, driver.Field{Key: "request_id", To: &id, Need: true}, driver.Field{Key: "delivery_status", To: &what})
	switch {
	case err != nil || !driver.IsID(id, maxID):
		return nil, delivery.ErrUnreadable
	case what == nil:
		return nil, delivery.ErrIgnored
	case driver.Scan(what, driver.Field{Key: "status", To: &word, Need: true}, driver.Field{Key: "updated_at", To: &at, Number: true}) != nil:
		return nil, delivery.ErrUnreadable
	}
	status, known := deliveries[word]
	if !known {
		return nil, delivery.ErrIgnored
	}
	when, ok := delivery.Seconds(at)
	if !ok {
		when = time.Now()
	}
	return []delivery.Event{{Vendor: vendor, ID: id, Status: status, At: when}}, nil
}

// deliveries says what each status means: https://core.telegram.org/gateway/api#deliverystatus.
var deliveries = map[string]delivery.Status{
	"sent":      delivery.Sent,
	"delivered": delivery.Delivered,
	"read":      delivery.Delivered,
	"expired":   delivery.Expired,
	"revoked":   delivery.Undelivered,
}
