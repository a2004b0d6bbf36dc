// Package vonage sends and checks codes through Vonage's Verify v2, which makes and
// checks the code itself. [Messages] delivers texts by Vonage's Messages API.
//
//	client, err := vonage.New(vonage.Config{
//		APIKey:    os.Getenv("VONAGE_API_KEY"),
//		APISecret: os.Getenv("VONAGE_API_SECRET"),
//		Region:    "eu",
//		Brand:     "Acme",
//	})
//	receipt, err := client.Send(ctx, "+15005550006")
//	err = client.Check(ctx, "+15005550006", typed)
//
// Vonage checks a code by the id that its answer to the send held. The client remembers
// it, in this process unless Config.References says where. A code whose id is lost cannot
// be checked, and the person waits until it has expired.
//
// # One at a time
//
// An account has one verification of a recipient at a time, and this package asks for
// one step, so that Vonage sends nothing more by itself. A second Send before the first
// has expired is [verify.ErrTooManySends], with the time to wait if the first one is
// ours. Send never cancels by itself. An application that wants to offer a new code
// sooner calls Cancel; Vonage may refuse sends for some seconds after it.
//
// # Limits
//
// A verification lives in the region where it was made, so that Region has no default.
// There are no scopes. A network that Vonage blocks is no error: it accepts the
// send, and tells of the block by a webhook alone. How many wrong codes end a
// verification is not documented.
package vonage

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

const vendor = "vonage"

// Limits: https://developer.vonage.com/en/api/verify.v2.
const (
	minDigits, maxDigits, defaultDigits = 4, 10, 6
	minTimeout                          = time.Minute
	maxTimeout                          = 10 * time.Minute // Vonage's is 15, NIST SP 800-63B-4's this: section 3.1.3.2
	usualTimeout                        = 3 * time.Minute

	// For how long a send may be refused after a cancellation: not documented.
	// https://github.com/Vonage/vonage-node-sdk/issues/1036 has a dozen seconds.
	afterCancel = 15 * time.Second
)

// hosts are those of the regions.
var hosts = map[string]string{
	"us": "https://api-us.vonage.com", "eu": "https://api-eu.vonage.com", "ap": "https://api-ap.vonage.com",
}

// A Config says which account to use and how verifications look. Give either APIKey
// and APISecret, or ApplicationID and PrivateKey.
//
// # In the console
//
//  1. Open https://dashboard.vonage.com and copy the API key and the API secret. They
//     are APIKey and APISecret.
//  2. Or create an application with the capability Verify, and generate its public and
//     private key. Its ID and the file are ApplicationID and PrivateKey
//     (https://developer.vonage.com/en/getting-started/concepts/authentication).
//  3. Choose the Region nearest to your servers, and give it to every one of them: a
//     verification is not found in another.
//  4. For WhatsApp connect a WhatsApp Business Account, whose number is WhatsAppFrom,
//     and for e-mail of your own domain ask Vonage to set up EmailFrom
//     (https://developer.vonage.com/en/verify/overview).
//  5. Look at Fraud Defender and the allowed countries
//     (https://developer.vonage.com/en/verify/guides/v2-anti-fraud).
type Config struct {
	// APIKey is the key of the account, with APISecret.
	APIKey string `dsn:"api_key,user" example:"env:VONAGE_API_KEY"`
	// APISecret is its secret.
	APISecret string `json:"-" dsn:"api_secret,pass" example:"env:VONAGE_API_SECRET"`
	// ApplicationID is the id of an application, with PrivateKey, in place of APIKey.
	ApplicationID string `dsn:"application_id" example:"aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"`
	// PrivateKey is the application's, PEM: each request is signed by it (RS256).
	PrivateKey []byte `json:"-" dsn:"private_key" example:"file:/run/secrets/vonage.key"`

	// Region is where verifications live: us, eu or ap. Required.
	Region string `dsn:"region,host,required,oneof=us|eu|ap" example:"eu"`

	// Brand is named in the message: 1 to 18 characters, and none of /{}:$. Required.
	Brand string `dsn:"brand,required" example:"Acme"`
	// CodeLength is how long codes are, 4 to 10 digits. Defaults to 6.
	CodeLength int `dsn:"digits" default:"6" example:"8"`
	// ChannelTimeout is how long a code works, 1 to 10 minutes in whole seconds, and
	// how long no other is sent. Defaults to 3m.
	ChannelTimeout time.Duration `dsn:"channel_timeout" default:"3m" example:"5m"`

	// From is who sends text messages: a number, or 3 to 11 letters and digits. Defaults
	// to what Vonage chooses.
	From string `dsn:"from" example:"Acme"`
	// WhatsAppFrom is the number of a WhatsApp Business Account. WhatsApp is not offered
	// without it.
	WhatsAppFrom string `dsn:"whatsapp_from" example:"+15017122661"`
	// EmailFrom is an address that Vonage has set up. Defaults to Vonage's own.
	EmailFrom string `dsn:"email_from" example:"login@example.com"`

	// References keep the ids of pending codes. Defaults to a memory of this process.
	References references.References `json:"-"`
	// Keys seal what is kept: 32 bytes each, the same in every process that shares the
	// place. To change keys, put the new one last in every process, then first, and
	// drop the old one after 10 minutes. Required unless the place is the memory of
	// this process.
	Keys [][]byte `json:"-" dsn:"key" example:"env:VONAGE_REFERENCES_KEY"`

	// BaseURL replaces the host of the region, by an emulator or a proxy. Plain http is
	// accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vonage.Config{[hidden]}")) }

var (
	brandRule  = regexp.MustCompile(`^[^/{}:$]{1,18}$`)
	senderRule = regexp.MustCompile(`^(\+?[1-9][0-9]{2,14}|[A-Za-z0-9]{3,11})$`)
	numberRule = regexp.MustCompile(`^\+?[1-9][0-9]{6,14}$`)
)

const senderSays = "From must be a number, or 3 to 11 letters and digits"

// withDefaults fills in what is left out, and checks all of it.
func (cfg Config) withDefaults() (Config, error) {
	cfg.CodeLength = cmp.Or(cfg.CodeLength, defaultDigits)
	cfg.ChannelTimeout = cmp.Or(cfg.ChannelTimeout, usualTimeout)
	cfg.BaseURL = cmp.Or(cfg.BaseURL, hosts[cfg.Region])
	cfg.From, cfg.WhatsAppFrom = strings.TrimPrefix(cfg.From, "+"), strings.TrimPrefix(cfg.WhatsAppFrom, "+")
	return cfg, driver.Invalid(vendor,
		driver.If(hosts[cfg.Region] == "", "Region must be us, eu or ap: a verification is not found in another one"),
		driver.If(cfg.Brand == "", "Brand is missing"),
		driver.If(!brandRule.MatchString(cfg.Brand) || strings.TrimSpace(cfg.Brand) == "", "Brand must be 1 to 18 characters, and none of /{}:$"),
		driver.If(cfg.CodeLength < minDigits || cfg.CodeLength > maxDigits, "CodeLength must be 4 to 10"),
		driver.If(cfg.ChannelTimeout < minTimeout || cfg.ChannelTimeout > maxTimeout || cfg.ChannelTimeout%time.Second != 0, "ChannelTimeout must be 1 to 10 minutes in whole seconds"),
		driver.If(cfg.From != "" && !senderRule.MatchString(cfg.From), senderSays),
		driver.If(cfg.WhatsAppFrom != "" && !numberRule.MatchString(cfg.WhatsAppFrom), "WhatsAppFrom must be a number"),
		driver.If(cfg.EmailFrom != "" && !verify.IsEmail(cfg.EmailFrom), "EmailFrom must be an e-mail address"),
	)
}

// A Client is a [verify.Verifier] over Verify v2. It is safe for concurrent use.
type Client struct {
	driver.Base
	cfg Config
	api driver.API
}

var _ verify.Verifier = (*Client)(nil)
var _ verify.Canceler = (*Client)(nil)
var _ verify.Prober = (*Client)(nil)
var _ verify.Warmer = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	who := account{cfg.APIKey, cfg.APISecret, cfg.ApplicationID, cfg.PrivateKey}
	client, err := who.connect(cfg.BaseURL, cfg.HTTPClient, readError)
	if err != nil {
		return nil, err
	}
	refs, err := driver.NewReferences(driver.ReferencesConfig{
		Store: cfg.References, Keys: cfg.Keys, Account: who.name() + "/" + cfg.Region, TTL: cfg.ChannelTimeout, AfterCancel: afterCancel,
	})
	if err != nil {
		return nil, fmt.Errorf("vonage: %w", err)
	}
	cfg.Keys, cfg.PrivateKey, cfg.APISecret = nil, nil, ""
	c := &Client{cfg: cfg}
	c.api = driver.API{
		Client: client, Capabilities: cfg.capabilities(), References: refs,
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: newCheck, ReadCheck: readCheck, NewCancel: newCancel,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

func (cfg Config) capabilities() verify.Capabilities {
	channels := []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp, verify.ChannelEmail}
	if cfg.WhatsAppFrom == "" {
		channels = slices.DeleteFunc(channels, func(c verify.Channel) bool { return c == verify.ChannelWhatsApp })
	}
	return verify.Capabilities{
		Vendor: vendor, Channels: channels, Locale: true,
		MinDigits: minDigits, MaxDigits: maxDigits, DefaultDigits: cfg.CodeLength,
	}
}

// Send has Vonage make and deliver a code. While one of the account is pending for the
// recipient, it is [verify.ErrTooManySends] and nothing is sent.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks Vonage whether code is right. Only "completed" of our own verification is
// a yes.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Cancel ends the pending verification. A Send within the next seconds may be
// [verify.ErrTooManySends]: Vonage frees the recipient a little later.
func (c *Client) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	return c.api.Cancel(ctx, to, opts...)
}

// Probe checks a code of a verification that does not exist, which Vonage does not
// find if the credentials are good. It sends nothing. Whether a message is delivered
// only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	call, err := newCheck(driver.Check{CheckRequest: verify.CheckRequest{Code: "000000"}, Reference: driver.RandomID()})
	if err != nil {
		return err
	}
	return c.api.Probe(ctx, call, func(e *verify.Error) bool { return e.VendorCode == notFound }, "a verification that does not exist was approved")
}
