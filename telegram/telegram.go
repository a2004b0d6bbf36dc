// Package telegram delivers codes in Telegram's own messages, through Telegram
// Gateway, which here neither makes nor checks codes: package otp does, over a
// [Client]. It reaches people on Telegram only, so it stands in front of text
// messages:
//
//	first, err := telegram.New(telegram.Config{Token: os.Getenv("TELEGRAM_GATEWAY_TOKEN")})
//	second, err := gatewayapi.New(gatewayapi.Config{...})
//	verifier, err := otp.New(otp.Config{Messenger: otp.Fallback(first, second), Store: ..., Keys: ..., Digits: 6})
//
// # Two calls
//
// Each message takes two calls (https://core.telegram.org/gateway/api). The first
// asks whether Telegram reaches the number. If it does not, nothing is sent and
// nothing is paid: the error is verify.ErrInvalidRecipient and Elsewhere, at which a
// Fallback moves on to its next courier. If it does, the fee of the message is
// charged, and the second call sends the message without another fee.
//
// Where the first call fails, nothing was sent, so the error is none of an unknown
// outcome; the fee may be gone. The second call is never made twice. If its answer is
// lost, the error is verify.ErrOutcomeUnknown and the code stays good.
//
// # Limits
//
// Codes have 4 to 8 digits, of which package otp makes 6 to 8. The text is
// Telegram's, and names neither an amount nor a payee. A message that is not
// delivered while its code works is dropped and its fee refunded; Telegram takes 30
// seconds to an hour for that time.
package telegram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

const (
	vendor     = "telegram"
	host       = "https://gatewayapi.telegram.org"
	minDigits  = 4
	maxDigits  = 8
	maxPayload = 128 // bytes
	figures    = "0123456789"
	letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// The two calls of a message share 15 seconds.
const (
	abilityTime = 5 * time.Second
	sendTime    = 10 * time.Second
)

// A Config says which account sends.
//
// # In the console
//
//  1. Open https://gateway.telegram.org and log in by Telegram. Add funds
//     (https://core.telegram.org/gateway/verification-tutorial).
//  2. Copy the API token from the account's settings. It is Token. There it can be
//     limited to some IP addresses.
//  3. Codes come from Telegram's own channel of verification codes. To send them from
//     yours, it must be verified and owned by the account: it is Sender.
//  4. Try it with the number of your own Telegram account: messages to it are free.
type Config struct {
	// Token is the account's API token. Required.
	Token string `json:"-" dsn:"token,user,required" example:"env:TELEGRAM_GATEWAY_TOKEN"`
	// Sender is the user name of a verified channel of the account, without the @, from
	// which codes come. Defaults to Telegram's own channel.
	Sender string `dsn:"sender" example:"acme_codes"`
	// CallbackURL is told what became of each message: https to a host name, at most 256
	// bytes; see [NewReports]. Defaults to none.
	CallbackURL string `dsn:"callback_url" example:"https://login.example.com/hooks/telegram"`
	// BaseURL replaces https://gatewayapi.telegram.org, for an emulator or a proxy.
	// Plain http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://gatewayapi.telegram.org" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may be paid
	// twice. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("telegram.Config{[hidden]}")) }

func (cfg Config) validate() error {
	switch {
	case cfg.Token == "":
		return errors.New("telegram: Token is missing")
	case strings.TrimSpace(cfg.Token) != cfg.Token:
		return errors.New("telegram: Token opens or ends with a space")
	case cfg.Sender != "" && !isUserName(cfg.Sender):
		return errors.New("telegram: Sender must be the user name of a channel, 4 to 32 letters, digits and underscores, without the @")
	case cfg.CallbackURL != "" && (!driver.IsCallback(cfg.CallbackURL) || len(cfg.CallbackURL) > maxCallback):
		return errors.New("telegram: CallbackURL must be https to a host name, without user and fragment, of at most 256 bytes")
	}
	return nil
}

// isUserName knows the names of channels: https://core.telegram.org/method/channels.updateUsername.
func isUserName(s string) bool {
	return len(s) >= 4 && len(s) <= 32 && strings.Trim(s, letters+figures+"_") == ""
}

var (
	_ otp.CodeMessenger = (*Client)(nil)
	_ verify.Prober     = (*Client)(nil)
	_ verify.Warmer     = (*Client)(nil)
)

// offered says that codes of 4 to 8 digits go by Telegram.
var offered = verify.Capabilities{
	Vendor: vendor, Channels: []verify.Channel{verify.ChannelTelegram}, MinDigits: minDigits, MaxDigits: maxDigits,
}

// A Client is an [otp.CodeMessenger] over Telegram Gateway. It is safe for concurrent
// use.
type Client struct {
	driver.Base
	cfg    Config
	client *driver.Client
}

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(cfg.BaseURL, host), Client: cfg.HTTPClient,
		Header: map[string]string{"Authorization": driver.Bearer(cfg.Token)}, ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	return &Client{driver.NewBase("Client", client, offered), cfg, client}, nil
}

// DeliverCode asks whether Telegram reaches m.To, has the code delivered if it does,
// and returns the id of the request.
func (c *Client) DeliverCode(ctx context.Context, m otp.CodeMessage) (id string, err error) {
	if _, err := offered.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	if why := refuse(m); why != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: why}
	}
	request, asked, err := c.ask(ctx, m)
	if err != nil {
		return "", err
	}
	reply, err := c.call(ctx, driver.Call{Op: "send", Route: sendRoute, JSON: c.cfg.message(m, request), Timeout: sendTime})
	if err == nil {
		if err = readSent(reply.Body, m, request); err == nil {
			return request, nil
		}
		err = c.client.Unknown("send", reply, err.Error())
	}
	return "", after(asked, err)
}

// ask returns the id under which one message to this number is paid, after how many
// requests. Whatever goes wrong, no message was sent.
func (c *Client) ask(ctx context.Context, m otp.CodeMessage) (request string, requests int, err error) {
	reply, err := c.call(ctx, driver.Call{Op: "send", Route: abilityRoute, JSON: question(m.To), Timeout: abilityTime})
	if err == nil {
		if request, err = readAbility(reply.Body, m.To); err == nil {
			return request, reply.Requests, nil
		}
		err = c.client.Unknown("send", reply, err.Error())
	}
	var e *verify.Error
	if errors.As(err, &e) && e.Outcome == verify.ErrOutcomeUnknown {
		e.Outcome = verify.ErrUnavailable
		e.Detail = strings.TrimSuffix("it is not known whether Telegram reaches this number, and nothing was sent: "+e.Detail, ": ")
	}
	return "", 0, err
}

// after counts the requests that were made before those of err.
func after(requests int, err error) error {
	var e *verify.Error
	if errors.As(err, &e) {
		e.Requests += requests
	}
	return err
}

// call makes one call. An answer of class 2xx may be a no as well.
func (c *Client) call(ctx context.Context, call driver.Call) (driver.Reply, error) {
	reply, err := c.client.Do(ctx, call)
	if err != nil {
		return reply, err
	}
	if f := readError(call.Op, reply.Status, reply.Body); f.Outcome != "" {
		return reply, c.client.Failed(call.Op, reply, f)
	}
	return reply, nil
}

// Probe asks about a request that there is not, which takes a good token and costs
// nothing. It does not tell what is left of the funds, nor whether Sender is accepted.
func (c *Client) Probe(ctx context.Context) error {
	reply, err := c.call(ctx, driver.Call{Op: "probe", Route: statusRoute, JSON: []byte(`{"request_id":"probe"}`), Repeatable: true})
	var e *verify.Error
	switch {
	case err == nil:
		return c.client.Unknown("probe", reply, "the answer speaks of a request that there is not")
	case errors.As(err, &e) && e.VendorCode == noRequest:
		return nil
	}
	return err
}

// refuse says why a message cannot be sent as it is.
func refuse(m otp.CodeMessage) string {
	switch {
	case m.Channel != verify.ChannelTelegram:
		return "codes go by telegram only"
	case len(m.Code) < minDigits || len(m.Code) > maxDigits || strings.Trim(m.Code, figures) != "":
		return "a code must be 4 to 8 digits"
	case len(m.Ref) > maxPayload:
		return "the reference is over 128 bytes"
	}
	return ""
}
