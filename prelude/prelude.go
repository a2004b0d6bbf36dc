// Package prelude sends and checks codes through Prelude Verify, which makes and
// checks the code itself.
//
//	client, err := prelude.New(prelude.Config{APIKey: os.Getenv("PRELUDE_API_KEY")})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithClientIP(addr),
//		prelude.WithSignals(prelude.Signals{DeviceID: device}))
//	err = client.Check(ctx, "+15005550006", typed)
//
// # Channels
//
// Prelude routes by itself. A Send that asks for no channel leaves it the choice; one
// that asks for a channel other than voice says which it prefers, and Prelude may still
// use another. Receipt.Channel is the first of the route that Prelude names: ChannelApp
// for an app that this module has no word for. If that brings nothing, Prelude goes on to
// the next by itself: one Send may be several messages.
//
// # Limits
//
// Prelude has no scopes, and one verification at a time for a number: a Send within its
// window, whose length is a setting of the account, is another attempt of it. Whether
// that one brings the same code is not documented, nor how long a code works, nor how
// many wrong ones are taken and what is answered to one too many. The answers to a check
// name no number. A silent verification brings no code: it is never asked for.
package prelude

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "prelude"

// A Config says which account to use.
//
// # In the console
//
//  1. Open https://app.prelude.so and create an API key of version 2. It is APIKey.
//  2. Set how long the verification window is, to 10 minutes at most: a code works no
//     longer (https://docs.prelude.so/verify/v2/documentation/lifecycle).
//  3. There too, look at the fraud rules and the countries that you send to. Prelude
//     tells apart more with the signals of WithSignals and WithClientIP
//     (https://docs.prelude.so/verify/v2/documentation/prevent-fraud).
//  4. Have Prelude enable the TemplateID and the SenderID that you want.
type Config struct {
	// APIKey is a key of version 2 of the API. Required.
	APIKey string `json:"-" dsn:"api_key,user,required" example:"env:PRELUDE_API_KEY"`
	// CodeLength is how long codes are, 4 to 8 digits. Defaults to 6.
	CodeLength int `dsn:"digits" default:"6" example:"8"`
	// TemplateID is the verification template, 1 to 64 of [A-Za-z0-9_:-]. Defaults to
	// Prelude's own.
	TemplateID string `dsn:"template_id" example:"prelude:psd2"`
	// SenderID is who sends, where Prelude has enabled it: 1 to 20 letters, digits and
	// spaces. Defaults to what Prelude chooses.
	SenderID string `dsn:"sender_id" example:"Acme"`

	// BaseURL replaces https://api.prelude.dev, for an emulator or a proxy. Plain http is
	// accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://api.prelude.dev" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("prelude.Config{[hidden]}")) }

const minDigits, maxDigits, usualDigits = 4, 8, 6

// check says what is wrong with the settings.
func (cfg Config) check() error {
	switch n := cmp.Or(cfg.CodeLength, usualDigits); {
	case cfg.APIKey == "":
		return errors.New("prelude: APIKey is missing")
	case n < minDigits || n > maxDigits:
		return errors.New("prelude: CodeLength must be 4 to 8")
	case cfg.TemplateID != "" && !templateRule.MatchString(cfg.TemplateID):
		return errors.New("prelude: TemplateID must be 1 to 64 of [A-Za-z0-9_:-]")
	case cfg.SenderID != "" && !senderRule.MatchString(cfg.SenderID):
		return errors.New("prelude: SenderID must be 1 to 20 letters, digits and spaces")
	}
	return nil
}

// A Client is a [verify.Verifier] over Prelude Verify. It is safe for concurrent use.
type Client struct {
	driver.Base
	template, sender string
	api              driver.API
}

var _ verify.Verifier = (*Client)(nil)
var _ verify.Prober = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(cfg.BaseURL, "https://api.prelude.dev"), Client: cfg.HTTPClient,
		Header: map[string]string{"Authorization": driver.Bearer(cfg.APIKey)}, ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("prelude: %w", err)
	}
	c := &Client{template: cfg.TemplateID, sender: cfg.SenderID}
	c.api = driver.API{
		Client: client,
		Capabilities: verify.Capabilities{
			Vendor: vendor, Locale: true, ClientIP: true,
			Channels:  []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelTelegram},
			MinDigits: minDigits, MaxDigits: maxDigits, DefaultDigits: cmp.Or(cfg.CodeLength, usualDigits),
		},
		NewSend: c.newSend, ReadSend: readSend, NewCheck: newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

// Send has Prelude make and deliver a code. Receipt.Channel is the one that Prelude
// chose.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Prelude whether code is right. Only "success" is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}
