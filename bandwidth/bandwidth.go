// Package bandwidth sends and checks codes through Bandwidth's MFA API, which
// makes and checks the code itself.
//
//	client, err := bandwidth.New(bandwidth.Config{
//		AccountID:        os.Getenv("BANDWIDTH_ACCOUNT_ID"),
//		ClientID:         os.Getenv("BANDWIDTH_CLIENT_ID"),
//		ClientSecret:     os.Getenv("BANDWIDTH_CLIENT_SECRET"),
//		SMSApplicationID: os.Getenv("BANDWIDTH_SMS_APPLICATION_ID"),
//		From:             "+15017122661",
//	})
//	receipt, err := client.Send(ctx, "+15005550006", verify.WithDigits(8))
//	err = client.Check(ctx, "+15005550006", typed)
//
// # Scopes
//
// Bandwidth keeps codes apart by scope itself, at most 25 characters of it. It
// calls the empty scope "2FA", so that name is refused.
//
// # Limits
//
// A code has no lifetime of its own: each check says how old a code may be, see
// Config.Expiry. A second Send makes another code, and the first one may work
// until it is as old. A wrong, an expired and an unknown code look the same and
// are ErrMismatch. After too many wrong codes Bandwidth checks no code of that
// number for about two minutes, which is ErrTooManyAttempts
// (https://dev.bandwidth.com/docs/mfa/errors). Whether it accepts a code twice
// is not documented.
package bandwidth

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor = "bandwidth"

// A Config says which account and which applications to use.
//
// # In the console
//
//  1. Ask Bandwidth to activate MFA for the account
//     (https://dev.bandwidth.com/docs/mfa). The address of the app's pages has
//     AccountID (https://dev.bandwidth.com/account/guides/bandwidthAccountStructure.html).
//  2. Under Account, API Credentials, create a credential for this account, with
//     a role that may use MFA. It has ClientID and ClientSecret; the secret is
//     shown once (https://dev.bandwidth.com/docs/account/credentials/management).
//  3. Under Applications, create one for messaging and, for calls, one for voice
//     (https://github.com/Bandwidth-Samples/mfa-cli-js).
//  4. Link the application to a location, and order a number into it
//     (https://support.bandwidth.com/hc/en-us/articles/360063841793). The number
//     is From.
type Config struct {
	// AccountID names the account. Required.
	AccountID string `dsn:"account_id,host,required" example:"9900000"`
	// ClientID names an API credential that may use MFA. Bandwidth has no other kind
	// since 2026-12-02
	// (https://dev.bandwidth.com/docs/account/credentials/management). Required.
	ClientID string `dsn:"client_id,user,required" example:"env:BANDWIDTH_CLIENT_ID"`
	// ClientSecret is the credential's secret. Required.
	ClientSecret string `json:"-" dsn:"client_secret,pass,required" example:"file:/run/secrets/bandwidth"`

	// SMSApplicationID names the application for messages. Without it, sms is not
	// offered. At least one application is required.
	SMSApplicationID string `dsn:"sms_app" example:"sms-application"`
	// VoiceApplicationID names the application for calls, which is another one.
	// Without it, voice is not offered.
	VoiceApplicationID string `dsn:"voice_app" example:"voice-application"`
	// From is the number in E.164 form that messages and calls come from. It must
	// belong to the applications. Required.
	From string `dsn:"from,required" example:"+15017122661"`

	// Message is what a person reads or hears: at most 2048 characters, with {CODE}
	// once. {NAME} stands for the application's name and {SCOPE} for the scope,
	// which is "2FA" if empty. Defaults to "Your {NAME} code is {CODE}".
	Message string `dsn:"message" default:"Your {NAME} code is {CODE}" example:"Code:%20{CODE}"`
	// Expiry is how old a code may be at the check, 1 to 10 whole minutes. Defaults
	// to 10 minutes.
	Expiry time.Duration `dsn:"expiry" default:"10m" example:"5m"`
	// CallbackURL is told what became of each message, but of no call: https to a
	// host name, no user, no address. Bandwidth does not sign what it tells
	// (https://dev.bandwidth.com/docs/mfa/webhooks). Defaults to none.
	CallbackURL string `json:"-" dsn:"callback_url" example:"https://app.example.com/status"` // its query may hold what tells Bandwidth's calls from others

	// TokenURL replaces https://api.bandwidth.com/api/v1/oauth2/token, or where
	// BaseURL would have it.
	TokenURL string `dsn:"token_url" example:"https://api.bandwidth.com/api/v1/oauth2/token"`
	// BaseURL replaces https://mfa.bandwidth.com/api/v1, and https://api.bandwidth.com
	// unless TokenURL is given, for an emulator or a proxy. Plain http is accepted
	// for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://mfa.bandwidth.com/api/v1" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("bandwidth.Config{[hidden]}")) }

// Limits of Bandwidth's MFA API, in digits and characters:
// https://dev.bandwidth.com/apis/mfa-apis/mfa/.
const (
	minDigits      = 4
	maxDigits      = 8
	defaultDigits  = 6
	maxScope       = 25
	maxApplication = 50
	maxMessage     = 2048
	maxAccount     = 32
)

// Limits of how old a code may be at the check. Bandwidth allows 15 minutes; NIST
// SP 800-63B-4 section 3.1.3.2 allows ten.
const (
	minExpiry     = time.Minute
	maxExpiry     = 10 * time.Minute
	defaultExpiry = 10 * time.Minute
)

const (
	defaultMessage = "Your {NAME} code is {CODE}"
	messageRule    = "must be at most 2048 characters with {CODE} once, and no braces but those of {NAME} and {SCOPE}"
)

// withDefaults fills in what was left out, and checks the rest.
func (cfg Config) withDefaults() (Config, error) {
	cfg.Message, cfg.Expiry = cmp.Or(cfg.Message, defaultMessage), cmp.Or(cfg.Expiry, defaultExpiry)
	tokenHost := strings.TrimSuffix(cmp.Or(cfg.BaseURL, "https://api.bandwidth.com"), "/")
	cfg.TokenURL = cmp.Or(cfg.TokenURL, tokenHost+tokenPath)
	cfg.BaseURL = cmp.Or(cfg.BaseURL, "https://mfa.bandwidth.com/api/v1")
	return cfg, driver.Invalid(vendor,
		driver.If(!driver.IsUser(cfg.ClientID) || cfg.ClientSecret == "", "ClientID or ClientSecret is missing, or ClientID holds a colon"),
		driver.If(!driver.IsID(cfg.AccountID, maxAccount), "AccountID must be 1 to 32 of [A-Za-z0-9_-]"),
		driver.If(cfg.SMSApplicationID == "" && cfg.VoiceApplicationID == "", "give SMSApplicationID, VoiceApplicationID or both"),
		driver.If(!driver.IsID(cmp.Or(cfg.SMSApplicationID, "-"), maxApplication) || !driver.IsID(cmp.Or(cfg.VoiceApplicationID, "-"), maxApplication),
			"SMSApplicationID and VoiceApplicationID must be 1 to 50 of [A-Za-z0-9_-]"),
		driver.If(!verify.IsPhone(cfg.From), "From must be a phone number in E.164 form"),
		driver.If(!isMessage(cfg.Message), "Message "+messageRule),
		driver.If(cfg.Expiry < minExpiry || cfg.Expiry > maxExpiry || cfg.Expiry%time.Minute != 0, "Expiry must be 1 to 10 whole minutes"),
		driver.If(cfg.CallbackURL != "" && !driver.IsCallback(cfg.CallbackURL), "CallbackURL must be https to a host name, without user and fragment"),
	)
}

// isMessage knows a template. A brace that is none of ours is a misspelled
// placeholder, which a person would read instead of the code.
func isMessage(s string) bool {
	rest := strings.NewReplacer("{CODE}", "", "{NAME}", "", "{SCOPE}", "").Replace(s)
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxMessage &&
		strings.Count(s, "{CODE}") == 1 && !strings.ContainsAny(rest, "{}") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.IsControl(r) })
}

func (cfg Config) capabilities() verify.Capabilities {
	c := verify.Capabilities{
		Vendor: vendor, MinDigits: minDigits, MaxDigits: maxDigits, DefaultDigits: defaultDigits, MaxScope: maxScope,
	}
	if cfg.SMSApplicationID != "" {
		c.Channels = append(c.Channels, verify.ChannelSMS)
	}
	if cfg.VoiceApplicationID != "" {
		c.Channels = append(c.Channels, verify.ChannelVoice)
	}
	return c
}

// A Client is a [verify.Verifier] over Bandwidth's MFA API. It is safe for
// concurrent use.
type Client struct {
	driver.Base
	cfg Config
	api driver.API
}

var (
	_ verify.Verifier = (*Client)(nil)
	_ verify.Prober   = (*Client)(nil)
)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor:  vendor,
		BaseURL: cfg.BaseURL,
		Client:  cfg.HTTPClient,
		OAuth2: &driver.OAuth2{
			URL: cfg.TokenURL, ID: cfg.ClientID, Secret: cfg.ClientSecret,
			IsAnswer: isError, Detail: "check ClientID, ClientSecret and TokenURL",
		},
		RequestID: "X-Amzn-Requestid",
		ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("bandwidth: %w", err)
	}
	c := &Client{cfg: cfg}
	c.api = driver.API{
		Client: client, Capabilities: cfg.capabilities(),
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: c.newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

// Send has Bandwidth make and deliver a code. A second Send delivers another
// one.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Bandwidth whether code is right. Only a valid of true is a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Probe asks for a new access token, and then for the check of an empty body: it
// names no number, so it is nobody's attempt. Bandwidth looks at the credentials
// and the account first, and then says that the number is missing, which is the
// answer hoped for (https://dev.bandwidth.com/docs/mfa/errors). Whether From and
// the applications fit only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	if err := c.api.Client.ProbeToken(ctx); err != nil {
		return err
	}
	return c.api.Probe(ctx, driver.Call{Route: verifyRoute, Args: []string{c.cfg.AccountID}, JSON: []byte("{}")},
		func(e *verify.Error) bool {
			return e.HTTPStatus == http.StatusBadRequest && e.Outcome == verify.ErrRejected
		}, "a check without a number was answered: check BaseURL")
}

type messageOption string

// WithMessage replaces Config.Message in one Send, in the person's language
// perhaps. The same rules hold. It must not hold what a person typed.
func WithMessage(template string) verify.SendOption {
	return verify.VendorOption(vendor, messageOption(template))
}
