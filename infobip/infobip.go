// Package infobip sends and checks codes through Infobip's 2FA, which makes and
// checks the code itself.
//
//	client, err := infobip.New(infobip.Config{
//		APIKey:      os.Getenv("INFOBIP_API_KEY"),
//		BaseURL:     "https://placeholder.api.infobip.com",
//		Application: infobip.Application{ID: os.Getenv("INFOBIP_APPLICATION_ID"), SMSTemplate: os.Getenv("INFOBIP_MESSAGE_ID")},
//	})
//	receipt, err := client.Send(ctx, "+15005550006")
//	err = client.Check(ctx, "+15005550006", typed)
//
// # References
//
// Infobip checks a code by the id that its answer to the send held. The client
// remembers it: in this process, unless Config.References names a place that several
// share. A code whose id is lost cannot be checked, and the person asks for a new one.
//
// # Scopes
//
// Infobip keeps codes apart by 2FA application, so a scope is an application of its
// own: see Config.Scopes.
//
// # Limits
//
// By Infobip's default a code is accepted again after it was accepted, and lives for
// 15 minutes. This package approves a code once and for 10 minutes at most, whatever
// the application says; Probe tells where the application should be changed. A check
// is never repeated after its answer was lost, since Infobip may count a second
// attempt.
//
// Infobip does not document what it answers beyond the limits of an application's
// sends and checks, nor whether a code works on after a second Send: the client
// checks the last one only. Codes by e-mail are not offered: whether their approval
// names the address is not documented.
package infobip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

const vendor = "infobip"

// Limits of ours: Infobip documents none of these.
const (
	minDigits = 4
	maxDigits = 10
	maxID     = 64 // of an application, a template and a code
	minExpiry = time.Minute
	maxExpiry = 10 * time.Minute // NIST SP 800-63B-4 section 3.1.3.2
)

// A Config says which account and which 2FA applications to use.
//
// # In the console
//
//  1. Open https://portal.infobip.com and copy the account's own base URL. It is
//     BaseURL.
//  2. Create an API key with the scopes 2fa:pin:send and, for Probe, 2fa:manage. It
//     is APIKey (https://www.infobip.com/docs/api/platform/2fa).
//  3. By the API, create a 2FA application with pinTimeToLive 10m and
//     allowMultiplePinVerifications false: the defaults are 15m and true. Its
//     applicationId is Application.ID. Create one more for each scope.
//  4. In each application create a message template of the pinType NUMERIC, and give
//     its messageId as SMSTemplate, VoiceTemplate or both, its pinLength as
//     CodeLength.
//  5. Choose pinAttempts, verifyPinLimit and sendPinPerPhoneNumberLimit of each
//     application: 3 sends a day to a number are the default.
type Config struct {
	// APIKey is an API key of the account. Required.
	APIKey string `json:"-" dsn:"api_key,user,required" example:"env:INFOBIP_API_KEY"`

	// Application serves the empty scope. Required.
	Application Application `dsn:",inline"`
	// Scopes serve the other scopes, each with an application of its own: two scopes
	// of one application would share its limits. Defaults to none.
	Scopes map[string]Application `dsn:"scope.NAME"`

	// Expiry is how long a code is asked about, 1 to 10 minutes. A shorter
	// pinTimeToLive of the application ends it sooner. Defaults to 10m.
	Expiry time.Duration `dsn:"expiry" default:"10m" example:"5m"`

	// References keep the ids of pending codes. Defaults to a memory of this process.
	References references.References `json:"-"`
	// Keys seal what is kept: 32 bytes each, the same in every process that shares the
	// place. To change keys, put the new one last in every process, then first, and
	// drop the old one after 10 minutes. Required unless the place is the memory of
	// this process.
	Keys [][]byte `json:"-" dsn:"key" example:"env:INFOBIP_REFERENCES_KEY"`

	// BaseURL replaces https://api.infobip.com, by the account's own base URL, an
	// emulator or a proxy. Plain http is accepted for loopback and for hosts without
	// dots.
	BaseURL string `dsn:"base_url" default:"https://api.infobip.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("infobip.Config{[hidden]}")) }

// An Application is one 2FA application and its templates.
type Application struct {
	// ID is the applicationId. Required.
	ID string `dsn:"application_id,host,required" named:"id,self" example:"1234567"`
	// SMSTemplate is the messageId for text messages. Either it or VoiceTemplate is
	// required.
	SMSTemplate string `dsn:"sms_template" example:"7654321"`
	// VoiceTemplate is the messageId for calls.
	VoiceTemplate string `dsn:"voice_template" example:"7654322"`
	// CodeLength must be the pinLength of the templates, 4 to 10 digits: a code of
	// another length is refused without asking. Without it codes of 4 to 10 digits are
	// asked about, and receipts name no length.
	CodeLength int `dsn:"digits" example:"6"`
}

// template returns the one of a channel, or "".
func (a Application) template(c verify.Channel) string {
	if c == verify.ChannelVoice {
		return a.VoiceTemplate
	}
	return a.SMSTemplate
}

// check says what is wrong with the application of a scope, and returns its id.
func (cfg Config) check(a *Application) (id string, err error) {
	switch sms, voice, n := a.SMSTemplate, a.VoiceTemplate, a.CodeLength; {
	case !driver.IsID(a.ID, maxID):
		err = errors.New("ID must be 1 to 64 of [A-Za-z0-9_-]")
	case sms == "" && voice == "":
		err = errors.New("SMSTemplate or VoiceTemplate is missing")
	case sms != "" && !driver.IsID(sms, maxID):
		err = errors.New("SMSTemplate must be 1 to 64 of [A-Za-z0-9_-]")
	case voice != "" && !driver.IsID(voice, maxID):
		err = errors.New("VoiceTemplate must be 1 to 64 of [A-Za-z0-9_-]")
	case (sms == "") != (cfg.Application.SMSTemplate == "") || (voice == "") != (cfg.Application.VoiceTemplate == ""):
		err = errors.New("SMSTemplate and VoiceTemplate must be for the channels of the empty scope")
	case n != 0 && (n < minDigits || n > maxDigits):
		err = errors.New("CodeLength must be 4 to 10")
	}
	return a.ID, err
}

// A Client is a [verify.Verifier] over Infobip's 2FA. It is safe for concurrent use.
type Client struct {
	driver.Base
	applications map[string]Application // by scope
	expiry       time.Duration
	api          driver.API
}

var (
	_ verify.Verifier = (*Client)(nil)
	_ verify.Prober   = (*Client)(nil)
)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	applications, err := driver.ByScope(vendor, "application", cfg.Application, cfg.Scopes, cfg.check)
	if err != nil {
		return nil, err
	}
	expiry := cmp.Or(cfg.Expiry, maxExpiry)
	switch {
	case cfg.APIKey == "":
		return nil, errors.New("infobip: APIKey is missing")
	case expiry < minExpiry || expiry > maxExpiry:
		return nil, errors.New("infobip: Expiry must be 1 to 10 minutes")
	}
	refs, err := driver.NewReferences(driver.ReferencesConfig{
		Store: cfg.References, Keys: cfg.Keys, Account: cfg.Application.ID, TTL: expiry, Once: true,
	})
	if err != nil {
		return nil, fmt.Errorf("infobip: %w", err)
	}
	client, err := driver.New(driver.Config{
		Vendor:    vendor,
		BaseURL:   cmp.Or(cfg.BaseURL, "https://api.infobip.com"),
		Client:    cfg.HTTPClient,
		Header:    map[string]string{"Authorization": "App " + cfg.APIKey},
		ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("infobip: %w", err)
	}
	c := &Client{applications: applications, expiry: expiry}
	c.api = driver.API{
		Client: client, Capabilities: capabilities(applications), NamesSubject: true, Digits: func(scope string) int { return applications[scope].CodeLength }, CheckOnce: true, References: refs,
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

func capabilities(applications map[string]Application) verify.Capabilities {
	a := verify.Capabilities{Vendor: vendor}
	for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice} {
		if applications[""].template(channel) != "" {
			a.Channels = append(a.Channels, channel)
		}
	}
	return driver.WithScopes(a, applications, func(a Application) int { return a.CodeLength })
}

// Send has Infobip make and deliver a code. The code of an earlier Send to the same
// recipient in the same scope is not checked any more.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Infobip whether code is right. Only "verified" for this recipient is a
// yes, and only the first.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}
