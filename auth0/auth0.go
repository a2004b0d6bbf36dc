// Package auth0 sends and checks codes through Auth0's passwordless connections,
// sms and email, where Auth0 makes and checks the code itself.
//
//	client, err := auth0.New(auth0.Config{
//		Domain:       "example.eu.auth0.com",
//		ClientID:     os.Getenv("AUTH0_CLIENT_ID"),
//		ClientSecret: os.Getenv("AUTH0_CLIENT_SECRET"),
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithLocale("de"))
//	err = client.Check(ctx, "+15005550006", typed)
//
// For the second factors of people who log in to Auth0 there is an [MFA], which is
// no Verifier.
//
// # What a right code does
//
// Auth0 logs the person in: the first right code creates a user in the connection,
// and each one issues tokens, which are dropped unless Config.OnTokens takes them.
// Where the tenant demands a second factor there is no token, and a right code is
// ErrRejected with the VendorCode mfa_required: see [Client.Probe].
//
// # Limits
//
// There are no scopes: each recipient has one code at a time, the newest. Its length
// and its life are settings of the connection, and three wrong codes end it. A wrong,
// an expired and an exhausted code are one error to Auth0, invalid_grant: it is
// ErrMismatch, but for two sentences that are known to mean the others. How a used
// code is answered is not documented. A check is never repeated after a lost answer,
// since a second one would be a second attempt.
package auth0

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "auth0"

// Limits of what is taken for a setting: ours.
const (
	minDigits = 4
	maxDigits = 10
	maxID     = 64
)

// A Config says which application of which tenant to use.
//
// # In the console
//
//  1. Under Applications, create a Regular Web Application. Its settings have
//     Domain, ClientID and ClientSecret. A Private Key JWT may stand in for the
//     secret: it is PrivateKey
//     (https://auth0.com/docs/get-started/applications/configure-private-key-jwt).
//  2. In its Advanced Settings, under Grant Types, turn on Passwordless OTP
//     (https://auth0.com/docs/get-started/applications/application-grant-types).
//  3. Under Authentication, Passwordless, turn on SMS, Email or both, for this
//     application too. Set the length and the life of codes, and give the length as
//     CodeLength. SMS needs a provider of your own, such as Twilio, under Branding,
//     Phone Provider (https://auth0.com/docs/authenticate/passwordless/authentication-methods/sms-otp).
//  4. In the Advanced Settings, turn on Trust Token Endpoint IP Header, so that the
//     addresses given by WithClientIP count
//     (https://auth0.com/docs/authenticate/passwordless/best-practices).
//  5. Under Security, Multi-factor Auth, see that the policy is not Always. To have
//     Probe look, turn on the grant Client Credentials, and authorize the application
//     for the Management API with the permission read:mfa_policies.
type Config struct {
	// Domain is the tenant's domain, or its custom one. Required.
	Domain string `dsn:"domain,host,required" example:"example.eu.auth0.com"`
	// ClientID names the application. Required.
	ClientID string `dsn:"client_id,user,required" example:"env:AUTH0_CLIENT_ID"`
	// ClientSecret is the application's secret. Either it or PrivateKey is required.
	ClientSecret string `json:"-" dsn:"client_secret,pass" example:"file:/run/secrets/auth0"`
	// PrivateKey is an RSA key in PEM form, whose public half the application has.
	// It signs an assertion in place of ClientSecret.
	PrivateKey []byte `json:"-" dsn:"private_key" example:"file:/run/secrets/auth0.pem"`

	// Connections are those that are turned on. Defaults to sms,email.
	Connections []string `dsn:"connections" default:"sms,email" example:"email"`
	// CodeLength must be the connections' own setting, 4 to 10 digits: a code of
	// another length is refused without asking. Without it codes of 4 to 10 digits
	// are asked about, and receipts name no length.
	CodeLength int `dsn:"digits" example:"6"`

	// Audience names the API that an access token is for. Defaults to the tenant's
	// own.
	Audience string `dsn:"audience" example:"https://api.example.com"`
	// TokenScope is what the tokens allow, words with spaces in between: only with
	// openid there is an id token. Defaults to none.
	TokenScope string `dsn:"token_scope" example:"openid%20email"`
	// OnTokens takes the tokens of a right code before Check returns nil. Its error
	// makes the check ErrOutcomeUnknown: the code is used up. It must be safe for
	// concurrent use. Defaults to dropping them.
	OnTokens func(ctx context.Context, to string, tokens Tokens) error `json:"-"`

	// BaseURL replaces https:// and Domain, for an emulator or a proxy. Plain http is
	// accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("auth0.Config{[hidden]}")) }

// A tenant is what a Client and an MFA share.
type tenant struct {
	cfg Config
	jwt *driver.JWT // nil: ClientSecret
	api *driver.Client
}

func newTenant(cfg Config) (*tenant, error) {
	t := &tenant{cfg: cfg}
	switch {
	case !verify.IsEmail("a@" + cfg.Domain):
		return nil, errors.New("auth0: Domain must be a host name such as example.eu.auth0.com")
	case !driver.IsID(cfg.ClientID, maxID):
		return nil, errors.New("auth0: ClientID must be 1 to 64 of [A-Za-z0-9_-]")
	case (cfg.ClientSecret == "") == (len(cfg.PrivateKey) == 0):
		return nil, errors.New("auth0: give either ClientSecret or PrivateKey")
	}
	var err error
	if len(cfg.PrivateKey) != 0 {
		if t.jwt, err = driver.NewRS256(cfg.PrivateKey, ""); err != nil {
			return nil, errors.New("auth0: PrivateKey must be an RSA key of at least 2048 bits in PEM form")
		}
	}
	t.api, err = driver.New(driver.Config{
		Vendor:    vendor,
		BaseURL:   cmp.Or(cfg.BaseURL, "https://"+cfg.Domain),
		Client:    cfg.HTTPClient,
		RequestID: "Cf-Ray",
		Reset:     "X-Ratelimit-Reset",
		ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("auth0: %w", err)
	}
	return t, nil
}

// A Client is a [verify.Verifier] over passwordless connections. It is safe for
// concurrent use.
type Client struct {
	driver.Base
	tenant *tenant
	api    driver.API
	pass   *atomic.Pointer[pass]
}

var (
	_ verify.Verifier = (*Client)(nil)
	_ verify.Prober   = (*Client)(nil)
)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	capabilities, err := cfg.capabilities()
	if err != nil {
		return nil, err
	}
	t, err := newTenant(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{tenant: t, pass: new(atomic.Pointer[pass])}
	c.api = driver.API{
		Client: t.api, Capabilities: capabilities, CheckOnce: true,
		NewSend: t.newSend, ReadSend: readSend, NewCheck: t.newCheck, ReadCheck: readCheck,
	}
	if cfg.OnTokens != nil {
		c.api.OnApproved = t.handOver
	}
	c.Base = driver.NewBase("Client", t.api, c.api.Capabilities)
	return c, nil
}

func (cfg Config) capabilities() (verify.Capabilities, error) {
	c := verify.Capabilities{
		Vendor: vendor, MinDigits: cfg.CodeLength, MaxDigits: cfg.CodeLength, DefaultDigits: cfg.CodeLength,
		Locale: true, ClientIP: true,
	}
	both := []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}
	for _, name := range cfg.Connections {
		channel := verify.Channel(name)
		if !slices.Contains(both, channel) || slices.Contains(c.Channels, channel) {
			return c, errors.New("auth0: Connections must be of sms and email, each once")
		}
		c.Channels = append(c.Channels, channel)
	}
	if len(cfg.Connections) == 0 {
		c.Channels = both
	}
	if cfg.CodeLength != 0 && (cfg.CodeLength < minDigits || cfg.CodeLength > maxDigits) {
		return c, errors.New("auth0: CodeLength must be 4 to 10")
	}
	return c, nil
}

// Send has Auth0 make and deliver a code. A second Send delivers another one, and
// the first stops to work.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Auth0 whether code is right. Only an answer of 200 with an access
// token is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}
