// Package bird sends and checks codes through Bird Verify, MessageBird's successor,
// which makes and checks the code itself.
//
//	client, err := bird.New(bird.Config{APIKey: os.Getenv("BIRD_API_KEY")})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithChannel(verify.ChannelWhatsApp))
//	err = client.Check(ctx, "+15005550006", typed)
//
// The API is below 1.0 and may change: this package speaks it as Bird's library for
// Node.js, @messagebird/sdk 0.63.0, does. Its field for e-mail addresses was renamed
// in August 2026, so only phone numbers are taken here.
//
// # Limits
//
// Bird has no scopes, and one verification at a time for each number. A second Send
// within Bird's cooldown delivers nothing and is answered with the state of the
// first, whose code and length hold; after it, a fresh code is sent. How long the
// cooldown is, and how many sends an hour a number gets, the library does not say.
// A used code, an ended verification and one that never was look the same and are
// ErrNotPending.
//
// # Lost answers
//
// Each Send bears an idempotency key of its own. If its answer is lost it is
// ErrOutcomeUnknown, as with every vendor: see Config.RepeatLost. With
// [verify.WithIdempotencyKey] it is a hash of the caller's key and of the time in steps
// of two minutes, so that Bird mostly sends nothing for the second of two calls; use
// package failover where it must.
package bird

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "bird"

// A Config says which workspace to use.
//
// # In the console
//
//  1. Create an API key in the workspace, for the region that has it
//     (https://github.com/messagebird/bird-sdk-go). It is APIKey.
//  2. Enable the channels that you use for the countries that you send to
//     (https://github.com/messagebird/bird-ai). One that is not enabled for the
//     number's country is refused.
type Config struct {
	// APIKey is the workspace's key: "bk_", the region, "_" and a secret. Required.
	APIKey string `json:"-" dsn:"api_key,user,required" example:"env:BIRD_API_KEY"`
	// Region has the workspace, "us1" or "eu1". Defaults to the one in APIKey.
	Region string `dsn:"region,host,oneof=us1|eu1" example:"eu1"`
	// RepeatLost repeats a Send once whose answer was lost, with the same idempotency
	// key and body. Mostly Bird then answers as it did, but a message that left before
	// the answer was kept may leave again: the receipt says PossibleDuplicate.
	// Defaults to false.
	RepeatLost bool `dsn:"repeat_lost" default:"false" example:"true"`

	// BaseURL replaces https://us1.platform.bird.com, or that of the other region, for
	// an emulator or a proxy. Plain http is accepted for loopback and for hosts without
	// dots.
	BaseURL string `dsn:"base_url" default:"https://us1.platform.bird.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("bird.Config{[hidden]}")) }

// base returns where the workspace is.
func (cfg Config) base() (string, error) {
	region := cmp.Or(cfg.Region, regionOf(cfg.APIKey))
	switch {
	case cfg.APIKey == "":
		return "", errors.New("bird: APIKey is missing")
	case cfg.Region != "" && cfg.Region != "us1" && cfg.Region != "eu1":
		return "", errors.New("bird: Region must be us1 or eu1")
	case cfg.BaseURL != "":
		return cfg.BaseURL, nil
	case region != "us1" && region != "eu1":
		return "", errors.New("bird: APIKey names no region: give Region, us1 or eu1")
	}
	return "https://" + region + ".platform.bird.com", nil
}

// regionOf reads the region out of a key: bk_eu1_...
func regionOf(key string) string {
	parts := strings.SplitN(key, "_", 3)
	if len(parts) != 3 || parts[0] != "bk" {
		return ""
	}
	return parts[1]
}

// A Client is a [verify.Verifier] over Bird Verify. It is safe for concurrent use.
type Client struct {
	driver.Base
	repeatLost bool
	secret     string // hashes the callers' idempotency keys
	api        driver.API
}

var (
	_ verify.Verifier = (*Client)(nil)
	_ verify.Prober   = (*Client)(nil)
)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: base, Client: cfg.HTTPClient, RequestID: "X-Request-Id", ReadError: readError,
		Header: map[string]string{"Authorization": driver.Bearer(cfg.APIKey)},
	})
	if err != nil {
		return nil, fmt.Errorf("bird: %w", err)
	}
	c := &Client{repeatLost: cfg.RepeatLost, secret: cfg.APIKey}
	c.api = driver.API{
		Client: client, NamesSubject: true,
		Capabilities: verify.Capabilities{
			Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelWhatsApp, verify.ChannelVoice},
			MinDigits: 4, MaxDigits: 8, DefaultDigits: 6, Locale: true,
		},
		NewSend: c.newSend, ReadSend: readSend, NewCheck: c.newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

// Send has Bird make and deliver a code. A second Send within Bird's cooldown
// delivers nothing; the first code holds.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Bird whether code is right. Only success for this recipient is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Probe asks for the check of an empty body: it names no number, so it is nobody's
// attempt. That the number is missing is the answer hoped for, since only a good key
// gets it. Whether a channel delivers only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	return c.api.Probe(ctx, driver.Call{Route: checkRoute, JSON: []byte("{}")}, func(e *verify.Error) bool {
		invalid := e.HTTPStatus == http.StatusUnprocessableEntity || e.HTTPStatus == http.StatusBadRequest
		return invalid && (e.Outcome == verify.ErrRejected || e.Outcome == verify.ErrInvalidRecipient)
	}, "a check without a number was answered: check BaseURL")
}
