package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// maxParameters is how many parameters of a callback are read. Twilio sends about 20.
const maxParameters = 100

// A ReportsConfig says where Twilio posts what became of messages, and what it signs
// with.
type ReportsConfig struct {
	// URL is the address as it was given to Twilio, with its query. The signature
	// covers it, and it is never taken from the request. It is tried with and without
	// the port of its scheme. Required.
	URL string
	// AuthTokens sign by HMAC-SHA1 what no rule of the account's webhooks says otherwise:
	// the account's primary token, and the secondary one while they are changed. API keys
	// sign nothing. At most two. Either they or SharedKeys are required.
	AuthTokens []string `json:"-"`
	// SharedKeys are the secrets of keys that rules of the account's webhooks sign with,
	// by HMAC-SHA256 or by HMAC-SHA1
	// (https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys). At most two. Leave
	// AuthTokens out where a rule covers the URL: then nothing else is taken.
	SharedKeys []string `json:"-"`
	// Delivery says where reports are remembered.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("twilio.ReportsConfig{[hidden]}"))
}

func (cfg ReportsConfig) signer() (signer, error) {
	address, err := url.Parse(cfg.URL)
	switch {
	case err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http":
		return signer{}, errors.New("twilio: URL must be the address that Twilio calls")
	case len(cfg.AuthTokens) > 2 || len(cfg.SharedKeys) > 2 || len(cfg.AuthTokens)+len(cfg.SharedKeys) == 0,
		slices.Contains(cfg.AuthTokens, ""), slices.Contains(cfg.SharedKeys, ""):
		return signer{}, errors.New("twilio: AuthTokens must be one or two, or SharedKeys")
	}
	return signer{urls: spellings(cfg.URL, address), tokens: slices.Clone(cfg.AuthTokens), shared: slices.Clone(cfg.SharedKeys)}, nil
}

// NewReports returns the handler of the status callbacks of Programmable Messaging: the
// StatusCallback of a Messaging Service
// (https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks).
// Those of Twilio Verify are [NewVerifyReports].
//
// Their signature is X-Twilio-Signature, over the URL and the parameters by their names
// (https://www.twilio.com/docs/usage/security). Of a repeated parameter its values
// count once each, in order, as two of Twilio's own libraries read it; twilio-go takes
// the first alone. A repeated one that an Event is made of is refused. Twilio signs no
// time: a report may come again after the 24 hours that delivery remembers.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	by, err := cfg.signer()
	if err != nil {
		return nil, err
	}
	return delivery.NewHandler(cfg.Delivery, "application/x-www-form-urlencoded", by.readCallback, handle)
}

// NewVerifyReports returns the handler of the message events of Twilio Verify, which
// Event Streams posts to a webhook sink
// (https://www.twilio.com/docs/verify/message-status): subscribe it to
// com.twilio.accountsecurity.verify.message.sent, .delivered, .read, .undelivered and
// .failed. Event.ID is the verification's SID, as in Receipt.ID. They are a pilot, and
// Twilio documents no time of an event but that in its envelope.
//
// The signature is X-Twilio-Signature, over the URL with the hash of the body in its
// query, bodySHA256, which is computed and not taken from the request. A request holds
// one event or a list; of one over 64 KiB nothing is read, so leave batch_events of the
// sink off.
func NewVerifyReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	by, err := cfg.signer()
	if err != nil {
		return nil, err
	}
	return delivery.NewHandler(cfg.Delivery, "application/json", by.readEvents, handle)
}

func (c signer) readCallback(r *http.Request, body []byte) ([]delivery.Event, error) {
	if strings.Count(string(body), "&") >= maxParameters {
		return nil, delivery.ErrForged
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !c.signed(r, func(address string) string { return address + parameters(form) }) {
		return nil, delivery.ErrForged
	}
	status, known := deliveries[form.Get("MessageStatus")]
	sid, code := form.Get("MessageSid"), form.Get("ErrorCode")
	switch {
	case !form.Has("MessageStatus"):
		return nil, delivery.ErrIgnored // a message that came in, or a call
	case len(form["MessageStatus"]) != 1 || len(form["MessageSid"]) != 1 || len(form["ErrorCode"]) > 1,
		!isSID(sid, "SM") && !isSID(sid, "MM"), !isNumber(code):
		return nil, delivery.ErrUnreadable
	case !known:
		return nil, delivery.ErrIgnored
	}
	return []delivery.Event{{Vendor: vendor, ID: sid, Status: status, VendorCode: code, At: time.Now()}}, nil
}

// isNumber knows the number of an error, or none.
func isNumber(code string) bool { return len(code) <= len("20003") && strings.Trim(code, digits) == "" }

// deliveries says what each status of a message means:
// https://www.twilio.com/docs/messaging/api/message-resource#message-status-values.
// Those of Verify are the same words.
var deliveries = map[string]delivery.Status{
	"accepted":    delivery.Accepted,
	"queued":      delivery.Accepted,
	"sending":     delivery.Accepted,
	"sent":        delivery.Sent,
	"delivered":   delivery.Delivered,
	"read":        delivery.Delivered,
	"undelivered": delivery.Undelivered,
	"failed":      delivery.Failed,
	"canceled":    delivery.Failed,
}

const messageEvents = "com.twilio.accountsecurity.verify.message."

// maxEvents is how many events of one request are read.
const maxEvents = 100

func (c signer) readEvents(r *http.Request, body []byte) ([]delivery.Event, error) {
	if !c.signed(r, func(address string) string { return withHash(address, body) }) {
		return nil, delivery.ErrForged
	}
	list := []json.RawMessage{body} // one that is no list
	if len(body) > 0 && body[0] == '[' && json.Unmarshal(body, &list) != nil || len(list) > maxEvents {
		return nil, delivery.ErrUnreadable
	}
	var events []delivery.Event
	var unreadable error
	for _, one := range list {
		switch e, err := readEvent(one); {
		case errors.Is(err, delivery.ErrUnreadable):
			unreadable = err
		case err == nil:
			events = append(events, e)
		}
	}
	if len(events) == 0 && unreadable == nil {
		return nil, delivery.ErrIgnored
	}
	return events, unreadable
}

// readEvent reads a CloudEvent.
func readEvent(one []byte) (delivery.Event, error) {
	var kind, at, sid, code string
	var data json.RawMessage
	if driver.Scan(one, driver.Field{Key: "type", To: &kind, Need: true}, driver.Field{Key: "time", To: &at}, driver.Field{Key: "data", To: &data}) != nil {
		return delivery.Event{}, delivery.ErrUnreadable
	}
	word, found := strings.CutPrefix(kind, messageEvents)
	status, known := deliveries[word]
	if !found || !known {
		return delivery.Event{}, delivery.ErrIgnored // such as that a code was approved
	}
	err := driver.Scan(data, driver.Field{Key: "verification_sid", To: &sid, Need: true}, driver.Field{Key: "error_code", To: &code, Number: true})
	if err != nil || !isSID(sid, "VE") || !isNumber(code) {
		return delivery.Event{}, delivery.ErrUnreadable
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		when = time.Now()
	}
	return delivery.Event{Vendor: vendor, ID: sid, Status: status, VendorCode: code, At: when}, nil
}
