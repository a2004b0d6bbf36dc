// Package telnyx sends and checks codes through Telnyx Verify, which makes and
// checks the code itself.
//
//	client, err := telnyx.New(telnyx.Config{
//		APIKey:  os.Getenv("TELNYX_API_KEY"),
//		Profile: telnyx.Profile{ID: os.Getenv("TELNYX_PROFILE_ID"), CodeLength: 6},
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithChannel(verify.ChannelVoice))
//	err = client.Check(ctx, "+15005550006", typed)
//
// Telnyx keeps codes apart by Verify profile, so a scope is a profile of its own: see
// Config.Scopes.
//
// Two pages of Telnyx's disagree about the answers to a check. The API's schema
// knows "accepted" and "rejected" only; the quickstart adds "expired" and
// "max_attempts_exceeded". This package reads all four, and no other word. A
// "rejected" of an expired, a used or an unknown code is ErrMismatch. How many wrong
// codes and how many sends to one number are allowed is not documented, nor what a
// second Send does with the first code: limit both in your own application.
package telnyx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "telnyx"

// maxID is how long a profile's id may be, which is ours.
const maxID = 64

// Limits of how long a code may work. Telnyx documents none; NIST SP 800-63B-4
// section 3.1.3.2 allows ten minutes.
const minExpiry, maxExpiry, defaultExpiry = time.Minute, 10 * time.Minute, 5 * time.Minute

// A Config says which account and which Verify profiles to use.
//
// # In the console
//
//  1. Open https://portal.telnyx.com and create an API key. It is APIKey.
//  2. Under Verify, create a profile; its ID is a UUID
//     (https://developers.telnyx.com/docs/identity/verify/quickstart). Make one more
//     for each scope.
//  3. In the profile, set up the channels that you use, each with its code length:
//     Telnyx's pages disagree about what holds without one. Give the same number as
//     CodeLength (https://developers.telnyx.com/api/verify/create-verify-profile).
//  4. There too, list the countries that you send to as whitelisted destinations,
//     and set a daily spend limit, which bounds what pumped traffic can cost.
type Config struct {
	// APIKey is an API key (V2) of the account. Required.
	APIKey string `json:"-" dsn:"api_key,user,required" example:"env:TELNYX_API_KEY"`
	// Profile serves the empty scope. Required.
	Profile Profile `dsn:",inline"`
	// Scopes serve the other scopes, each with a profile of its own: two scopes of
	// one profile would share their codes. Defaults to none.
	Scopes map[string]Profile `dsn:"scope.NAME"`
	// Expiry is how long a code works, 1 to 10 minutes in whole seconds. It replaces
	// the profile's own setting. Defaults to 5m.
	Expiry time.Duration `dsn:"expiry" default:"5m" example:"10m"`

	// BaseURL replaces https://api.telnyx.com/v2, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://api.telnyx.com/v2" example:"http://127.0.0.1:8080/v2"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("telnyx.Config{[hidden]}")) }

// A Profile is one Verify profile, as set up in Telnyx's portal.
type Profile struct {
	// ID is the profile's id, a UUID. Required.
	ID string `dsn:"profile_id,host,required" named:"id,self" example:"12ade33a-21c0-473b-b055-b3c836e1c292"`
	// CodeLength must be the profile's own setting on every channel, 4 to 10 digits:
	// a code of another length is refused without asking, and Probe compares. Without
	// it codes of 4 to 10 digits are asked about, and receipts name no length.
	CodeLength int `dsn:"digits" example:"6"`
}

// check says what is wrong with a profile, and returns its id.
func (p *Profile) check() (id string, err error) {
	switch n := p.CodeLength; {
	case !driver.IsID(p.ID, maxID):
		err = errors.New("ID must be 1 to 64 of [A-Za-z0-9_-]")
	case n != 0 && !driver.IsCodeLength(n):
		err = errors.New("CodeLength must be 4 to 10")
	}
	return p.ID, err
}

// A Client is a [verify.Verifier] over Telnyx Verify. It is safe for concurrent
// use.
type Client struct {
	driver.Base
	profiles map[string]Profile // by scope
	expiry   time.Duration
	api      driver.API
}

var _ verify.Verifier = (*Client)(nil)
var _ verify.Prober = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	profiles, err := driver.ByScope(vendor, "profile", cfg.Profile, cfg.Scopes, (*Profile).check)
	if err != nil {
		return nil, err
	}
	expiry := cmp.Or(cfg.Expiry, defaultExpiry)
	switch {
	case cfg.APIKey == "":
		return nil, errors.New("telnyx: APIKey is missing")
	case expiry < minExpiry || expiry > maxExpiry || expiry%time.Second != 0:
		return nil, errors.New("telnyx: Expiry must be 1 to 10 minutes in whole seconds")
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(cfg.BaseURL, "https://api.telnyx.com/v2"), Client: cfg.HTTPClient,
		Header:    map[string]string{"Authorization": driver.Bearer(cfg.APIKey)},
		RequestID: "X-Request-Id", ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("telnyx: %w", err)
	}
	c := &Client{profiles: profiles, expiry: expiry}
	c.api = driver.API{
		Client: client, Capabilities: capabilities(profiles), NamesSubject: true,
		Digits:  func(scope string) int { return profiles[scope].CodeLength },
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: c.newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

func capabilities(profiles map[string]Profile) verify.Capabilities {
	c := verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp}}
	return driver.WithScopes(c, profiles, func(p Profile) int { return p.CodeLength })
}

// Send has Telnyx make and deliver a code. Whether a second Send within the
// code's life leaves the first code good is not documented.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Telnyx whether code is right. Only "accepted" for this recipient is a
// yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}
