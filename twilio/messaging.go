package twilio

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// A Messaging is an [otp.Messenger] over Twilio's Programmable Messaging, for codes
// that package otp makes and checks. It sends by sms and is safe for concurrent
// use.
//
//	messenger, err := twilio.NewMessaging(twilio.MessagingConfig{
//		AccountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
//		AuthToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
//		From:       "+15017122661",
//	})
//	verifier, err := otp.New(otp.Config{Messenger: messenger /* ... */})
type Messaging struct {
	driver.Base
	rest    *driver.Client
	account string
	from    string
	service string // of Messaging, not of Verify
}

var _ otp.Messenger = (*Messaging)(nil)

// NewMessaging checks cfg and makes a messenger. It does no I/O. Its errors name
// the field at fault and never its value.
func NewMessaging(cfg MessagingConfig) (*Messaging, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c, err := cfg.account().client("api", messagingCodes.ReadError("code"))
	if err != nil {
		return nil, err
	}
	sms := verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}}
	return &Messaging{driver.NewBase("Messaging", c, sms), c, cfg.AccountSID, cfg.From, cfg.MessagingServiceSID}, nil
}

// Deliver has Twilio deliver a message and returns its SID: "SM" or "MM" and 32
// hexadecimal digits. A message that Twilio could not pass on before its code
// expires is dropped.
func (c *Messaging) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := c.Capabilities().SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	form, fault := c.form(m)
	if fault != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: fault}
	}

	reply, err := c.rest.Do(ctx, driver.Call{
		Op: "send", Route: messagesRoute, Args: []string{c.account}, Form: form,
	})
	if err != nil {
		return "", err
	}

	a, err := c.read(reply, m.To)
	if err != nil {
		return "", err
	}
	if err := c.verdict(reply, a); err != nil {
		return "", err
	}
	return a.id(), nil
}

// verdict turns the status of a new message into accepted or not.
func (c *Messaging) verdict(reply driver.Reply, a messageAnswer) error {
	kind, known := acceptances[string(a.status)]
	switch {
	case !known:
		return c.rest.Unknown("send", reply, "the status of the message is not that of a new one")
	case kind == "" && a.code != "":
		return c.rest.Unknown("send", reply, "the answer contradicts itself")
	case kind == "":
		return nil
	}
	return &verify.Error{
		Vendor: vendor, Op: "send", Outcome: kind, Detail: "Twilio could not pass the message on",
		HTTPStatus: reply.Status, VendorCode: a.errorCode(), RequestID: reply.RequestID, Requests: reply.Requests,
	}
}

// Limits of a sender, in characters and digits:
// https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id and
// https://www.twilio.com/docs/glossary/what-is-a-short-code.
const (
	maxSenderID  = 11
	minShortCode = 3
	maxShortCode = 8
)

// A MessagingConfig says which account messages are sent from. Give AccountSID
// and either AuthToken, or APIKeySID and APIKeySecret; and From,
// MessagingServiceSID or both.
//
// # In the console
//
//  1. Open https://console.twilio.com and copy AccountSID and AuthToken, or
//     make an API key, which Twilio recommends for production
//     (https://www.twilio.com/docs/verify/api).
//  2. Buy a number that sends SMS, or make a Messaging Service and add senders
//     to it; its SID begins with MG
//     (https://www.twilio.com/docs/messaging/services).
//  3. Register the sender where a country asks for it, such as A2P 10DLC in the
//     United States
//     (https://www.twilio.com/docs/trust-hub/registrations/a2p-10dlc-campaign).
//  4. Under Messaging, Settings, Geo permissions, allow the countries that you
//     send to (https://www.twilio.com/docs/messaging/guides/sms-geo-permissions).
type MessagingConfig struct {
	// AccountSID names the account: "AC" and 32 hexadecimal digits. Required, with
	// an API key too.
	AccountSID string `dsn:"account_sid,user,required" example:"AC00000000000000000000000000000000"`
	// AuthToken is the account's token.
	AuthToken string `json:"-" dsn:"auth_token,pass" example:"env:TWILIO_AUTH_TOKEN"`
	// APIKeySID names an API key: "SK" and 32 hexadecimal digits. A key is good in
	// one region only.
	APIKeySID string `dsn:"api_key_sid" example:"SK00000000000000000000000000000000"`
	// APIKeySecret is the key's secret.
	APIKeySecret string `json:"-" dsn:"api_key_secret" example:"file:/run/secrets/twilio"`

	// From is who sends: a number of the account in E.164 form, a short code, or a
	// name of at most 11 letters, digits, spaces and +-_&, one letter among them.
	From string `dsn:"from" example:"+15017122661"`
	// MessagingServiceSID names a Messaging Service, "MG" and 32 hexadecimal
	// digits, which chooses who sends unless From does.
	MessagingServiceSID string `dsn:"messaging_service_sid" example:"MG00000000000000000000000000000000"`

	// Region chooses where Twilio processes the calls, such as "ie1"
	// (https://www.twilio.com/docs/global-infrastructure). Defaults to none.
	Region string `dsn:"region" example:"ie1"`
	// Edge chooses where the calls enter Twilio's network, such as "dublin". Defaults
	// to that of Region for ie1 and au1, else to none, and is required with any other
	// region but us1. An edge without a region means region us1.
	Edge string `dsn:"edge" example:"dublin"`
	// BaseURL replaces https://api.twilio.com, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://api.twilio.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a MessagingConfig out of every print.
func (MessagingConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("twilio.MessagingConfig{[hidden]}"))
}

// account is the part that a MessagingConfig shares with a Config.
func (cfg MessagingConfig) account() Config {
	return Config{
		AccountSID: cfg.AccountSID, AuthToken: cfg.AuthToken,
		APIKeySID: cfg.APIKeySID, APIKeySecret: cfg.APIKeySecret,
		Region: cfg.Region, Edge: cfg.Edge, BaseURL: cfg.BaseURL, HTTPClient: cfg.HTTPClient,
	}
}

func (cfg MessagingConfig) validate() error {
	return driver.Invalid(vendor,
		driver.If(!isSID(cfg.AccountSID, "AC"), "AccountSID must be AC and 32 hexadecimal digits"),
		driver.If(cfg.From == "" && cfg.MessagingServiceSID == "", "give From, MessagingServiceSID or both"),
		driver.If(cfg.MessagingServiceSID != "" && !isSID(cfg.MessagingServiceSID, "MG"), "MessagingServiceSID must be MG and 32 hexadecimal digits"),
		driver.If(cfg.From != "" && !isFrom(cfg.From), "From must be a number in E.164 form, a short code of 3 to 8 digits, or a name of at most 11 characters"),
	)
}

const digits = "0123456789"

// isFrom knows the three kinds of senders of sms.
func isFrom(s string) bool {
	if strings.Trim(s, digits) == "" {
		return len(s) >= minShortCode && len(s) <= maxShortCode
	}
	return verify.IsPhone(s) || isSenderID(s)
}

func isSenderID(s string) bool {
	rest := strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz"+digits+" +-_&")
	letter := strings.ContainsAny(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz")
	return len(s) <= maxSenderID && rest == "" && letter && strings.TrimSpace(s) == s
}

// The call: https://www.twilio.com/docs/messaging/api/message-resource.
const messagesRoute = "/2010-04-01/Accounts/{account}/Messages.json"

// Limits of a message. Twilio recommends to keep it for longer than 5 s.
const (
	maxText     = 1600 // characters
	minValidity = time.Second
	maxValidity = 10 * time.Hour
)

// form writes the parameters of a new message, or says why it cannot.
func (c *Messaging) form(m otp.Message) (form driver.Form, fault string) {
	switch {
	case m.Channel != verify.ChannelSMS:
		return nil, "messages go by sms only"
	case utf8.RuneCountInString(m.Text) > maxText:
		return nil, "the text is longer than 1600 characters"
	}
	form = make(driver.Form, 0, 256)
	form.Add("To", m.To)
	form.AddGiven("From", c.from)
	form.AddGiven("MessagingServiceSid", c.service)
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
	case a.account != nil && string(a.account) != c.account, a.to != nil && !driver.IsNearSubject(string(a.to), to):
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

// acceptances says what each status of a new message means:
// https://www.twilio.com/docs/messaging/api/message-resource#message-status-values.
// The zero Outcome accepts. A message that is undelivered has left, and one that
// is scheduled may leave when its code is dead: they are not listed.
var acceptances = map[string]verify.Outcome{
	"accepted":  "",
	"queued":    "",
	"sending":   "",
	"sent":      "",
	"delivered": "",
	"failed":    verify.ErrRejected,
	"canceled":  verify.ErrRejected,
}

// messagingCodesText says what each of Messaging's codes means. A code that is not
// listed there means what it means to Verify.
//
//go:embed messaging_codes.txt
var messagingCodesText string

var messagingCodes = driver.Codes{Text: messagingCodesText, Else: &codes}
