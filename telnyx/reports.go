package telnyx

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// A ReportsConfig says what Telnyx's reports are signed by. They are posted to the
// webhook URL of the profile
// (https://developers.telnyx.com/docs/identity/verify/receiving-webhooks).
type ReportsConfig struct {
	// PublicKeys are those of the account, as the portal shows them: 32 bytes in
	// base64. One, or two while they are changed. Required.
	PublicKeys []string
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// NewReports returns the handler of Telnyx's reports. Their signature is Ed25519 over
// the time and the body; a time that is more than 5 minutes off is refused. The URL is
// not signed. Event.ID is the id of the verification, as in Receipt.ID. Telnyx repeats
// the recipient and, for a code of one's own, the code: no Event holds them.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	r := reports{}
	for _, text := range cfg.PublicKeys {
		key, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, errors.New("telnyx: a public key is 32 bytes in base64")
		}
		r.keys = append(r.keys, key)
	}
	if len(r.keys) == 0 || len(r.keys) > 2 {
		return nil, errors.New("telnyx: PublicKeys must be one or two")
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", r.read, handle)
}

type reports struct{ keys []ed25519.PublicKey }

func (c reports) read(r *http.Request, body []byte) ([]delivery.Event, error) {
	stamp := r.Header.Get("Telnyx-Timestamp")
	signature, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("Telnyx-Signature-Ed25519"))
	if err != nil || len(signature) != ed25519.SignatureSize || len(stamp) > len("1000000000") {
		return nil, delivery.ErrForged
	}
	right := false
	for _, key := range c.keys {
		right = ed25519.Verify(key, append([]byte(stamp+"|"), body...), signature) || right
	}
	if !right || !delivery.IsRecent(stamp) {
		return nil, delivery.ErrForged
	}
	return readReport(body)
}

func readReport(body []byte) ([]delivery.Event, error) {
	var data, payload json.RawMessage
	var event, at, id, word string
	err := errors.Join(
		driver.Scan(body, driver.Field{Key: "data", To: &data, Need: true}),
		driver.Scan(data, driver.Field{Key: "event_type", To: &event, Need: true}, driver.Field{Key: "occurred_at", To: &at},
			driver.Field{Key: "payload", To: &payload, Need: true}),
	)
	if err != nil {
		return nil, delivery.ErrUnreadable
	}
	switch event {
	case "verify.sent", "verify.delivered", "verify.failed":
	default:
		return nil, delivery.ErrIgnored
	}
	err = driver.Scan(payload, driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "delivery_status", To: &word, Need: true})
	status, known := deliveries[word]
	switch {
	case err != nil || !driver.IsID(id, maxID):
		return nil, delivery.ErrUnreadable
	case !known:
		return nil, delivery.ErrIgnored
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		when = time.Now()
	}
	return []delivery.Event{{Vendor: vendor, ID: id, Status: status, At: when}}, nil
}

// deliveries says what each delivery_status means:
// https://developers.telnyx.com/docs/identity/verify/receiving-webhooks. One that is
// not confirmed says nothing new.
var deliveries = map[string]delivery.Status{
	"sent":            delivery.Sent,
	"delivered":       delivery.Delivered,
	"sending_failed":  delivery.Failed,
	"delivery_failed": delivery.Undelivered,
}
