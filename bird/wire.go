package bird

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls, as @messagebird/sdk 0.63.0 has them.
const (
	sendRoute  = "/v1/verify/verifications"
	checkRoute = "/v1/verify/verifications/check"
)

// A recipient is what a verification is found by: the check must name the same.
type recipient struct {
	Phone string `json:"phone_number"`
}

type options struct {
	CodeLength int              `json:"code_length"`
	Channels   []verify.Channel `json:"channels"` // one, or Bird goes on to the next by itself
	Language   string           `json:"language,omitempty"`
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	body, err := json.Marshal(struct {
		To      recipient `json:"to"`
		Options options   `json:"options"`
	}{recipient{send.To}, options{send.Digits, []verify.Channel{send.Channel}, send.Locale}})
	key := c.newKey(send.IdempotencyKey, "send", send.To, string(body))
	return driver.Call{Route: sendRoute, JSON: body, Header: key, Repeatable: c.repeatLost}, err
}

// slot is how long, in seconds, two calls with one key of the caller's have one for Bird.
const slot = 120

// newKey makes the idempotency key of one call: all its requests have it. One that the
// caller gave is hashed with its slot of the clock here: Bird keeps answers for hours.
func (c *Client) newKey(key string, fields ...string) map[string]string {
	id := driver.RandomID()
	if key != "" {
		id = driver.KeyedID(c.secret, append(fields, key, strconv.FormatInt(time.Now().Unix()/slot, 10))...)
	}
	return map[string]string{"Idempotency-Key": id}
}

// A verification is what Bird answers to a send, and within what it answers to a
// check.
type verification struct{ id, status, to, channel, expires string }

func read(body []byte) (v verification, err error) {
	var to json.RawMessage
	err = driver.Scan(body,
		driver.Field{Key: "id", To: &v.id, Need: true}, driver.Field{Key: "status", To: &v.status, Need: true},
		driver.Field{Key: "to", To: &to, Need: true}, driver.Field{Key: "last_channel", To: &v.channel},
		driver.Field{Key: "expires_at", To: &v.expires},
	)
	if err == nil {
		err = driver.Scan(to, driver.Field{Key: "phone_number", To: &v.to, Need: true})
	}
	return v, err
}

var errSubject = errors.New("the answer speaks of another recipient")

// readSend wants a pending verification of this recipient.
func readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	v, err := read(reply.Body)
	switch {
	case err != nil:
		return verify.Receipt{}, err
	case v.id == "":
		return verify.Receipt{}, errors.New("the answer's reference is empty")
	case !driver.IsSubject(v.to, send.To):
		return verify.Receipt{}, errSubject
	case v.status == "blocked":
		return verify.Receipt{}, driver.Failure{Outcome: verify.ErrBlocked, Detail: "Bird took it for fraud or abuse"}
	case v.status != "pending":
		return verify.Receipt{}, errors.New("the verification is not pending after all")
	}
	expires, _ := time.Parse(time.RFC3339, v.expires) // zero: unknown
	return verify.Receipt{ID: driver.ReceiptID(v.id), Channel: channels[v.channel], ExpiresAt: expires}, nil
}

// channels are those that a code may have traveled by, an earlier one perhaps.
var channels = map[string]verify.Channel{
	"sms": verify.ChannelSMS, "whatsapp": verify.ChannelWhatsApp, "voice": verify.ChannelVoice, "telegram": verify.ChannelApp,
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		To   recipient `json:"to"`
		Code string    `json:"code"`
	}{recipient{check.To}, check.Code})
	key := c.newKey(check.IdempotencyKey, "check", check.To, string(body))
	return driver.Call{Route: checkRoute, JSON: body, Header: key}, err
}

// denials says what each reason means.
var denials = map[string]verify.Outcome{
	"incorrect_code":     verify.ErrMismatch,
	"expired":            verify.ErrNotPending,
	"attempts_exhausted": verify.ErrTooManyAttempts,
}

// readCheck wants success and the verification to say the same, of this recipient.
func readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var success bool
	var reason, left string
	var inner json.RawMessage
	err := driver.Scan(reply.Body,
		driver.Field{Key: "success", To: &success, Need: true}, driver.Field{Key: "reason", To: &reason},
		driver.Field{Key: "attempts_remaining", To: &left, Number: true}, driver.Field{Key: "verification", To: &inner, Need: true},
	)
	if err != nil {
		return driver.Verdict{}, err
	}
	v, err := read(inner)
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case !driver.IsSubject(v.to, check.To):
		return driver.Verdict{}, errSubject
	case success != (v.status == "verified"), success && reason != "":
		return driver.Verdict{}, errors.New("the answer contradicts itself")
	case success:
		return driver.Approved(v.to), nil
	case v.status == "blocked":
		return driver.Denied(verify.ErrBlocked), nil
	}
	verdict := driver.Denied(denials[reason]).WithCode(reason)
	if n, err := strconv.Atoi(left); err == nil {
		verdict = verdict.WithAttemptsLeft(n)
	}
	return verdict, nil
}

// codes are those with a meaning of their own.
var codes = driver.Codes{Text: `
E01004 outcome_unknown a request with the same idempotency key is still running
E01005 outcome_unknown another request had the same idempotency key
E01033 unavailable the protection against repeated requests is out of order: nothing was done
`}

// types are the kinds of Bird's errors. Both of its limits to a send are 429, and the
// one that its library describes is the recipient's.
var types = map[string]driver.Failure{
	"auth_error":        {Outcome: verify.ErrUnauthorized, Detail: "the API key is wrong"},
	"permission_error":  {Outcome: verify.ErrUnauthorized, Detail: "the API key lacks a permission"},
	"billing_error":     {Outcome: verify.ErrUnauthorized, Detail: "the balance or the plan does not cover it"},
	"misdirected_error": {Outcome: verify.ErrRejected, Detail: "the workspace is in another region: check Region"},
	"validation_error":  {Outcome: verify.ErrRejected, Detail: "a field is not valid, or the channel is not enabled for the number's country"},
	"rate_limit_error":  {Outcome: verify.ErrRateLimited, Detail: "codes of this number are checked too quickly"},
}

// readError reads {"error":{"type":"...","code":"E13000","param":"..."}}. A type that
// is not listed means what its status means.
func readError(op string, status int, body []byte) driver.Failure {
	var inner json.RawMessage
	var kind, code, param string
	if driver.Scan(body, driver.Field{Key: "error", To: &inner, Need: true}) != nil ||
		driver.Scan(inner, driver.Field{Key: "type", To: &kind, Need: true}, driver.Field{Key: "code", To: &code, Need: true},
			driver.Field{Key: "param", To: &param}) != nil {
		return driver.Failure{}
	}
	f, known := codes.Find(code)
	if !known {
		f, known = types[kind]
	}
	switch {
	case code == "E13000" && op == "check": // not found
		f = driver.Failure{Outcome: verify.ErrNotPending}
	case kind == "validation_error" && (param == "to" || strings.HasPrefix(param, "to.")):
		f = driver.Failure{Outcome: verify.ErrInvalidRecipient, Detail: "not a number that Bird sends to"}
	case kind == "rate_limit_error" && op == "send":
		f = driver.Failure{Outcome: verify.ErrTooManySends, Detail: "the number was sent too many codes within the hour"}
	case !known:
		f = driver.Unlisted(status)
	}
	f.Code = code
	return f
}
