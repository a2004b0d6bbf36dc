package telegram

import (
	_ "embed" // the table of errors
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// The calls: https://core.telegram.org/gateway/api.
const (
	abilityRoute = "/checkSendAbility"
	sendRoute    = "/sendVerificationMessage"
	statusRoute  = "/checkVerificationStatus"
)

// maxID is longer than any id of a request that was seen.
const maxID = 128

// maxCallback is in bytes: https://core.telegram.org/gateway/api#sendverificationmessage.
const maxCallback = 256

// question asks whether a number can be reached.
func question(to string) []byte { return []byte(`{"phone_number":"` + to + `"}`) }

// A message is what sendVerificationMessage is asked.
type message struct {
	PhoneNumber string `json:"phone_number"`
	RequestID   string `json:"request_id"`
	Sender      string `json:"sender_username,omitempty"`
	Code        string `json:"code"`
	Callback    string `json:"callback_url,omitempty"`
	Payload     string `json:"payload,omitempty"`
	TTL         int64  `json:"ttl,omitempty"`
}

func (cfg Config) message(m otp.CodeMessage, request string) []byte {
	b, _ := json.Marshal(&message{m.To, request, cfg.Sender, m.Code, cfg.CallbackURL, m.Ref, seconds(m.TTL)}) // strings and numbers always marshal
	return b
}

// seconds keeps a time within what Telegram takes. Zero leaves it to Telegram.
func seconds(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return int64(min(max(ttl, 30*time.Second), time.Hour) / time.Second)
}

var (
	errNoRequest = errors.New("the answer names no request")
	errNotYes    = errors.New("the answer is neither a yes nor an error")
	errOther     = errors.New("the answer speaks of another message")
)

// A status is a RequestStatus, as far as it decides something.
type status struct {
	request, number, delivery string
	payload                   []byte
}

// readStatus reads {"ok":true,"result":{"request_id":"...","phone_number":"+1...",
// "delivery_status":{"status":"sent"},"payload":"..."}}.
func readStatus(body []byte) (s status, err error) {
	var ok bool
	var result, delivery json.RawMessage
	if err = driver.Scan(body, driver.Field{Key: "ok", To: &ok, Need: true}, driver.Field{Key: "result", To: &result}); err != nil {
		return s, err
	}
	if !ok || result == nil {
		return s, errNotYes
	}
	err = driver.Scan(result, driver.Field{Key: "request_id", To: &s.request, Need: true}, driver.Field{Key: "phone_number", To: &s.number},
		driver.Field{Key: "delivery_status", To: &delivery}, driver.Field{Key: "payload", To: &s.payload})
	if err == nil && delivery != nil {
		err = driver.Scan(delivery, driver.Field{Key: "status", To: &s.delivery})
	}
	return s, err
}

// of says why a status is none of a message to a number.
func (s status) of(to string) error {
	switch {
	case !driver.IsID(s.request, maxID) || s.request == to[1:]:
		return errNoRequest
	case s.number != "" && !driver.IsSubject(s.number, to):
		return errOther
	}
	return nil
}

// readAbility returns the id under which one message to a number is paid.
func readAbility(body []byte, to string) (request string, err error) {
	s, err := readStatus(body)
	if err == nil {
		err = s.of(to)
	}
	return s.request, err
}

// readSent proves that the answer is that of this message and that it went out.
func readSent(body []byte, m otp.CodeMessage, request string) error {
	s, err := readStatus(body)
	if err != nil {
		return err
	}
	switch err := s.of(m.To); {
	case err != nil:
		return err
	case s.request != request, s.payload != nil && string(s.payload) != m.Ref:
		return errOther
	case s.delivery == "expired" || s.delivery == "revoked":
		return errors.New("the message is gone already")
	}
	return nil
}

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// noRequest says that there is no such request.
const noRequest = "REQUEST_ID_INVALID"

// elsewhere are the words for people whom another vendor may reach.
var elsewhere = map[string]bool{"PHONE_NUMBER_NOT_FOUND": true, "PHONE_NUMBER_NOT_AVAILABLE": true}

// readError reads {"ok":false,"error":"PHONE_NUMBER_NOT_AVAILABLE"}, which may come
// with any status, 200 among them. The zero Failure says that it is no such answer.
func readError(_ string, status int, body []byte) driver.Failure {
	ok := true
	var word string
	if err := driver.Scan(body, driver.Field{Key: "ok", To: &ok, Need: true}, driver.Field{Key: "error", To: &word}); err != nil || ok {
		return driver.Failure{}
	}
	if _, wait, flood := strings.Cut(word, "FLOOD_WAIT"); flood {
		return throttled(wait)
	}
	f, known := codes.Find(word)
	if !known {
		return driver.Unlisted(status)
	}
	f.Elsewhere = elsewhere[word]
	return f
}

// throttled reads FLOOD_WAIT, and FLOOD_WAIT_30, which names seconds.
func throttled(wait string) driver.Failure {
	n, _ := strconv.ParseUint(strings.TrimPrefix(wait, "_"), 10, 16) // else no time is named
	return driver.Failure{Outcome: verify.ErrRateLimited, Code: "FLOOD_WAIT", RetryAfter: time.Duration(n) * time.Second}
}
