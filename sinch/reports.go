package sinch

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// A ReportsConfig says what Sinch's callbacks are signed by, and where they come in
// (https://developers.sinch.com/docs/verification/api-reference/authentication/callback-signed-request).
type ReportsConfig struct {
	// URL is the callback URL of the application, as in the dashboard. Required.
	URL string
	// ApplicationKey and ApplicationSecrets are the application's. One secret, or two
	// while they are changed. Required.
	ApplicationKey     string
	ApplicationSecrets []string `json:"-"`
	// AllowRequests says yes to each verification that Sinch asks about before it
	// starts; without it all are denied. Set it where the application's minimum
	// authentication level is application signed or basic requests: below, everybody
	// who has the key can ask.
	AllowRequests bool
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("sinch.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of Sinch's callbacks. Their signature is HMAC-SHA256
// over the time, the path and the body; a time that is more than 5 minutes off is
// refused. The host is not signed. Event.ID is the id of the verification, as in
// Receipt.ID. A result of a verification is a report only if it says that the person
// was not reached.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	at, err := url.Parse(cfg.URL)
	if err != nil || at.Host == "" || at.Path == "" {
		return nil, errors.New("sinch: URL must be the callback URL, with its path")
	}
	r := reports{path: at.EscapedPath(), answer: `{"action":"deny"}`}
	if cfg.AllowRequests {
		r.answer = `{"action":"allow"}`
	}
	for _, secret := range cfg.ApplicationSecrets {
		app, err := Config{ApplicationKey: cfg.ApplicationKey, ApplicationSecret: secret}.application()
		if err != nil {
			return nil, err
		}
		r.apps = append(r.apps, app)
	}
	if len(r.apps) == 0 || len(r.apps) > 2 {
		return nil, errors.New("sinch: ApplicationSecrets must be one or two")
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", r.read, handle)
}

type reports struct {
	path, answer string
	apps         []application
}

func (c reports) read(r *http.Request, body []byte) ([]delivery.Event, error) {
	stamp, right := r.Header.Get("X-Timestamp"), false
	for _, app := range c.apps {
		want := app.authorization(app.mac(http.MethodPost, c.path, r.Header.Get("Content-Type"), stamp, body))
		right = hmac.Equal([]byte(want), []byte(r.Header.Get("Authorization"))) || right
	}
	at, err := time.Parse(time.RFC3339, stamp)
	if !right || err != nil || time.Since(at).Abs() > 5*time.Minute {
		return nil, delivery.ErrForged
	}
	var event, id, result, reason string
	err = driver.Scan(body, driver.Field{Key: "event", To: &event, Need: true}, driver.Field{Key: "id", To: &id, Need: true},
		driver.Field{Key: "smsResult", To: &result}, driver.Field{Key: "reason", To: &reason})
	status, known := deliveries[event+" "+result+reason]
	switch {
	case err != nil || !driver.IsID(id, maxID):
		return nil, delivery.ErrUnreadable
	case event == "VerificationRequestEvent":
		return nil, delivery.Question{Answer: c.answer}
	case !known:
		return nil, delivery.ErrIgnored
	}
	return []delivery.Event{{Vendor: vendor, ID: id, Status: status, At: at}}, nil
}

// deliveries says what each event means, by its smsResult or its reason:
// https://developers.sinch.com/docs/verification/api-reference/verification/verification-callbacks.
var deliveries = map[string]delivery.Status{
	"VerificationSmsDeliveredEvent Successful":                    delivery.Delivered,
	"VerificationSmsDeliveredEvent Failed":                        delivery.Undelivered,
	"VerificationResultEvent SMS delivery failure":                delivery.Undelivered,
	"VerificationResultEvent Network error or number unreachable": delivery.Undelivered,
	"VerificationResultEvent Fraud":                               delivery.Blocked,
	"VerificationResultEvent Blocked":                             delivery.Blocked,
	"VerificationResultEvent Destination denied":                  delivery.Blocked,
}
