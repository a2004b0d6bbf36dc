// Package pigeon sends and checks codes through Pigeon, which makes and checks
// the code itself. Pigeon is made up.
package pigeon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// A Config says which account to use.
//
// # In the console
//
//  1. Create a key. It is APIKey.
type Config struct {
	// APIKey is the account's secret. Required.
	APIKey string `json:"-" dsn:"api_key,user,required" example:"env:PIGEON_API_KEY"`
	// BaseURL replaces https://api.pigeon.example, for an emulator or a proxy.
	BaseURL string `dsn:"base_url" default:"https://api.pigeon.example" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout. Its transport must not repeat
	// requests by itself, or one Send may deliver two messages.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the key out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("pigeon.Config{[hidden]}")) }

// A Client is a [verify.Verifier] over Pigeon's API.
type Client struct {
	driver.Base
	api driver.API
}

var _ verify.Verifier = (*Client)(nil)

// New checks cfg and makes a client, without I/O.
func New(cfg Config) (*Client, error) {
	if cfg.APIKey == "" {
		return nil, errors.New("pigeon: APIKey is missing")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://api.pigeon.example"
	}
	client, err := driver.New(driver.Config{
		Vendor: "pigeon", BaseURL: cfg.BaseURL, Client: cfg.HTTPClient, ReadError: readError,
		Header: map[string]string{"Authorization": driver.Bearer(cfg.APIKey)},
	})
	if err != nil {
		return nil, fmt.Errorf("pigeon: %w", err)
	}
	capabilities := verify.Capabilities{
		Vendor: "pigeon", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice},
		MinDigits: 6, MaxDigits: 6, DefaultDigits: 6, MaxScope: 20,
	}
	return &Client{driver.NewBase("Client", client, capabilities), driver.API{
		Client: client, Capabilities: capabilities, NamesSubject: true,
		NewSend: newSend, ReadSend: readSend, NewCheck: newCheck, ReadCheck: readCheck,
	}}, nil
}

// Send has Pigeon make and deliver a code. It replaces the code before.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Pigeon whether code is right. Only "approved" is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

func newSend(s driver.Send) (driver.Call, error) {
	body, err := json.Marshal(map[string]any{"to": s.To, "channel": s.Channel, "purpose": s.Scope})
	return driver.Call{Route: "/v1/codes", JSON: body}, err
}

func readSend(_ driver.Send, r driver.Reply) (verify.Receipt, error) {
	var id string
	err := driver.Scan(r.Body, driver.Field{Key: "id", To: &id, Need: true})
	return verify.Receipt{ID: driver.ReceiptID(id)}, err
}

func newCheck(c driver.Check) (driver.Call, error) {
	body, err := json.Marshal(map[string]any{"to": c.To, "code": c.Code, "purpose": c.Scope})
	return driver.Call{Route: "/v1/check", JSON: body}, err
}

// denials are the statuses of a check besides "approved".
var denials = map[string]verify.Outcome{"wrong": verify.ErrMismatch, "gone": verify.ErrNotPending}

func readCheck(_ driver.Check, r driver.Reply) (driver.Verdict, error) {
	var status, to string
	err := driver.Scan(r.Body, driver.Field{Key: "status", To: &status, Need: true}, driver.Field{Key: "to", To: &to})
	if err == nil && status == "approved" {
		return driver.Approved(to), nil
	}
	return driver.Denied(denials[status]), err // a status that is not listed is unknown
}

// failures say what Pigeon's error codes mean.
var failures = map[string]verify.Outcome{
	"bad_key":           verify.ErrUnauthorized,
	"throttled":         verify.ErrRateLimited,      // the account
	"too_many_sends":    verify.ErrTooManySends,     // the recipient
	"too_many_attempts": verify.ErrTooManyAttempts,  // the code
	"bad_number":        verify.ErrInvalidRecipient, // malformed, or unreachable
	"blocked":           verify.ErrBlocked,
}

func readError(_ string, status int, body []byte) driver.Failure {
	var code string
	switch err := driver.Scan(body, driver.Field{Key: "error", To: &code, Need: true}); {
	case err != nil:
		return driver.Failure{} // not Pigeon's words: a proxy's page
	case failures[code] == "":
		return driver.Unlisted(status)
	}
	return driver.Failure{Outcome: failures[code], Code: code}
}
