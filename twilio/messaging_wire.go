package twilio

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// The call: https://www.twilio.com/docs/messaging/api/message-resource.
const messagesRoute = "/2010-04-01/Accounts/{account}/Messages.json"

// Limits of a message. Twilio recommends to keep it for longer than 5 s.
const (
	maxText     = 1600 // characters
	minValidity = time.Second
	maxValidity = 10 * time.Hour
)

// form writes the parameters of a new message, or says why it cannot.
func (c *Messaging) form(m otp.Message) (form driver.Form, refusal string) {
	switch {
	case m.Channel != c.capabilities.Channels[0]:
		return nil, "messages go by sms only"
	case utf8.RuneCountInString(m.Text) > maxText:
		return nil, "the text is longer than 1600 characters"
	}
	form = make(driver.Form, 0, 256)
	form.Add("To", m.To)
	if c.from != "" {
		form.Add("From", c.from)
	}
	if c.service != "" {
		form.Add("MessagingServiceSid", c.service)
	}
	form.Add("Body", m.Text)
	if m.TTL > 0 {
		ttl := min(max(m.TTL, minValidity), maxValidity)
		form.Add("ValidityPeriod", strconv.FormatInt(int64(ttl/time.Second), 10))
	}
	return form, ""
}

// A messageAnswer is what Twilio answers to a new message.
type messageAnswer struct {
	sid, status, account, to []byte
	code                     string
}

// read reads an answer strictly and checks that it speaks of the same account
// and recipient. The text, which Twilio echoes, is not read.
func (c *Messaging) read(reply driver.Reply, to string) (messageAnswer, error) {
	var a messageAnswer
	err := driver.Scan(reply.Body,
		driver.Field{Key: "sid", To: &a.sid, Need: true},
		driver.Field{Key: "status", To: &a.status, Need: true},
		driver.Field{Key: "account_sid", To: &a.account},
		driver.Field{Key: "to", To: &a.to},
		driver.Field{Key: "error_code", To: &a.code, Number: true},
	)
	switch {
	case err != nil:
		return a, c.rest.Unknown("send", reply, err.Error())
	case a.account != nil && string(a.account) != c.account, a.to != nil && !sameRecipient(string(a.to), to):
		return a, c.rest.Unknown("send", reply, "the answer speaks of another account or recipient")
	case a.id() == "":
		return a, c.rest.Unknown("send", reply, "the answer names no message")
	}
	return a, nil
}

// id is the SID of the message, or nothing if it is none.
func (a messageAnswer) id() string {
	if sid := string(a.sid); isSID(sid, "SM") || isSID(sid, "MM") {
		return sid
	}
	return ""
}

// errorCode keeps what is too long for one of Twilio's out of errors: it may be
// a number, or a code.
func (a messageAnswer) errorCode() string {
	if len(a.code) > len("20003") {
		return ""
	}
	return a.code
}
