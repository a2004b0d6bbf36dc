package bird

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// A ReportsConfig says what Bird's reports are signed by. The URL of a webhook and its
// events, "verify.attempt.sent" and the like, are set up in the dashboard below
// Developers (https://bird.com/docs/webhooks).
type ReportsConfig struct {
	// Secrets are that of the webhook, whsec_ and base64, and the next one while it is
	// changed. One or two, required.
	Secrets []string `json:"-"`
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("bird.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of Bird's reports. Their signature is that of Standard
// Webhooks, over an id, a time that is at most 5 minutes off, and the body. The URL is
// not signed. Event.ID is the id of the verification, as in Receipt.ID. Bird may try
// several channels by itself and reports each: one that failed may be followed by
// another that arrived.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	keys, err := delivery.WebhookKeys(cfg.Secrets)
	if err != nil {
		return nil, fmt.Errorf("bird: Secrets %w", err)
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", func(r *http.Request, body []byte) ([]delivery.Event, error) {
		if !delivery.IsWebhook(r, body, keys) {
			return nil, delivery.ErrForged
		}
		return readReport(body)
	}, handle)
}

func readReport(body []byte) ([]delivery.Event, error) {
	var event, at, id, reason, last string
	var data json.RawMessage
	if driver.Scan(body, driver.Field{Key: "type", To: &event, Need: true}, driver.Field{Key: "timestamp", To: &at}, driver.Field{Key: "data", To: &data, Need: true}) != nil {
		return nil, delivery.ErrUnreadable
	}
	status, known := deliveries[event]
	if !known {
		return nil, delivery.ErrIgnored
	}
	err := driver.Scan(data, driver.Field{Key: "verification_id", To: &id, Need: true}, driver.Field{Key: "reason", To: &reason}, driver.Field{Key: "last_attempt_reason", To: &last})
	if err != nil || !driver.IsID(id, maxReference) {
		return nil, delivery.ErrUnreadable
	}
	e := delivery.Event{Vendor: vendor, ID: id, Status: status, At: time.Now()}
	for _, why := range []string{last, reason} {
		if e.VendorCode == "" && slices.Contains(reasons, why) {
			e.VendorCode = why
		}
	}
	if when, err := time.Parse(time.RFC3339, at); err == nil {
		e.At = when
	}
	return []delivery.Event{e}, nil
}

// deliveries says what each event means, by the types of Bird's library:
// https://www.npmjs.com/package/@messagebird/sdk/v/0.63.0. That a person was verified
// reports no delivery.
var deliveries = map[string]delivery.Status{
	"verify.verification.created": delivery.Accepted,
	"verify.attempt.sent":         delivery.Sent,
	"verify.attempt.delivered":    delivery.Delivered,
	"verify.attempt.undelivered":  delivery.Undelivered,
	"verify.verification.failed":  delivery.Failed,
}

// maxReference is longer than any id of a verification that was seen.
const maxReference = 128

// reasons are the words for why an attempt failed. Others are left out.
var reasons = []string{
	"carrier_rejected", "hard_bounce", "soft_bounce", "undelivered", "channel_unavailable", "channel_disabled", "channel_restricted",
	"delivery_timeout", "not_billable",
}
