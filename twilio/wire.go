package twilio

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
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

// channels are those on which a person types a code.
var channels = [...]verify.Channel{
	verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail,
}

// channelName is what Twilio calls a channel.
func channelName(c verify.Channel) string {
	if c == verify.ChannelVoice {
		return "call"
	}
	return string(c)
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	service := c.services[send.Scope]
	switch err := service.check(send.Transaction); {
	case err != nil:
		return driver.Call{}, err
	case send.Digits != 0 && send.Digits != service.CodeLength:
		return driver.Call{}, errors.New("the Service of this scope sends codes of another length")
	case service.PSD2 && send.Channel == verify.ChannelVoice:
		return driver.Call{}, errors.New("a Service with PSD2 does not call")
	}
	form := make(driver.Form, 0, 128)
	form.Add("To", send.To)
	form.Add("Channel", channelName(send.Channel))
	if locale := localeOf(send.SendRequest); locale != "" {
		form.Add("Locale", locale)
	}
	if send.ClientIP.IsValid() {
		form.Add("DeviceIp", send.ClientIP.String())
	}
	addTransaction(&form, send.Transaction)
	limited, err := addOptions(&form, send.SendRequest)
	call := driver.Call{Route: createRoute, Args: []string{service.SID}, Form: form}
	if limited {
		call.ReadError = readLimitedError
	}
	return call, err
}

func (c *Client) newCheck(check driver.Check) (driver.Call, error) {
	service := c.services[check.Scope]
	form := make(driver.Form, 0, 64)
	form.Add("To", check.To)
	form.Add("Code", check.Code)
	addTransaction(&form, check.Transaction)
	return driver.Call{Route: checkRoute, Args: []string{service.SID}, Form: form}, service.check(check.Transaction)
}

func (c *Client) newCancel(check driver.Check) (driver.Call, error) {
	var form driver.Form
	form.Add("Status", "canceled")
	return driver.Call{Route: oneRoute, Args: []string{c.services[check.Scope].SID, check.To}, Form: form}, nil
}

func addTransaction(form *driver.Form, t verify.Transaction) {
	if t != (verify.Transaction{}) {
		form.Add("Amount", t.Amount)
		form.Add("Payee", t.Payee)
	}
}

// check says why a Service cannot serve with or without a transaction.
func (s Service) check(t verify.Transaction) error {
	given := t != (verify.Transaction{})
	switch {
	case s.PSD2 && !given:
		return errors.New("the Service of this scope has PSD2 and needs WithTransaction")
	case given && !s.PSD2:
		return errors.New("the Service of this scope has no PSD2 and cannot bind a transaction")
	}
	return nil
}

// A verification is what Twilio answers to every call.
type verification struct {
	sid, serviceSID, to, channel, status []byte
	amount, payee, created, updated      []byte
	valid                                *bool
	sends                                json.RawMessage
}

// read reads an answer strictly and checks that it speaks of the same Service and
// recipient.
func read(reply driver.Reply, service Service, to string) (v verification, err error) {
	err = driver.Scan(reply.Body,
		driver.Field{Key: "status", To: &v.status, Need: true}, driver.Field{Key: "valid", To: &v.valid},
		driver.Field{Key: "service_sid", To: &v.serviceSID}, driver.Field{Key: "to", To: &v.to},
		driver.Field{Key: "channel", To: &v.channel}, driver.Field{Key: "sid", To: &v.sid},
		driver.Field{Key: "amount", To: &v.amount}, driver.Field{Key: "payee", To: &v.payee},
		driver.Field{Key: "date_created", To: &v.created}, driver.Field{Key: "date_updated", To: &v.updated},
		driver.Field{Key: "send_code_attempts", To: &v.sends},
	)
	if err == nil && (v.serviceSID != nil && string(v.serviceSID) != service.SID || v.to != nil && !sameRecipient(string(v.to), to)) {
		err = errors.New("the answer speaks of another Service or recipient")
	}
	return v, err
}

func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	service := c.services[send.Scope]
	v, err := read(reply, service, send.To)
	if err == nil && string(v.status) != "pending" {
		err = errors.New("the verification is not pending after all")
	}
	return verify.Receipt{ID: v.id(), Channel: v.traveled(send.Channel), Digits: service.CodeLength}, err
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
	v, err := read(reply, c.services[check.Scope], check.To)
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
	v, err := read(reply, c.services[check.Scope], check.To)
	if err == nil && string(v.status) != "canceled" {
		err = errors.New("the verification is not canceled after all")
	}
	return err
}

// id keeps anything but a SID out of receipts.
func (v verification) id() string {
	if sid := string(v.sid); isSID(sid, "VE") {
		return sid
	}
	return ""
}

// traveled is the channel in the answer, or the one asked for. Twilio may upgrade
// sms to RCS.
func (v verification) traveled(asked verify.Channel) verify.Channel {
	for _, c := range [...]verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail, verify.ChannelRCS} {
		if strings.EqualFold(string(v.channel), channelName(c)) {
			return c
		}
	}
	return asked
}

// sameRecipient compares phones by their last seven digits, since one
// subscriber has several spellings in some countries, and addresses in any case.
func sameRecipient(a, b string) bool {
	if verify.IsPhone(a) && verify.IsPhone(b) {
		return a[len(a)-7:] == b[len(b)-7:]
	}
	return verify.IsEmail(a) && strings.EqualFold(a, b)
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

func (v verification) public() Verification {
	var sends []json.RawMessage
	_ = json.Unmarshal(v.sends, &sends) // decides nothing: zero if it is no list
	created, _ := time.Parse(time.RFC3339, string(v.created))
	updated, _ := time.Parse(time.RFC3339, string(v.updated))
	return Verification{
		SID: v.id(), Channel: v.traveled(""), Status: string(v.status), Sends: len(sends),
		CreatedAt: created, UpdatedAt: updated,
	}
}

// Probe reads each Service, which takes good credentials, and compares its code
// length and PSD2 with Config. Whether a channel is set up only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	if len(c.services) == 0 {
		return &verify.Error{Vendor: vendor, Op: "probe", Outcome: verify.ErrUnsupported, Detail: "the client was not made by New"}
	}
	var faults []string
	for _, scope := range slices.Sorted(maps.Keys(c.services)) {
		found, err := c.differences(ctx, c.services[scope])
		if err != nil {
			return err // it would meet the other Services as well
		}
		for _, fault := range found {
			name := "the Service of the empty scope "
			if scope != "" {
				name = "the Service of scope " + scope + " "
			}
			faults = append(faults, name+fault)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &verify.Error{Vendor: vendor, Op: "probe", Outcome: verify.ErrRejected, Detail: strings.Join(faults, "; ")}
}

// differences says in which settings a Service is not what Config has it be.
func (c *Client) differences(ctx context.Context, service Service) (found []string, err error) {
	reply, err := c.api.Client.Do(ctx, driver.Call{
		Op: "probe", Method: http.MethodGet, Route: serviceRoute, Args: []string{service.SID}, Repeatable: true,
	})
	var e *verify.Error
	if errors.As(err, &e) && e.VendorCode == codeNotFound {
		return []string{"was not found: check its SID and the region"}, nil
	}
	if err != nil {
		return nil, err
	}
	var sid, digits string
	var psd2 *bool
	err = driver.Scan(reply.Body, driver.Field{Key: "sid", To: &sid, Need: true},
		driver.Field{Key: "code_length", To: &digits, Need: true, Number: true}, driver.Field{Key: "psd2_enabled", To: &psd2})
	length, wrong := strconv.Atoi(digits)
	switch {
	case err != nil:
		return nil, c.api.Client.Unknown("probe", reply, err.Error())
	case sid != service.SID:
		return nil, c.api.Client.Unknown("probe", reply, "the answer speaks of another Service")
	case wrong != nil || length < minDigits || length > maxDigits:
		return nil, c.api.Client.Unknown("probe", reply, "the answer's code length is none")
	case length != service.CodeLength:
		found = append(found, "sends "+digits+" digits, not "+strconv.Itoa(service.CodeLength)+": set its CodeLength to "+digits)
	}
	switch {
	case psd2 == nil || *psd2 == service.PSD2:
	case *psd2:
		found = append(found, "has PSD2: set its PSD2")
	default:
		found = append(found, "has no PSD2: have it switched on, or leave PSD2 out")
	}
	return found, nil
}

// codesText says what each of Verify's codes means.
//
//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

const (
	codeNotFound  = "20404"
	codeParameter = "60200"
	codeThrottle  = "20429"

	parameterAtFault = "a parameter is not valid: "
)

// codeIn reads {"code":60200,"message":"...","status":400}.
func codeIn(body []byte) (code string, ok bool) {
	err := driver.Scan(body, driver.Field{Key: "code", To: &code, Need: true, Number: true})
	return code, err == nil
}

// readError reads an error of Verify's. A code that is not listed means what its
// status means; to a check 20404 says expired, used, canceled and never sent.
func readError(op string, status int, body []byte) driver.Failure {
	code, ok := codeIn(body)
	if !ok {
		return driver.Failure{}
	}
	f, known := codes.Find(code)
	switch {
	case code == codeNotFound && op == "send":
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "the Service was not found: check its SID and the region"}
	case code == codeNotFound:
		f = driver.Failure{Outcome: verify.ErrNotPending}
	case code == codeParameter && op == "send":
		f = parameterFault(body)
	case !known:
		f = driver.Unlisted(status)
	}
	f.Code = code
	return f
}

// readLimitedError is readError for a send that carried WithRateLimit: to it a
// throttle is the application's own limit on one person. Another vendor would defeat
// it, and it is no throttle of the account.
func readLimitedError(op string, status int, body []byte) driver.Failure {
	f := readError(op, status, body)
	if f.Code == codeThrottle {
		f.Outcome, f.Detail = verify.ErrTooManySends, "a rate limit of the application's own, or too many requests at once"
	}
	return f
}

// parameterFault reads which parameter is not valid. Of the message it takes the
// parameter's name and nothing else: the rest quotes the recipient.
func parameterFault(body []byte) driver.Failure {
	var message string
	_ = driver.Scan(body, driver.Field{Key: "message", To: &message}) // without one no name is known
	_, after, _ := strings.Cut(message, "Invalid parameter")
	after = strings.TrimLeft(after, ":` ")
	for _, name := range [...]string{"To", "Channel", "Locale", "Amount", "Payee", "TemplateSid", "AppHash", "Tags", "RateLimits", "DeviceIp", "CustomCode", "SendDigits"} {
		rest, named := strings.CutPrefix(after, name)
		switch {
		case !named || rest != "" && strings.IndexFunc(rest[:1], isLetter) == 0:
		case name == "To":
			return driver.Failure{Outcome: verify.ErrInvalidRecipient, Detail: "not a number or an address in use"}
		default:
			return driver.Failure{Outcome: verify.ErrRejected, Detail: parameterAtFault + name}
		}
	}
	f, _ := codes.Find(codeParameter)
	return f
}

func isLetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

// refusesLocale knows the answers to a language that a template or a voice lacks:
// https://www.twilio.com/docs/verify/supported-languages.
func refusesLocale(err error) bool {
	if err == nil {
		return false // without the cost of asking
	}
	var e *verify.Error
	if !errors.As(err, &e) || e.Op != "send" {
		return false
	}
	switch e.VendorCode {
	case codeNotFound, "60229", "60331":
		return true
	}
	return e.VendorCode == codeParameter && e.Detail == parameterAtFault+"Locale"
}
