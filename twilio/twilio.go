// Package twilio sends and checks codes through Twilio Verify v2, which makes
// and checks the code itself.
//
//	client, err := twilio.New(twilio.Config{
//		AccountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
//		AuthToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
//		Service:    twilio.Service{SID: os.Getenv("TWILIO_SERVICE_SID")},
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithChannel(verify.ChannelVoice))
//	err = client.Check(ctx, "+15005550006", typed)
//
// # Scopes
//
// Twilio keeps one verification for each Service and recipient, so a scope is a
// Service of its own: see Config.Scopes.
//
// # Limits
//
// Twilio keeps a code for 10 minutes, sends it again at most 5 times and checks
// it at most 5 times (https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts).
// A second Send within that time repeats the same code. An expired, a used and
// an unknown code look the same and are ErrNotPending. Channels on which no
// person types a code (sna, auto) are not offered.
package twilio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "twilio"

// A Config says which account and which Verify Services to use. Give either
// AccountSID and AuthToken, or APIKeySID and APIKeySecret.
//
// # In the console
//
//  1. Open https://console.twilio.com and copy AccountSID and AuthToken, or
//     make an API key, which Twilio recommends for production
//     (https://www.twilio.com/docs/verify/api).
//  2. Make a Verify Service, in the console or by the API. Its SID begins with
//     VA (https://www.twilio.com/docs/verify/api/service). Make one more for
//     each scope.
//  3. Give the code length of the Service as CodeLength.
//  4. Under Verify, Settings, Geo permissions, allow the countries that you send
//     to (https://www.twilio.com/docs/verify/preventing-toll-fraud/verify-geo-permissions).
//     E-mail has a setup of its own (https://www.twilio.com/docs/verify/email).
//  5. For PSD2, ask Twilio's support to enable it for the account, then make a
//     Service with Psd2Enabled by the API
//     (https://www.twilio.com/docs/verify/api/verifying-transactions-psd2).
type Config struct {
	// AccountSID names the account: "AC" and 32 hexadecimal digits.
	AccountSID string `dsn:"account_sid,user" example:"AC00000000000000000000000000000000"`
	// AuthToken is the account's token.
	AuthToken string `json:"-" dsn:"auth_token,pass" example:"env:TWILIO_AUTH_TOKEN"`
	// APIKeySID names an API key: "SK" and 32 hexadecimal digits. A key is good in
	// one region only.
	APIKeySID string `dsn:"api_key_sid" example:"SK00000000000000000000000000000000"`
	// APIKeySecret is the key's secret.
	APIKeySecret string `json:"-" dsn:"api_key_secret" example:"file:/run/secrets/twilio"`

	// Service serves the empty scope. Required.
	Service Service `dsn:",inline"`
	// Scopes serve the other scopes, each with a Service of its own: two scopes of
	// one Service would share their codes. Defaults to none.
	Scopes map[string]Service `dsn:"scope.NAME"`

	// Region chooses where Twilio processes the calls, such as "ie1"
	// (https://www.twilio.com/docs/global-infrastructure). Defaults to none.
	Region string `dsn:"region" example:"ie1"`
	// Edge chooses where the calls enter Twilio's network, such as "dublin". Defaults
	// to that of Region for ie1 and au1, else to none, and is required with any other
	// region but us1. An edge without a region means region us1.
	Edge string `dsn:"edge" example:"dublin"`
	// BaseURL replaces https://verify.twilio.com, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://verify.twilio.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("twilio.Config{[hidden]}")) }

// A Service is one Verify Service, as set up in Twilio's console.
type Service struct {
	// SID is "VA" and 32 hexadecimal digits. Required.
	SID string `dsn:"service_sid,host,required" named:"sid,self" example:"VA00000000000000000000000000000000"`
	// CodeLength must be the Service's own setting, 4 to 10 digits: a code of
	// another length is refused without asking. Defaults to 6.
	CodeLength int `dsn:"digits" default:"6" example:"8"`
	// PSD2 must be the Service's own setting. Such a Service binds each code to an
	// amount and a payee, insists on both, and does not call. Defaults to false.
	PSD2 bool `dsn:"psd2" default:"false" example:"true"`
}

// check fills in a Service's default, says what is wrong with it, and returns its
// SID.
func (s *Service) check() (id string, err error) {
	s.CodeLength = cmp.Or(s.CodeLength, 6)
	switch {
	case !isSID(s.SID, "VA"):
		err = errors.New("SID must be VA and 32 hexadecimal digits")
	case !driver.IsCodeLength(s.CodeLength):
		err = errors.New("CodeLength must be 4 to 10")
	}
	return s.SID, err
}

// A Client is a [verify.Verifier] and a [verify.Canceler] over Twilio Verify. It
// is safe for concurrent use.
type Client struct {
	driver.Base
	services map[string]Service // by scope
	api      driver.API
}

var _ verify.Verifier = (*Client)(nil)
var _ verify.Canceler = (*Client)(nil)
var _ verify.Prober = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	client, err := cfg.client("verify", readError)
	if err != nil {
		return nil, err
	}
	services, err := driver.ByScope(vendor, "Service", cfg.Service, cfg.Scopes, (*Service).check)
	if err != nil {
		return nil, err
	}
	c := &Client{services: services}
	c.api = driver.API{
		Client: client, Capabilities: capabilities(services), IsSubject: driver.IsNearSubject,
		Locale: localeOf, RefusesLocale: refusesLocale, Digits: func(scope string) int { return services[scope].CodeLength },
		Binds:   func(scope string) bool { return services[scope].PSD2 },
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: c.newCheck, ReadCheck: c.readCheck,
		NewCancel: c.newCancel, ReadCancel: c.readCancel,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

func capabilities(services map[string]Service) verify.Capabilities {
	c := verify.Capabilities{
		Vendor: vendor, Locale: true, ClientIP: true,
		Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail},
	}
	for _, service := range services {
		c.Transaction = c.Transaction || service.PSD2
	}
	return driver.WithScopes(c, services, func(s Service) int { return s.CodeLength })
}

// Send has Twilio make and deliver a code. A second Send within 10 minutes
// delivers the same one.
//
// The locale is a hint: if Twilio refuses the language of a template, the message
// is asked for once more without one, since surely nothing was sent.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Twilio whether code is right. Only the status "approved" is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Cancel makes a pending code worthless and frees the recipient's limits. It
// returns nil if nothing is pending.
func (c *Client) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	return c.api.Cancel(ctx, to, opts...)
}

// Fetch returns the verification that is pending for a recipient in a scope, or
// an error matching ErrNotPending. Twilio answers at most 60 fetches a minute
// for each (https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts).
func (c *Client) Fetch(ctx context.Context, to string, opts ...verify.CheckOption) (Verification, error) {
	return driver.Ask(ctx, &c.api, "fetch", to, opts, c.newFetch, c.readFetch)
}
