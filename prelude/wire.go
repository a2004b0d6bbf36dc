package prelude

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://docs.prelude.so/verify/v2/api-reference/create-or-retry-a-verification.
const (
	sendRoute  = "/v2/verification"
	checkRoute = "/v2/verification/check"
	maxID      = 64
)

// A target is whom a verification is for.
type target struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// The method is message or voice: auto may choose a silent verification, which brings
// no code.
type options struct {
	CodeSize  int               `json:"code_size"`
	Locale    string            `json:"locale,omitempty"`
	Method    string            `json:"method"`
	Preferred verify.Channel    `json:"preferred_channel,omitempty"`
	Sender    string            `json:"sender_id,omitempty"`
	Template  string            `json:"template_id,omitempty"`
	Variables map[string]string `json:"variables,omitempty"`
}

type signals struct {
	IP string `json:"ip,omitempty"`
	Signals
}

func (c *Client) newSend(send driver.Send) (driver.Call, error) {
	e, err := extrasOf(send)
	if err != nil {
		return driver.Call{}, err
	}
	o := options{send.Digits, send.Locale, "message", "", c.sender, c.template, e.variables}
	switch {
	case send.Channel == verify.ChannelVoice:
		o.Method = "voice"
	case send.ChannelAsked():
		o.Preferred = send.Channel
	}
	s := signals{Signals: e.signals}
	if send.ClientIP.IsValid() {
		s.IP = send.ClientIP.Unmap().String()
	}
	body := struct {
		Target   target   `json:"target"`
		Options  options  `json:"options"`
		Signals  *signals `json:"signals,omitempty"`
		Dispatch string   `json:"dispatch_id,omitempty"`
	}{target{"phone_number", send.To}, o, nil, e.dispatch}
	if s != (signals{}) {
		body.Signals = &s
	}
	text, err := json.Marshal(body)
	return driver.Call{Route: sendRoute, JSON: text}, err
}

// channels are what Prelude calls those that may bring a code.
var channels = map[string]verify.Channel{
	"sms": verify.ChannelSMS, "voice": verify.ChannelVoice, "whatsapp": verify.ChannelWhatsApp, "rcs": verify.ChannelRCS,
	"telegram": verify.ChannelTelegram, "viber": verify.ChannelApp, "zalo": verify.ChannelApp,
}

// methods are those that bring a code to a phone, with their channel if none is named.
var methods = map[string]verify.Channel{"message": "", "voice": verify.ChannelVoice}

// readSend wants a verification of which something was sent. No number is named.
func readSend(_ driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var id, status, method, reason string
	var route json.RawMessage
	var names []string
	err := driver.Scan(reply.Body,
		driver.Field{Key: "id", To: &id, Need: true}, driver.Field{Key: "status", To: &status, Need: true},
		driver.Field{Key: "method", To: &method}, driver.Field{Key: "reason", To: &reason}, driver.Field{Key: "channels", To: &route},
	)
	if err == nil && route != nil {
		err = json.Unmarshal(route, &names)
	}
	if err != nil {
		return verify.Receipt{}, errors.New("the answer cannot be read")
	}
	channel, brings := methods[cmp.Or(method, "message")]
	switch status {
	case "blocked":
		return verify.Receipt{}, blocked(reason)
	case "success", "retry", "challenged", "shadow_blocked":
	default:
		return verify.Receipt{}, errors.New("the answer's status is none that is known")
	}
	if id == "" || !brings {
		return verify.Receipt{}, errors.New("the answer has no id, or is of a verification without a code")
	}
	if len(names) > 0 {
		channel = cmp.Or(channels[names[0]], verify.ChannelApp)
	}
	return verify.Receipt{ID: driver.ReceiptID(id), Channel: channel}, nil
}

// blocks says what each reason of a verification that was blocked means: nothing was sent.
var blocks = map[string]driver.Failure{
	"repeated_attempts":    {Outcome: verify.ErrTooManySends, Detail: "the number asked for too many codes"},
	"invalid_phone_line":   {Outcome: verify.ErrInvalidRecipient, Detail: "not a line that takes messages, such as a landline"},
	"invalid_phone_number": {Outcome: verify.ErrInvalidRecipient, Detail: "not a number that is in use"},
	"expired_signature":    {Outcome: verify.ErrRejected, Detail: "the signals of Prelude's SDK are more than an hour old"},
	"invalid_signature":    {Outcome: verify.ErrRejected, Detail: "the signals of Prelude's SDK are not signed by it"},
	"in_block_list":        {Outcome: verify.ErrBlocked, Detail: "the number is in the account's block list"},
	"suspicious":           {Outcome: verify.ErrBlocked, Detail: "Prelude took it for fraud"},
}

func blocked(reason string) driver.Failure {
	f, known := blocks[reason]
	if !known {
		return driver.Failure{Outcome: verify.ErrBlocked, Detail: "Prelude blocked it for a reason that is not listed"}
	}
	f.Code = reason
	return f
}

func newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		Target target `json:"target"`
		Code   string `json:"code"`
	}{target{"phone_number", check.To}, check.Code})
	return driver.Call{Route: checkRoute, JSON: body}, err
}

// readCheck knows three answers. Nobody is named.
func readCheck(_ driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var status string
	err := driver.Scan(reply.Body, driver.Field{Key: "status", To: &status, Need: true})
	switch {
	case err != nil:
		return driver.Verdict{}, err
	case status == "success":
		return driver.Approved(""), nil
	}
	return driver.Denied(denials[status]), nil // a status that is not listed is unknown
}

var denials = map[string]verify.Outcome{"failure": verify.ErrMismatch, "expired_or_not_found": verify.ErrNotPending}

// codes are Prelude's own: https://docs.prelude.so/introduction/errors. Their statuses
// are not documented.
var codes = driver.Codes{Text: `
insufficient_balance unauthorized the account has no balance
invalid_api_key unauthorized the API key is wrong
invalid_bearer_token unauthorized the API key is wrong
invalid_phone_number invalid_recipient not a phone number
invalid_line_type invalid_recipient not a line that takes messages
channel_not_enabled_in_region rejected the channel is not enabled for the number's country
invalid_code_size rejected the length of codes is not one that Prelude takes
invalid_sender_id rejected the sender is not enabled: check SenderID
invalid_template_id rejected the template is not known: check TemplateID
invalid_template_variables rejected the template has other variables
invalid_request rejected Prelude could not read the request
internal outcome_unknown Prelude failed
`}

// readError reads {"code":"invalid_phone_number","type":"bad_request"}. A code that is
// not listed means what its status means.
func readError(_ string, status int, body []byte) driver.Failure {
	var code string
	if driver.Scan(body, driver.Field{Key: "code", To: &code, Need: true}) != nil {
		return driver.Failure{}
	}
	f, known := codes.Find(code)
	if !known || status >= http.StatusInternalServerError {
		f = driver.Unlisted(status)
	}
	f.Code = code
	return f
}

// Probe asks for the check of an empty body: it names no number, so it is nobody's
// attempt. That the request is not valid is the answer hoped for, since only a good key
// gets it. Whether a channel delivers only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.api.Probe(ctx, driver.Call{Route: checkRoute, JSON: []byte("{}")}, func(e *verify.Error) bool {
		invalid := e.HTTPStatus == http.StatusUnprocessableEntity || e.HTTPStatus == http.StatusBadRequest
		return invalid && (e.Outcome == verify.ErrRejected || e.Outcome == verify.ErrInvalidRecipient)
	}, "a check without a number was answered: check BaseURL")
}
