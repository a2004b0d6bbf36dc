package sinch

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://developers.sinch.com/docs/verification/api-reference/verification.
const (
	sendRoute = "/verification/v1/verifications"
	idRoute   = "/verification/v1/verifications/id/{id}"
	maxID     = 64
)

// methods are what Sinch calls the channels.
var methods = map[verify.Channel]string{verify.ChannelSMS: "sms", verify.ChannelVoice: "callout", verify.ChannelWhatsApp: "whatsapp"}

// An identity is whom a verification is for; number is the only type.
type identity struct {
	Type     string `json:"type"`
	Endpoint string `json:"endpoint"`
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	call := driver.Call{Route: sendRoute}
	start := struct {
		Identity identity                     `json:"identity"`
		Method   string                       `json:"method"`
		SMS      map[string]string            `json:"smsOptions,omitempty"`
		Callout  map[string]map[string]string `json:"calloutOptions,omitempty"`
	}{Identity: identity{"number", send.To}, Method: methods[send.Channel]}
	switch {
	case send.Channel == verify.ChannelSMS:
		start.SMS = map[string]string{"expiry": clock(c.expiry), "codeType": "Numeric"}
		if send.Locale != "" {
			call.Header = map[string]string{"Accept-Language": send.Locale}
		}
	case send.Channel == verify.ChannelVoice && send.Locale != "":
		start.Callout = map[string]map[string]string{"speech": {"locale": send.Locale}}
	}
	var err error
	call.JSON, err = json.Marshal(start)
	return call, err
}

// clock writes a time of less than an hour as HH:MM:SS.
func clock(d time.Duration) string {
	return fmt.Sprintf("00:%02d:%02d", d/time.Minute, d%time.Minute/time.Second)
}

// readSend wants a verification by the method that was asked for. No number is named.
func (c *Client) readSend(send driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id, method string
	err := driver.Scan(reply.Body, driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "method", To: &method, Need: true})
	switch {
	case err != nil:
		return verify.Receipt{}, err
	case !driver.IsID(id, maxID):
		return verify.Receipt{}, errors.New("the answer's id is none, without which the code cannot be checked")
	case method != methods[send.Channel]:
		return verify.Receipt{}, errors.New("the answer speaks of another method")
	}
	return verify.Receipt{ID: id, ExpiresAt: reply.Began.Add(c.expiry)}, nil
}

// reference is what a check needs of its send: "sms ID".
func reference(r verify.Receipt) string { return methods[r.Channel] + " " + r.ID }

func newCheck(check driver.Check) (driver.Call, error) {
	method, id, _ := strings.Cut(check.Reference, " ")
	body, err := json.Marshal(map[string]any{"method": method, method: map[string]string{"code": check.Code}})
	return driver.Call{Method: http.MethodPut, Route: idRoute, Args: []string{id}, JSON: body}, err
}

// readCheck believes nothing that is said of another verification. Nobody is named: the
// reference alone says whose code it is.
func readCheck(check driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var id, method, status, reason string
	err := driver.Scan(reply.Body,
		driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "method", To: &method, Need: true},
		driver.Field{Key: "status", To: &status, Need: true}, driver.Field{Key: "reason", To: &reason},
	)
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case method+" "+id != check.Reference:
		return driver.Verdict{}, errors.New("the answer speaks of another verification")
	case status == "SUCCESSFUL" && reason == "":
		return driver.Approved(""), nil
	case status == "SUCCESSFUL":
		return driver.Verdict{}, errors.New("the answer is a yes with a reason against it")
	case status == "PENDING", status == "FAIL" && reason == "":
		return driver.Denied(verify.ErrMismatch), nil
	case status == "ABORTED":
		return driver.Denied(verify.ErrNotPending), nil
	case status == "FAIL", status == "DENIED", status == "ERROR":
		f := reasons[reason]
		return driver.Denied(f.Outcome).WithDetail(f.Detail), nil
	}
	return driver.Verdict{}, errors.New("the answer's status is none that is known")
}

// reasons are why a verification came to nothing:
// https://developers.sinch.com/docs/verification/api-reference/verification/verifications-report.
var reasons = map[string]driver.Failure{
	"Invalid code":                        {Outcome: verify.ErrMismatch, Detail: "Sinch may take no second code: if the right one is refused, send a new one"},
	"Expired":                             {Outcome: verify.ErrNotPending},
	"Failed pending":                      {Outcome: verify.ErrNotPending},
	"SMS delivery failure":                {Outcome: verify.ErrNotPending, Detail: "the message was not delivered"},
	"Network error or number unreachable": {Outcome: verify.ErrNotPending, Detail: "the number was not reached"},
	"Fraud":                               {Outcome: verify.ErrBlocked, Detail: "Sinch took it for fraud"},
	"Blocked":                             {Outcome: verify.ErrBlocked, Detail: "Sinch blocks the number"},
	"Destination denied":                  {Outcome: verify.ErrBlocked, Detail: "the application may not send to this destination"},
	"Denied by callback":                  {Outcome: verify.ErrRejected, Detail: "the application's callback URL denied it"},
	"Invalid callback":                    {Outcome: verify.ErrRejected, Detail: "the application's callback URL answered what Sinch cannot read"},
	"Not enough credit":                   {Outcome: verify.ErrUnauthorized, Detail: "the account has not enough credit"},
}

const codeNotFound = "40400"

// codesText says what codes mean.
//
//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// readError reads {"errorCode":40400,"message":"...","reference":"..."}. A code that is
// not listed means what its status means.
var readError = codes.ReadError("errorCode")

// Probe asks for a verification that does not exist, which Sinch does not find if the
// credentials are good. It sends nothing. Whether a message is delivered only a Send
// can tell.
func (c *Client) Probe(ctx context.Context) error {
	call := driver.Call{Method: http.MethodGet, Route: idRoute, Args: []string{driver.RandomID()}}
	return c.api.Probe(ctx, call, func(e *verify.Error) bool { return e.VendorCode == codeNotFound }, "a verification that does not exist was found: check BaseURL")
}
