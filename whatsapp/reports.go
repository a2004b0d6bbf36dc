package whatsapp

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/driver"
)

// maxBody is what Meta posts at most, 3 MB in up to 1000 updates:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview.
const maxBody = 3 << 20

// A ReportsConfig says what Meta's reports are signed by. Their URL is the callback URL
// of the app, subscribed to messages.
type ReportsConfig struct {
	// AppSecrets are the app's secret, and the next one while it is changed. It is not
	// the token. One or two, required.
	AppSecrets []string `json:"-"`
	// VerifyToken is the text that was chosen beside the callback URL: Meta asks for the
	// URL with it once, before it reports anything. Required.
	VerifyToken string `json:"-"`
	// Delivery says where reports are remembered. Its MaxBody defaults to 3 MB,
	// which Meta documents.
	Delivery delivery.Config `json:"-"`
}

// Format keeps the secrets of a ReportsConfig out of every print.
func (ReportsConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("whatsapp.ReportsConfig{[hidden]}"))
}

// NewReports returns the handler of Meta's reports. It answers the GET by which Meta
// verifies the URL, so it takes GET and POST. The signature is HMAC-SHA256 over the body,
// keyed by the app's secret
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint);
// neither a time nor the URL is signed. A body may tell of many messages: if the effect
// of one fails, or one cannot be read, Meta comes again with all, and those that had
// theirs have no other.
//
// Event.ID is the [ID] of the message, as in Receipt.ID. Meta reports every message of
// the account, so some are none of a verifier's. It repeats the recipient, in the wamid
// too: no Event holds it. Messages of people are ignored. Event.VendorCode is Meta's
// error code of a message that failed.
func NewReports(cfg ReportsConfig, handle delivery.Handle) (http.Handler, error) {
	if len(cfg.AppSecrets) == 0 || len(cfg.AppSecrets) > 2 || slices.Contains(cfg.AppSecrets, "") {
		return nil, errors.New("whatsapp: AppSecrets must be one or two")
	}
	if cfg.VerifyToken == "" {
		return nil, errors.New("whatsapp: VerifyToken is missing")
	}
	cfg.Delivery.MaxBody = cmp.Or(cfg.Delivery.MaxBody, maxBody)
	secrets := slices.Clone(cfg.AppSecrets)
	posts, err := delivery.NewHandler(cfg.Delivery, "application/json", func(r *http.Request, body []byte) ([]delivery.Event, error) {
		text, signed := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")
		signature, err := hex.DecodeString(text)
		if err != nil || !signed || text != strings.ToLower(text) || !delivery.IsMAC(sha256.New, secrets, body, signature) {
			return nil, delivery.ErrForged
		}
		return readReports(body)
	}, handle)
	if err != nil {
		return nil, err
	}
	return &reports{posts, sha256.Sum256([]byte(cfg.VerifyToken)), cfg.Delivery}, nil
}

type reports struct {
	posts    http.Handler
	token    [sha256.Size]byte // a hash, so that the time of comparing tells nothing
	delivery delivery.Config
}

func (h *reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		h.posts.ServeHTTP(w, r)
	case http.MethodGet:
		h.verify(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// maxChallenge is how long a challenge may be.
const maxChallenge = 128

// verify repeats a challenge to whoever knows the token, unless a browser might run it.
func (h *reports) verify(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	given, challenge := sha256.Sum256([]byte(query.Get("hub.verify_token"))), query.Get("hub.challenge")
	if subtle.ConstantTimeCompare(given[:], h.token[:]) != 1 || query.Get("hub.mode") != "subscribe" || !driver.IsID(challenge, maxChallenge) {
		if h.delivery.OnRefused != nil {
			h.delivery.OnRefused(r.Context(), delivery.ErrForged)
		}
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, challenge) //nolint:gosec // letters and digits, as text
}

// readReports reads all statuses of a body, of which each may stand in an entry, a
// change and a list:
//
//	{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"statuses":[...]}}]}]}
//
// What the app is subscribed to besides is skipped.
func readReports(body []byte) (events []delivery.Event, err error) {
	var object string
	var entries json.RawMessage
	err = driver.Scan(body, driver.Field{Key: "object", To: &object, Need: true}, driver.Field{Key: "entry", To: &entries})
	switch {
	case err != nil:
		return nil, delivery.ErrUnreadable
	case object != "whatsapp_business_account":
		return nil, delivery.ErrIgnored
	}
	err = each(entries, func(entry []byte) error {
		var changes json.RawMessage
		err := driver.Scan(entry, driver.Field{Key: "changes", To: &changes})
		return errors.Join(err, each(changes, func(change []byte) error {
			statuses, err := statusesOf(change)
			return errors.Join(err, each(statuses, func(status []byte) error {
				e, err := readStatus(status)
				if err == nil && e.Status != "" {
					events = append(events, e)
				}
				return err
			}))
		}))
	})
	switch {
	case err != nil:
		return events, delivery.ErrUnreadable
	case len(events) == 0:
		return nil, delivery.ErrIgnored
	}
	return events, nil
}

// each walks over a list, which may be left out.
func each(list json.RawMessage, read func([]byte) error) error {
	if list == nil {
		return nil
	}
	var all []json.RawMessage
	err := json.Unmarshal(list, &all)
	for _, one := range all {
		err = errors.Join(err, read(one))
	}
	return err
}

// statusesOf is the list of statuses in a change, or nil.
func statusesOf(change []byte) (statuses json.RawMessage, err error) {
	var field string
	var value json.RawMessage
	err = driver.Scan(change, driver.Field{Key: "field", To: &field, Need: true}, driver.Field{Key: "value", To: &value})
	if err != nil || field != "messages" || value == nil {
		return nil, err
	}
	err = driver.Scan(value, driver.Field{Key: "statuses", To: &statuses})
	return statuses, err
}

// readStatus reads how far one message came. The zero Event says that the status is
// none that tells it, such as that a voice message was played.
func readStatus(body []byte) (e delivery.Event, err error) {
	var wamid, word, at string
	var failures json.RawMessage
	err = driver.Scan(body, driver.Field{Key: "id", To: &wamid, Need: true}, driver.Field{Key: "status", To: &word, Need: true},
		driver.Field{Key: "timestamp", To: &at, Number: true}, driver.Field{Key: "errors", To: &failures})
	if err == nil && !isWAMID(wamid) {
		err = errNoMessage
	}
	status, known := deliveries[word]
	if err != nil || !known {
		return delivery.Event{}, err
	}
	e = delivery.Event{Vendor: vendor, ID: ID(wamid), Status: status, At: time.Now()}
	if when, ok := delivery.Seconds(at); ok {
		e.At = when
	}
	if status == delivery.Failed {
		e.VendorCode, err = firstCode(failures)
		e.Status = failureOf(e.VendorCode)
	}
	return e, err
}

// firstCode is the code of the first error of a message that failed.
func firstCode(failures json.RawMessage) (code string, err error) {
	err = each(failures, func(failure []byte) error {
		var next string
		err := driver.Scan(failure, driver.Field{Key: "code", To: &next, Need: true, Number: true})
		code = cmp.Or(code, next)
		return err
	})
	if len(code) > maxCode || strings.Trim(code, figures) != "" {
		return "", errors.Join(err, errNoCode)
	}
	return code, err
}

// maxCode is in digits: that of Meta's longest codes.
const maxCode = 7

var errNoCode = errors.New("the error has no code of Meta's")

// failureOf says what the error of a message means for it.
func failureOf(code string) delivery.Status {
	f, _ := codes.Find(code)
	switch f.Outcome {
	case verify.ErrInvalidRecipient:
		return delivery.Undelivered
	case verify.ErrBlocked:
		return delivery.Blocked
	}
	return delivery.Failed
}

// deliveries says what each status means:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status.
// A message that was read at once is not reported as delivered.
var deliveries = map[string]delivery.Status{
	"sent":      delivery.Sent,
	"delivered": delivery.Delivered,
	"read":      delivery.Delivered,
	"failed":    delivery.Failed,
}
