// Package dove delivers texts through Dove, a gateway that knows no codes. Dove is made
// up.
package dove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// A Config says which account to use.
//
// # In the console
//
//  1. Create a token. It is Token.
type Config struct {
	// Token is the account's secret. Required.
	Token string `json:"-" dsn:"token,user,required" example:"env:DOVE_TOKEN"`
	// Sender is what the phone shows. Defaults to what the account has.
	Sender string `dsn:"sender" example:"Acme"`
	// BaseURL replaces https://api.dove.example, for an emulator or a proxy.
	BaseURL string `dsn:"base_url" default:"https://api.dove.example" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout. Its transport must not repeat
	// requests by itself, or one Send may deliver two messages.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the token out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("dove.Config{[hidden]}")) }

// A Client is an [otp.Messenger] over Dove's API.
type Client struct {
	driver.Base
	client *driver.Client
	sender string
}

var _ otp.Messenger = (*Client)(nil)

var offered = verify.Capabilities{Vendor: "dove", Channels: []verify.Channel{verify.ChannelSMS}}

// New checks cfg and makes a client, without I/O.
func New(cfg Config) (*Client, error) {
	if cfg.Token == "" {
		return nil, errors.New("dove: Token is missing")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://api.dove.example"
	}
	client, err := driver.New(driver.Config{
		Vendor: "dove", BaseURL: cfg.BaseURL, Client: cfg.HTTPClient, ReadError: readError,
		Header: map[string]string{"Authorization": driver.Bearer(cfg.Token)},
	})
	if err != nil {
		return nil, fmt.Errorf("dove: %w", err)
	}
	return &Client{driver.NewBase("Client", client, offered), client, cfg.Sender}, nil
}

// Deliver has Dove deliver a text and returns its id.
func (c *Client) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := offered.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{
		"to": m.To, "text": m.Text, "sender": c.sender, "lives": int(m.TTL.Seconds()), "reference": m.Ref,
	})
	if err != nil {
		return "", err
	}
	reply, err := c.client.Do(ctx, driver.Call{Op: "send", Route: "/v1/messages", JSON: body})
	if err != nil {
		return "", err
	}
	if err := driver.Scan(reply.Body, driver.Field{Key: "id", To: &id, Need: true}); err != nil {
		return "", c.client.Unknown("send", reply, err.Error())
	}
	return driver.ReceiptID(id), nil
}

// failures say what Dove's error codes mean.
var failures = map[string]verify.Outcome{
	"bad_token":  verify.ErrUnauthorized,
	"throttled":  verify.ErrRateLimited,
	"bad_number": verify.ErrInvalidRecipient,
	"opted_out":  verify.ErrBlocked,
}

func readError(_ string, status int, body []byte) driver.Failure {
	var code string
	switch err := driver.Scan(body, driver.Field{Key: "error", To: &code, Need: true}); {
	case err != nil:
		return driver.Failure{} // not Dove's words: a proxy's page
	case failures[code] == "":
		return driver.Unlisted(status)
	}
	return driver.Failure{Outcome: failures[code], Code: code}
}
