package bandwidth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// maxReference is longer than any id of a message that was seen.
const maxReference = 128

// A ReportsConfig says by what Bandwidth's reports are known. Bandwidth signs none
// (https://dev.bandwidth.com/docs/mfa/webhooks): what tells its reports from others is
// a secret in their URL.
type ReportsConfig struct {
	// Secrets stand at the end of the path of Config.CallbackURL, as in
	// https://login.example.com/hooks/bandwidth/SECRET: at least 128 random bits in 22 to
	// 128 letters, digits, _ and -, such as "openssl rand -hex 16" makes. Keep them out
	// of logs of requests. One, or two while they are changed. Required.
	Secrets []string `json:"-"`
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("bandwidth.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of Bandwidth's reports, which are not signed: who
// learns the URL can make any, so let them decide nothing. "Delivered" is Bandwidth's
// word for a message that an operator has taken, and is [delivery.Sent] here
// (https://dev.bandwidth.com/docs/mfa/webhooks/international/message-delivered); whether
// it arrived is not reported. Calls are not reported.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	if err := delivery.CheckPaths(cfg.Secrets); err != nil {
		return nil, fmt.Errorf("bandwidth: Secrets %w", err)
	}
	secrets := slices.Clone(cfg.Secrets)
	return delivery.NewHandler(cfg.Delivery, "application/json", func(r *http.Request, body []byte) ([]delivery.Event, error) {
		if !delivery.IsPath(r, secrets) {
			return nil, delivery.ErrForged
		}
		return readReport(body)
	}, handle)
}

func readReport(body []byte) ([]delivery.Event, error) {
	var kind, at, code, id string
	var message json.RawMessage
	err := driver.Scan(body, driver.Field{Key: "type", To: &kind, Need: true}, driver.Field{Key: "time", To: &at},
		driver.Field{Key: "message", To: &message}, driver.Field{Key: "errorCode", To: &code, Number: true})
	if err != nil {
		return nil, delivery.ErrUnreadable
	}
	status, known := deliveries[kind]
	switch {
	case !known:
		return nil, delivery.ErrIgnored
	case driver.Scan(message, driver.Field{Key: "id", To: &id, Need: true}) != nil || !driver.IsID(id, maxReference):
		return nil, delivery.ErrUnreadable
	case len(code) > len("9999") || !driver.IsID(code, len("9999")):
		code = ""
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		when = time.Now()
	}
	return []delivery.Event{{Vendor: vendor, ID: id, Status: status, VendorCode: code, At: when}}, nil
}

// deliveries says what each type of a report means.
var deliveries = map[string]delivery.Status{
	"message-delivered": delivery.Sent,
	"message-failed":    delivery.Undelivered,
}
