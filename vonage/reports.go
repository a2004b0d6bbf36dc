package vonage

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
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

// A ReportsConfig says what Vonage's reports are signed by. Their URL is the status
// webhook of the application, for Verify and for Messages. Requests that are
// authenticated by the account's key, and not by an application, are not reported
// (https://developer.vonage.com/en/verify/concepts/webhooks).
type ReportsConfig struct {
	// SignatureSecrets are that of the account, as the dashboard shows it, and the next
	// one while it is changed. It is not the API secret. One or two, required.
	SignatureSecrets []string `json:"-"`
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("vonage.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of Vonage's reports: events and summaries of Verify,
// whose Event.ID is the request_id, and statuses of Messages, whose Event.ID is the
// message_uuid. They are signed by a token (JWT, HS256) with the hash of the body
// (https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks),
// as it came or without white space; a token that was issued more than 5 minutes ago is
// refused, and so is one without the hash. The URL is not signed. Vonage documents that
// it may fail to sign a report and comes again with one that is: the first is refused.
//
// Verify reports no delivery of its own. A verification that was completed was
// delivered, and one that was not may have failed for another reason.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	if len(cfg.SignatureSecrets) == 0 || len(cfg.SignatureSecrets) > 2 || slices.Contains(cfg.SignatureSecrets, "") {
		return nil, errors.New("vonage: SignatureSecrets must be one or two")
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", reports{slices.Clone(cfg.SignatureSecrets)}.read, handle)
}

type reports struct{ secrets []string }

func (c reports) read(r *http.Request, body []byte) ([]delivery.Event, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var hash, issued string
	err := driver.Scan(driver.Claims(token, c.secrets),
		driver.Field{Key: "payload_hash", To: &hash, Need: true}, driver.Field{Key: "iat", To: &issued, Need: true, Number: true})
	if err != nil || !delivery.IsRecent(issued) || !isHashOf(hash, body) {
		return nil, delivery.ErrForged
	}
	var kind, request, message json.RawMessage
	if driver.Scan(body, driver.Field{Key: "type", To: &kind}, driver.Field{Key: "request_id", To: &request}, driver.Field{Key: "message_uuid", To: &message}) != nil {
		return nil, delivery.ErrUnreadable
	}
	if request != nil {
		return readVerification(body)
	}
	return readMessage(body, message != nil)
}

// isHashOf compares with the hash of the body, and of the body without white space,
// as Vonage's samples make it.
func isHashOf(hash string, body []byte) bool {
	want := sha256.Sum256(body)
	right := subtle.ConstantTimeCompare([]byte(hash), []byte(hex.EncodeToString(want[:])))
	var compacted bytes.Buffer
	if json.Compact(&compacted, body) != nil {
		return right == 1
	}
	want = sha256.Sum256(compacted.Bytes())
	return right|subtle.ConstantTimeCompare([]byte(hash), []byte(hex.EncodeToString(want[:]))) == 1
}

// readVerification reads an event of Verify, or the summary at the end.
func readVerification(body []byte) ([]delivery.Event, error) {
	var id, word, triggered, finalized string
	err := driver.Scan(body, driver.Field{Key: "request_id", To: &id, Need: true}, driver.Field{Key: "status", To: &word, Need: true},
		driver.Field{Key: "triggered_at", To: &triggered}, driver.Field{Key: "finalized_at", To: &finalized})
	return eventOf(id, "", verifications[word], err, finalized, triggered)
}

// readMessage reads a status of Messages. A message that came in has no status.
func readMessage(body []byte, named bool) ([]delivery.Event, error) {
	var id, word, at, kind string
	var failure json.RawMessage
	err := driver.Scan(body, driver.Field{Key: "message_uuid", To: &id, Need: true}, driver.Field{Key: "status", To: &word},
		driver.Field{Key: "timestamp", To: &at}, driver.Field{Key: "error", To: &failure})
	if !named || err == nil && word == "" {
		return nil, delivery.ErrIgnored
	}
	if err == nil && failure != nil {
		err = driver.Scan(failure, driver.Field{Key: "type", To: &kind})
	}
	return eventOf(id, fragment(kind), statuses[word], err, at)
}

// eventOf makes the event. Its time is the first that is one.
func eventOf(id, code string, status delivery.Status, err error, times ...string) ([]delivery.Event, error) {
	switch {
	case err != nil || !driver.IsID(id, maxID):
		return nil, delivery.ErrUnreadable
	case status == "":
		return nil, delivery.ErrIgnored
	}
	e := delivery.Event{Vendor: vendor, ID: id, Status: status, VendorCode: code, At: time.Now()}
	for _, text := range times {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			e.At = at
			break
		}
	}
	return []delivery.Event{e}, nil
}

// fragment is the number of an error in the address of its page, which ends in
// "#1120". It has four digits, or none is told.
func fragment(page string) string {
	_, number, _ := strings.Cut(page, "#")
	if len(number) != len("1120") || strings.Trim(number, "0123456789") != "" || !strings.HasPrefix(page, "https://") {
		return ""
	}
	return number
}

// verifications says what the statuses of Verify mean for the message:
// https://developer.vonage.com/en/api/verify.v2#webhooks. A person who refuses, and a
// step that was not used, say nothing of it.
var verifications = map[string]delivery.Status{
	"completed": delivery.Delivered,
	"failed":    delivery.Failed,
	"expired":   delivery.Expired,
	"blocked":   delivery.Blocked,
}

// statuses says what the statuses of Messages mean:
// https://developer.vonage.com/en/messages/concepts/messages-status-callbacks.
var statuses = map[string]delivery.Status{
	"submitted":     delivery.Sent,
	"delivered":     delivery.Delivered,
	"read":          delivery.Delivered,
	"rejected":      delivery.Undelivered,
	"undeliverable": delivery.Failed,
}
