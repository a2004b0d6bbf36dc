package twilio

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://www.twilio.com/docs/verify/api/verification and
// https://www.twilio.com/docs/verify/api/verification-check.
const (
	createRoute = "/v2/Services/{service}/Verifications"
	checkRoute  = "/v2/Services/{service}/VerificationCheck"
	oneRoute    = "/v2/Services/{service}/Verifications/{to}"
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

// createForm writes the parameters of a new verification, or says why it
// cannot.
func createForm(req verify.SendRequest, service Service) (form driver.Form, refusal string) {
	if refusal := service.refuse(req.Transaction); refusal != "" {
		return nil, refusal
	}
	if req.Digits != 0 && req.Digits != service.CodeLength {
		return nil, "the Service of this scope sends codes of another length"
	}
	if service.PSD2 && req.Channel == verify.ChannelVoice {
		return nil, "a Service with PSD2 does not call"
	}
	form = make(driver.Form, 0, 128)
	form.Add("To", req.To)
	form.Add("Channel", channelName(req.Channel))
	if locale := localeOf(req); locale != "" {
		form.Add("Locale", locale)
	}
	if req.ClientIP.IsValid() {
		form.Add("DeviceIp", req.ClientIP.String())
	}
	addTransaction(&form, req.Transaction)
	return form, addOptions(&form, req)
}

func checkForm(req verify.CheckRequest) driver.Form {
	form := make(driver.Form, 0, 64)
	form.Add("To", req.To)
	form.Add("Code", req.Code)
	addTransaction(&form, req.Transaction)
	return form
}

func addTransaction(form *driver.Form, t verify.Transaction) {
	if t != (verify.Transaction{}) {
		form.Add("Amount", t.Amount)
		form.Add("Payee", t.Payee)
	}
}

// refuse says why a Service cannot serve with or without a transaction.
func (s Service) refuse(t verify.Transaction) string {
	given := t != (verify.Transaction{})
	switch {
	case s.PSD2 && !given:
		return "the Service of this scope has PSD2 and needs WithTransaction"
	case given && !s.PSD2:
		return "the Service of this scope has no PSD2 and cannot bind a transaction"
	}
	return ""
}

// A verification is what Twilio answers to every call.
type verification struct {
	sid, serviceSID, to, channel, status []byte
	created, updated                     []byte
	valid                                *bool
	sends                                json.RawMessage
}

// read reads an answer strictly and checks that it speaks of the same Service
// and recipient.
func (c *Client) read(op string, reply driver.Reply, service Service, to string) (verification, error) {
	var v verification
	err := driver.Scan(reply.Body,
		driver.Field{Key: "status", To: &v.status, Need: true},
		driver.Field{Key: "valid", To: &v.valid},
		driver.Field{Key: "service_sid", To: &v.serviceSID},
		driver.Field{Key: "to", To: &v.to},
		driver.Field{Key: "channel", To: &v.channel},
		driver.Field{Key: "sid", To: &v.sid},
		driver.Field{Key: "date_created", To: &v.created},
		driver.Field{Key: "date_updated", To: &v.updated},
		driver.Field{Key: "send_code_attempts", To: &v.sends},
	)
	if err != nil {
		return v, c.rest.Unknown(op, reply, err.Error())
	}
	if v.serviceSID != nil && string(v.serviceSID) != service.SID || v.to != nil && !sameRecipient(string(v.to), to) {
		return v, c.rest.Unknown(op, reply, "the answer speaks of another Service or recipient")
	}
	return v, nil
}

// sameRecipient compares phones by their last seven digits, since one
// subscriber has several spellings in some countries, and addresses in any case.
func sameRecipient(a, b string) bool {
	if verify.IsPhone(a) && verify.IsPhone(b) {
		return a[len(a)-7:] == b[len(b)-7:]
	}
	return verify.IsEmail(a) && strings.EqualFold(a, b)
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
	if strings.EqualFold(string(v.channel), string(verify.ChannelRCS)) {
		return verify.ChannelRCS
	}
	for _, c := range channels {
		if strings.EqualFold(string(v.channel), channelName(c)) {
			return c
		}
	}
	return asked
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

// isSID knows a prefix and 32 hexadecimal digits.
func isSID(s, prefix string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

func isHostLabel(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}
