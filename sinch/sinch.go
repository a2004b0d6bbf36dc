// Package sinch sends and checks codes through Sinch Verification, which makes and
// checks the code itself.
//
//	client, err := sinch.New(sinch.Config{
//		ApplicationKey:    os.Getenv("SINCH_APPLICATION_KEY"),
//		ApplicationSecret: os.Getenv("SINCH_APPLICATION_SECRET"),
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithChannel(verify.ChannelVoice))
//	err = client.Check(ctx, "+15005550006", typed)
//
// # References
//
// A check must name the method of its send, and the answer names no number. So the
// client remembers the id and the method of each verification: in this process, unless
// Config.References names a place that several share. A code whose id is lost cannot
// be checked, and the person asks for a new one.
//
// # Limits
//
// Sinch has no scopes, and one verification at a time for a number: a second Send ends
// the first code. A code is approved once, whatever Sinch answers to the second check.
//
// Sinch does not document how many wrong codes it takes, nor whether it takes a second
// one at all: after ErrMismatch the right code may be refused too, and the person asks
// for a new one. So a check is never repeated after its answer was lost. How long codes
// are is not documented either: the client takes 4 to 10 digits. A flash call brings
// no code, and a data verification nothing to type: neither is offered.
package sinch

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

const vendor = "sinch"

// Limits of how long a code works, which are ours: Sinch documents none. Ten minutes
// are those of NIST SP 800-63B-4 section 3.1.3.2.
const minExpiry, maxExpiry, defaultExpiry = time.Minute, 10 * time.Minute, 5 * time.Minute

// A Config says which application to use.
//
// # In the console
//
//  1. Open https://dashboard.sinch.com/verification/apps and create an application. Its
//     key and secret are ApplicationKey and ApplicationSecret: not those of a project.
//  2. There, set the minimum authentication level to application signed requests
//     (https://developers.sinch.com/docs/verification/api-reference/authentication):
//     below it anybody who learns the key, which mobile apps hold, can start
//     verifications at your cost.
//  3. There too, enable the methods that you use, and leave the callback URL empty
//     unless NewReports serves it: Sinch asks it before each verification.
type Config struct {
	// ApplicationKey is the application's key. Required.
	ApplicationKey string `dsn:"application_key,user,required" example:"env:SINCH_APPLICATION_KEY"`
	// ApplicationSecret is its secret, in base64 as the dashboard shows it. Required.
	ApplicationSecret string `json:"-" dsn:"application_secret,pass,required" example:"env:SINCH_APPLICATION_SECRET"`
	// Basic sends the secret with each request, in place of a signature. Sinch calls it
	// a way for prototypes, and an application may refuse it. Defaults to false.
	Basic bool `dsn:"basic" default:"false" example:"true"`
	// Expiry is how long a code works, 1 to 10 minutes in whole seconds. Sinch is told
	// of it for text messages; a code of another channel is not checked any more after
	// it. Defaults to 5m.
	Expiry time.Duration `dsn:"expiry" default:"5m" example:"10m"`

	// References keep the ids of pending codes. Defaults to a memory of this process.
	References references.References `json:"-"`
	// Keys seal what is kept: 32 bytes each, the same in every process that shares the
	// place. To change keys, put the new one last in every process, then first, and
	// drop the old one after 10 minutes. Required unless the place is the memory of
	// this process.
	Keys [][]byte `json:"-" dsn:"key" example:"env:SINCH_REFERENCES_KEY"`

	// BaseURL replaces https://verification.api.sinch.com, for an emulator or a proxy
	// that leaves paths alone, since they are signed. Plain http is accepted for
	// loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://verification.api.sinch.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("sinch.Config{[hidden]}")) }

// application checks the credentials.
func (cfg Config) application() (application, error) {
	secret, err := base64.StdEncoding.DecodeString(cfg.ApplicationSecret)
	switch {
	case cfg.ApplicationKey == "":
		err = errors.New("sinch: ApplicationKey is missing")
	case strings.ContainsAny(cfg.ApplicationKey, ": "):
		err = errors.New("sinch: ApplicationKey must hold no colon and no space")
	case cfg.ApplicationSecret == "":
		err = errors.New("sinch: ApplicationSecret is missing")
	case err != nil:
		err = errors.New("sinch: ApplicationSecret must be base64, as the dashboard shows it")
	}
	return application{cfg.ApplicationKey, secret}, err
}

// A Client is a [verify.Verifier] over Sinch Verification. It is safe for concurrent
// use.
type Client struct {
	driver.Base
	expiry time.Duration
	api    driver.API
}

var _ verify.Verifier = (*Client)(nil)
var _ verify.Prober = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	app, err := cfg.application()
	if err != nil {
		return nil, err
	}
	expiry := cmp.Or(cfg.Expiry, defaultExpiry)
	if expiry < minExpiry || expiry > maxExpiry || expiry%time.Second != 0 {
		return nil, errors.New("sinch: Expiry must be 1 to 10 minutes in whole seconds")
	}
	refs, err := driver.NewReferences(driver.ReferencesConfig{
		Store: cfg.References, Keys: cfg.Keys, Account: cfg.ApplicationKey, TTL: expiry, Once: true, Reference: reference,
	})
	if err != nil {
		return nil, fmt.Errorf("sinch: %w", err)
	}
	connect := driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(cfg.BaseURL, "https://verification.api.sinch.com"), Client: cfg.HTTPClient,
		Sign: app.sign, ReadError: readError,
	}
	if cfg.Basic {
		connect.Sign, connect.Header = nil, map[string]string{"Authorization": driver.Basic(cfg.ApplicationKey, cfg.ApplicationSecret)}
	}
	client, err := driver.New(connect)
	if err != nil {
		return nil, fmt.Errorf("sinch: %w", err)
	}
	c := &Client{expiry: expiry}
	c.api = driver.API{
		Client: client, CheckOnce: true, References: refs,
		Capabilities: verify.Capabilities{
			Vendor: vendor, Locale: true, Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp},
		},
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

// Send has Sinch make and deliver a code. The code of an earlier Send to the same
// recipient works no more.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check reports code to Sinch. Only "SUCCESSFUL" of our own verification is a yes, and
// only the first.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}
