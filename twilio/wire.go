package twilio

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://www.twilio.com/docs/verify/api/verification,
// https://www.twilio.com/docs/verify/api/verification-check and, for Probe,
// https://www.twilio.com/docs/verify/api/service.
const (
	createRoute  = "/v2/Services/{service}/Verifications"
	checkRoute   = "/v2/Services/{service}/VerificationCheck"
	oneRoute     = "/v2/Services/{service}/Verifications/{to}"
	serviceRoute = "/v2/Services/{service}"
)

// words are what Twilio calls the channels. It may upgrade sms to RCS by itself.
var words = map[verify.Channel]string{
	verify.ChannelSMS: "sms", verify.ChannelVoice: "call", verify.ChannelWhatsApp: "whatsapp", verify.ChannelEmail: "email",
	verify.ChannelRCS: "rcs",
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	service := c.services[send.Scope]
	if service.PSD2 && send.Channel == verify.ChannelVoice {
		return driver.Call{}, errors.New("a Service with PSD2 does not call")
	}
	form := make(driver.Form, 0, 128)
	form.Add("To", send.To)
	form.Add("Channel", words[send.Channel])
	form.AddGiven("Locale", send.Locale)
	if send.ClientIP.IsValid() {
		form.Add("DeviceIp", send.ClientIP.String())
	}
	form.AddGiven("Amount", send.Transaction.Amount)
	form.AddGiven("Payee", send.Transaction.Payee)
	err := options.AddTo(&form, send.SendRequest)
	call := driver.Call{Route: createRoute, Args: []string{service.SID}, Form: form}
	if options.Has(send.SendRequest, "RateLimits") {
		call.ReadError = readLimitedError
	}
	return call, err
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	form := make(driver.Form, 0, 64)
	form.Add("To", check.To)
	form.Add("Code", check.Code)
	form.AddGiven("Amount", check.Transaction.Amount)
	form.AddGiven("Payee", check.Transaction.Payee)
	return driver.Call{Route: checkRoute, Args: []string{c.services[check.Scope].SID}, Form: form}, nil
}

func (c *Client) newFetch(check driver.Check) (driver.Call, error) {
	return driver.Call{Method: http.MethodGet, Route: oneRoute, Args: []string{c.services[check.Scope].SID, check.To}}, nil
}

func (c *Client) newCancel(check driver.Check) (driver.Call, error) {
	call, err := c.newFetch(check)
	call.Method = http.MethodPost
	call.Form.Add("Status", "canceled")
	return call, err
}

// A verification is what Twilio answers to every call.
type verification struct {
	sid, serviceSID, to, channel, status []byte
	amount, payee                        []byte
	valid                                *bool
}

// read reads an answer strictly and checks that it speaks of the same Service and
// recipient, and has the status, unless that is empty.
func (c *Client) read(reply driver.Reply, scope, to, status string) (v verification, err error) {
	err = driver.Scan(reply.Body,
		driver.Field{Key: "status", To: &v.status, Need: true}, driver.Field{Key: "valid", To: &v.valid},
		driver.Field{Key: "service_sid", To: &v.serviceSID}, driver.Field{Key: "to", To: &v.to},
		driver.Field{Key: "channel", To: &v.channel}, driver.Field{Key: "sid", To: &v.sid},
		driver.Field{Key: "amount", To: &v.amount}, driver.Field{Key: "payee", To: &v.payee},
	)
	switch {
	case err != nil:
	case v.serviceSID != nil && string(v.serviceSID) != c.services[scope].SID, v.to != nil && !driver.IsNearSubject(string(v.to), to):
		err = errors.New("the answer speaks of another Service or recipient")
	case status != "" && string(v.status) != status:
		err = errors.New("the verification is not " + status + " after all")
	}
	return v, err
}

func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	v, err := c.read(reply, send.Scope, send.To, "pending")
	return verify.Receipt{ID: driver.ReceiptID(string(v.sid)), Channel: driver.ChannelOf(words, string(v.channel))}, err
}

// denials says what each status but "approved" means to a check:
// https://www.twilio.com/docs/verify/api/verification-check.
var denials = map[string]verify.Outcome{
	"pending":              verify.ErrMismatch,
	"canceled":             verify.ErrNotPending,
	"deleted":              verify.ErrNotPending,
	"expired":              verify.ErrNotPending,
	"failed":               verify.ErrNotPending,
	"max_attempts_reached": verify.ErrTooManyAttempts,
}

// readCheck wants the status approved, for the amount and the payee that were asked
// about where Twilio names them.
func (c *Client) readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	v, err := c.read(reply, check.Scope, check.To, "")
	approved := string(v.status) == "approved"
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case v.valid != nil && *v.valid != approved:
		return driver.Verdict{}, errors.New("the answer contradicts itself")
	case !approved:
		return driver.Denied(denials[string(v.status)]), nil
	case v.amount != nil && string(v.amount) != check.Transaction.Amount, v.payee != nil && string(v.payee) != check.Transaction.Payee:
		return driver.Verdict{}, errors.New("the answer speaks of another amount or payee")
	}
	return driver.Approved(string(v.to)), nil
}

func (c *Client) readCancel(check driver.Check, reply driver.Reply) error {
	_, err := c.read(reply, check.Scope, check.To, "canceled")
	return err
}

// A Verification is what Twilio knows of a pending code.
type Verification struct {
	SID       string         // Twilio's reference: "VE" and 32 hexadecimal digits
	Channel   verify.Channel // how the code was last sent
	Status    string         // "pending"
	Sends     int            // how often it was sent, at most 5; zero if Twilio does not say
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (c *Client) readFetch(check driver.Check, reply driver.Reply) (Verification, error) {
	var more struct {
		Created time.Time         `json:"date_created"`
		Updated time.Time         `json:"date_updated"`
		Sends   []json.RawMessage `json:"send_code_attempts"`
	}
	v, err := c.read(reply, check.Scope, check.To, "")
	_ = json.Unmarshal(reply.Body, &more) // decides nothing: zero where it cannot be read
	return Verification{
		SID: driver.ReceiptID(string(v.sid)), Channel: driver.ChannelOf(words, string(v.channel)), Status: string(v.status),
		Sends: len(more.Sends), CreatedAt: more.Created, UpdatedAt: more.Updated,
	}, err
}

// Probe reads each Service, which takes good credentials, and compares its code
// length and PSD2 with Config. Whether a channel is set up only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.api.ProbeScopes(ctx, driver.ScopeProbe{
		Noun: "Service", Scopes: slices.Collect(maps.Keys(c.services)), NotFound: codeNotFound, Hint: "check its SID and the region",
		Call: func(scope string) driver.Call {
			return driver.Call{Route: serviceRoute, Args: []string{c.services[scope].SID}}
		},
		ID: []string{"sid"}, Differences: func(scope string, body []byte) ([]string, error) { return c.services[scope].differences(body) },
	})
}

// differences says in which settings a Service is not what Config has it be.
func (s Service) differences(body []byte) (found []string, err error) {
	var digits string
	psd2 := s.PSD2
	if err := driver.Scan(body, driver.Field{Key: "code_length", To: &digits, Need: true, Number: true}, driver.Field{Key: "psd2_enabled", To: &psd2}); err != nil {
		return nil, err
	}
	length, err := driver.CodeLength(digits, s.CodeLength, "")
	return []string{
		length,
		driver.If(psd2 && !s.PSD2, "has PSD2: set its PSD2"),
		driver.If(!psd2 && s.PSD2, "has no PSD2: have it switched on, or leave PSD2 out"),
	}, err
}

// What each of Verify's codes means.
var (
	//go:embed codes.txt
	codesText string
	codes     = driver.Codes{Text: codesText}
	readCode  = codes.ReadError("code")
)

const codeNotFound, codeParameter = "20404", "60200"

// readError reads {"code":60200,"message":"...","status":400}. It tells which parameter
// of a send is not valid, and takes nothing else of the message, which quotes the
// recipient.
func readError(op string, status int, body []byte) driver.Failure {
	f := readCode(op, status, body)
	if f.Code != codeParameter {
		return f
	}
	var message string
	_ = driver.Scan(body, driver.Field{Key: "message", To: &message}) // without one no name is known
	_, after, _ := strings.Cut(message, "Invalid parameter")
	name := strings.TrimLeft(after, ":` ")
	end := len(name) - len(strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	return codes.OfParameter(f, op, name[:end])
}

// readLimitedError is readError for a send that carried WithRateLimit: to it a
// throttle is the application's own limit on one person. Another vendor would defeat
// it, and it is no throttle of the account.
func readLimitedError(op string, status int, body []byte) driver.Failure {
	return codes.OfParameter(readError(op, status, body), op, "limited")
}

// refusesLocale knows the answers to a language that a template or a voice lacks:
// https://www.twilio.com/docs/verify/supported-languages.
func refusesLocale(e *verify.Error) bool {
	switch e.VendorCode {
	case codeNotFound, "60229", "60331":
		return true
	}
	return e.VendorCode == codeParameter && strings.HasSuffix(e.Detail, ": Locale")
}
