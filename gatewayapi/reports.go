package gatewayapi

import (
	"bytes"
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

// A ReportsConfig says what GatewayAPI's reports are signed by. The URL and the secret
// of a webhook are set up in the dashboard
// (https://gatewayapi.com/docs/message/overview/#webhook-signature-verification).
type ReportsConfig struct {
	// Secrets are that of the webhook, and the next one while it is changed. One or
	// two, required.
	Secrets []string `json:"-"`
	// Classic says that the webhook is the REST API's, whose report is a token.
	// Defaults to that of the Messaging API.
	Classic bool
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("gatewayapi.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of GatewayAPI's reports. Those of the Messaging API
// are signed by HMAC-SHA256 over the body. Those of the REST API are a token (JWT,
// HS256) in a header, whose claims are read in place of the body, which nobody signs;
// any other algorithm is refused. Neither signs a time, but for a token with exp: a
// report may come again after the 24 hours that delivery remembers.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	if len(cfg.Secrets) == 0 || len(cfg.Secrets) > 2 || slices.Contains(cfg.Secrets, "") {
		return nil, errors.New("gatewayapi: Secrets must be one or two")
	}
	c := reports{slices.Clone(cfg.Secrets)}
	read := c.readMessaging
	if cfg.Classic {
		read = c.readClassic
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", read, handle)
}

type reports struct{ secrets []string }

func (c reports) readMessaging(r *http.Request, body []byte) ([]delivery.Event, error) {
	text, found := strings.CutPrefix(r.Header.Get("Signature"), "v1=")
	signature, err := hex.DecodeString(text)
	if !found || err != nil || text != strings.ToLower(text) || !delivery.IsMAC(sha256.New, c.secrets, body, signature) {
		return nil, delivery.ErrForged
	}
	var kind, id, word, at, code string
	var event, why json.RawMessage
	if driver.Scan(body, driver.Field{Key: "event_type", To: &kind, Need: true}, driver.Field{Key: "event", To: &event, Need: true}) != nil {
		return nil, delivery.ErrUnreadable
	}
	if kind != "message.status.sms" && kind != "message.status.rcs" {
		return nil, delivery.ErrIgnored
	}
	err = driver.Scan(event, driver.Field{Key: "msg_id", To: &id, Need: true}, driver.Field{Key: "status", To: &word, Need: true},
		driver.Field{Key: "status_at", To: &at}, driver.Field{Key: "error", To: &why})
	if err == nil && why != nil && !bytes.Equal(why, []byte("null")) {
		err = driver.Scan(why, driver.Field{Key: "hex_code", To: &code})
	}
	when, _ := time.Parse(time.RFC3339, at)
	return eventOf(id, word, code, when, err)
}

// readClassic takes the claims of the token. Of the body nothing is read.
func (c reports) readClassic(r *http.Request, _ []byte) ([]delivery.Event, error) {
	claims := driver.Claims(r.Header.Get("X-Gwapi-Signature"), c.secrets)
	if claims == nil {
		return nil, delivery.ErrForged
	}
	var id, word, code, seconds string
	err := driver.Scan(claims, driver.Field{Key: "id", To: &id, Need: true, Number: true}, driver.Field{Key: "status", To: &word, Need: true},
		driver.Field{Key: "code", To: &code, Number: true}, driver.Field{Key: "time", To: &seconds, Number: true})
	var when time.Time
	if at, ok := delivery.Seconds(seconds); ok {
		when = at
	}
	return eventOf(id, word, code, when, err)
}

// eventOf makes the event of either API. A code that is none of theirs is left out.
func eventOf(id, word, code string, at time.Time, err error) ([]delivery.Event, error) {
	status, known := deliveries[word]
	switch {
	case err != nil || !driver.IsID(id, maxID):
		return nil, delivery.ErrUnreadable
	case !known:
		return nil, delivery.ErrIgnored
	case len(code) > len("0x0000") || !driver.IsID(code, maxID):
		code = ""
	}
	if at.IsZero() {
		at = time.Now()
	}
	return []delivery.Event{{Vendor: vendor, ID: id, Status: status, VendorCode: code, At: at}}, nil
}

const maxID = 64

// deliveries says what each status means:
// https://gatewayapi.com/docs/apis/rest/#sms-status-updates. UNKNOWN is none.
var deliveries = map[string]delivery.Status{
	"SCHEDULED": delivery.Accepted, "BUFFERED": delivery.Accepted, "ENROUTE": delivery.Sent, "ACCEPTED": delivery.Sent,
	"DELIVERED": delivery.Delivered, "READ": delivery.Delivered, "UNDELIVERABLE": delivery.Undelivered, "EXPIRED": delivery.Expired,
	"DELETED": delivery.Failed, "REJECTED": delivery.Failed, "SKIPPED": delivery.Failed,
}
