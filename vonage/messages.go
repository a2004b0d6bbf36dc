package vonage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// The call: https://developer.vonage.com/en/api/messages.
const (
	messagesRoute = "/v1/messages"
	maxText       = 1000 // characters
)

// A MessagesConfig says from which account and by whom texts are sent. Give either
// APIKey and APISecret, or ApplicationID and PrivateKey.
//
// # In the console
//
//  1. Open https://dashboard.vonage.com and copy the API key and the API secret. They
//     are APIKey and APISecret.
//  2. Or create an application with the capability Messages, and generate its public
//     and private key. Its ID and the file are ApplicationID and PrivateKey
//     (https://developer.vonage.com/en/getting-started/concepts/authentication). A
//     number that is linked to an application wants them.
//  3. Rent a number, or choose a name where the country allows one. It is From
//     (https://developer.vonage.com/en/messages/overview).
type MessagesConfig struct {
	// APIKey is the key of the account, with APISecret.
	APIKey string `dsn:"api_key,user" example:"env:VONAGE_API_KEY"`
	// APISecret is its secret.
	APISecret string `json:"-" dsn:"api_secret,pass" example:"env:VONAGE_API_SECRET"`
	// ApplicationID is the id of an application, with PrivateKey, in place of APIKey.
	ApplicationID string `dsn:"application_id" example:"aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"`
	// PrivateKey is the application's, PEM: each request is signed by it (RS256).
	PrivateKey []byte `json:"-" dsn:"private_key" example:"file:/run/secrets/vonage.key"`

	// From is who sends: a number, or 3 to 11 letters and digits. Required.
	From string `dsn:"from,required" example:"Acme"`

	// BaseURL replaces https://api.nexmo.com, for an emulator or a proxy. Plain http is
	// accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://api.nexmo.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a MessagesConfig out of every print.
func (MessagesConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("vonage.MessagesConfig{[hidden]}"))
}

var offered = verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}}

// Messages is an [otp.Messenger] over the Messages API, by sms. It is safe for
// concurrent use.
type Messages struct {
	driver.Base
	from   string
	client *driver.Client
}

var (
	_ otp.Messenger = (*Messages)(nil)
	_ verify.Prober = (*Messages)(nil)
	_ verify.Warmer = (*Messages)(nil)
)

// NewMessages checks cfg and makes a messenger. It does no I/O. Its errors name the
// field at fault and never its value.
func NewMessages(cfg MessagesConfig) (*Messages, error) {
	switch {
	case cfg.From == "":
		return nil, errors.New("vonage: From is missing")
	case !senderRule.MatchString(cfg.From):
		return nil, errors.New("vonage: " + senderSays)
	}
	who := account{cfg.APIKey, cfg.APISecret, cfg.ApplicationID, cfg.PrivateKey}
	client, err := who.connect(cmp.Or(cfg.BaseURL, "https://api.nexmo.com"), cfg.HTTPClient, readMessageError)
	if err != nil {
		return nil, err
	}
	return &Messages{driver.NewBase("Messages", client, offered), strings.TrimPrefix(cfg.From, "+"), client}, nil
}

// Deliver has Vonage deliver a message and returns its id. Vonage drops what it has
// not delivered when the code expires.
func (c *Messages) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := offered.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	if utf8.RuneCountInString(m.Text) > maxText {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: "the text is longer than 1000 characters"}
	}
	body, err := json.Marshal(struct {
		Type    string `json:"message_type"`
		Channel string `json:"channel"`
		To      string `json:"to"`
		From    string `json:"from"`
		Text    string `json:"text"`
		TTL     int    `json:"ttl,omitempty"`
	}{"text", "sms", strings.TrimPrefix(m.To, "+"), c.from, m.Text, int(m.TTL / time.Second)})
	if err != nil {
		return "", err
	}
	reply, err := c.client.Do(ctx, driver.Call{Op: "send", Route: messagesRoute, JSON: body})
	if err != nil {
		return "", err
	}
	err = driver.Scan(reply.Body, driver.Field{Key: "message_uuid", To: &id, Need: true})
	if err == nil && !driver.IsID(id, maxID) {
		err = errors.New("the answer names no message")
	}
	if err != nil {
		return "", c.client.Unknown("send", reply, err.Error())
	}
	return id, nil
}

// readMessageError reads a problem of the Messages API, which says a number where
// Verify says a word: https://developer.vonage.com/en/api-errors/messages. What the
// number means the parameters at fault tell.
func readMessageError(op string, status int, body []byte) driver.Failure {
	f := readError(op, status, body)
	if f.Outcome == verify.ErrRejected && status == http.StatusUnprocessableEntity && isAboutRecipient(body) {
		f = driver.Failure{Outcome: verify.ErrInvalidRecipient, Code: f.Code, Detail: "Vonage refused the recipient"}
	}
	if f.Outcome == verify.ErrTooManySends {
		f = driver.Failure{Outcome: verify.ErrRejected, Code: f.Code}
	}
	return f
}

// Probe asks for a message that lacks everything, which Vonage refuses as such if the
// credentials are good. It sends nothing. Whether From is accepted only a message can
// tell.
func (c *Messages) Probe(ctx context.Context) error {
	api := driver.API{Client: c.client, Capabilities: offered}
	return api.Probe(ctx, driver.Call{Route: messagesRoute, JSON: []byte("{}")}, func(e *verify.Error) bool {
		return e.HTTPStatus == http.StatusUnprocessableEntity && e.VendorCode != ""
	}, "a message without a recipient was accepted")
}
