// Package whatsapp delivers codes through WhatsApp, by Meta's Cloud API, which neither
// makes nor checks them: package otp does, over a [Client]. It reaches people on
// WhatsApp only, so it stands in front of text messages:
//
//	first, err := whatsapp.New(whatsapp.Config{PhoneNumberID: "106540352242922", Token: token, Template: "verification_code"})
//	second, err := gatewayapi.New(gatewayapi.Config{...})
//	verifier, err := otp.New(otp.Config{Messenger: otp.Fallback(first, second), Store: ..., Keys: ...})
//
// # Templates
//
// A code goes in an authentication template, whose text is Meta's own in each language
// and names neither an amount nor a payee; its button copies the code or hands it to an
// app (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates).
// Its three kinds, copy code, one-tap and zero-tap, take the same request.
//
// # Accepted is not delivered
//
// An answer says that Meta accepted the message; most of what fails is told later, to
// [NewReports]. If Meta says at once that it does not reach a person, nothing was sent:
// the error is verify.ErrInvalidRecipient and Elsewhere, at which a Fallback moves on to
// its next courier. A message is never sent twice. If the answer is lost, or Meta holds
// the message back, the error is verify.ErrOutcomeUnknown and the code stays good.
//
// # Privacy
//
// The id that Meta gives a message, a wamid, holds the recipient's number in base64. A
// receipt and an event hold a hash of it in its place: see [ID].
package whatsapp

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

const (
	vendor    = "whatsapp"
	host      = "https://graph.facebook.com"
	version   = "v25.0"
	language  = "en_US"
	minDigits = 4
	maxDigits = 10
	figures   = "0123456789"
)

// A Config says which business number sends, and by which template.
//
// # In the console
//
//  1. Open https://developers.facebook.com/apps and create an app for WhatsApp, with a
//     business portfolio and a WhatsApp Business account. Under WhatsApp, API setup,
//     add and register a phone number. Its id there, which is not the number itself, is
//     PhoneNumberID.
//  2. Attach a payment method to the account
//     (https://www.facebook.com/business/help/2225184664363779).
//  3. In the settings of the business make a system user with the app and the account
//     as assets, and generate its token with the permissions whatsapp_business_messaging
//     and whatsapp_business_management, which Probe needs
//     (https://developers.facebook.com/documentation/business-messaging/whatsapp/access-tokens).
//     It is Token. The token that the page of the app shows ends after a day.
//  4. In WhatsApp Manager create a template of the category Authentication, by the same
//     name in each language. Its name is Template, and the languages in which it is
//     approved are Languages. Let its code expire, and its messages be dropped, within
//     the time that codes work here, 10 minutes by default.
//  5. Under WhatsApp, Configuration, set the callback URL and the verify token of
//     [NewReports], and subscribe to messages. The app secret is under App settings, Basic.
//  6. The app's test number sends to at most five numbers that are added to its list
//     beforehand.
type Config struct {
	// Token is an access token of a system user, with the permission
	// whatsapp_business_messaging. Required.
	Token string `json:"-" dsn:"token,pass,required" example:"env:WHATSAPP_TOKEN"`
	// PhoneNumberID is the id of the business number that sends: digits. Required.
	PhoneNumberID string `dsn:"phone_number_id,user,required" example:"106540352242922"`
	// Template is the name of an approved authentication template: 1 to 512 of
	// [a-z0-9_]. Required.
	Template string `dsn:"template,host,required" example:"verification_code"`
	// Languages are those in which the template is approved, as Meta writes them
	// (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages):
	// a message is in the one nearest to its locale, and else in the first. Defaults to
	// en_US alone.
	Languages []string `dsn:"languages" default:"en_US" example:"en_US,da,pt_BR"`
	// Version is that of the Graph API. Defaults to v25.0, which ends on 2028-07-29
	// (https://developers.facebook.com/docs/graph-api/changelog/versions/).
	Version string `dsn:"version" default:"v25.0" example:"v26.0"`
	// BaseURL replaces https://graph.facebook.com, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://graph.facebook.com" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("whatsapp.Config{[hidden]}")) }

var (
	numberRule   = regexp.MustCompile(`^[0-9]{1,32}$`)
	templateRule = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
	languageRule = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
	versionRule  = regexp.MustCompile(`^v[1-9][0-9]?\.[0-9]$`)
)

func (cfg Config) validate() error {
	return driver.Invalid(vendor,
		driver.If(cfg.Token == "", "Token is missing"),
		driver.If(strings.TrimSpace(cfg.Token) != cfg.Token, "Token opens or ends with a space"),
		driver.If(cfg.PhoneNumberID == "", "PhoneNumberID is missing"),
		driver.If(!numberRule.MatchString(cfg.PhoneNumberID), "PhoneNumberID must be digits alone: the id of the number, and not the number"),
		driver.If(cfg.Template == "", "Template is missing"),
		driver.If(!templateRule.MatchString(cfg.Template), "Template must be the name of a template, 1 to 512 of [a-z0-9_]"),
		driver.If(slices.ContainsFunc(cfg.Languages, func(s string) bool { return !languageRule.MatchString(s) }),
			"Languages must be written as Meta does: en, en_US, pt_BR"),
		driver.If(!versionRule.MatchString(cfg.Version), "Version must be one of the Graph API, such as v25.0"),
	)
}

var (
	_ otp.CodeMessenger = (*Client)(nil)
	_ verify.Prober     = (*Client)(nil)
	_ verify.Warmer     = (*Client)(nil)
)

// offered says that codes of 4 to 10 digits go by WhatsApp. Meta takes 15 characters.
var offered = verify.Capabilities{
	Vendor: vendor, Channels: []verify.Channel{verify.ChannelWhatsApp}, MinDigits: minDigits, MaxDigits: maxDigits, Locale: true,
}

// A Client is an [otp.CodeMessenger] over the Cloud API. It is safe for concurrent use.
type Client struct {
	driver.Base
	cfg    Config
	tags   string // Languages as in RFC 5646, with spaces in between
	client *driver.Client
}

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	cfg.Version = cmp.Or(cfg.Version, version)
	cfg.Languages = slices.Clone(cfg.Languages)
	if len(cfg.Languages) == 0 {
		cfg.Languages = []string{language}
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(cfg.BaseURL, host), Client: cfg.HTTPClient,
		Header: map[string]string{"Authorization": driver.Bearer(cfg.Token)}, ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("whatsapp: %w", err)
	}
	tags := strings.ReplaceAll(strings.Join(cfg.Languages, " "), "_", "-")
	return &Client{driver.NewBase("Client", client, offered), cfg, tags, client}, nil
}

// DeliverCode has WhatsApp deliver a code and returns the [ID] of the message.
func (c *Client) DeliverCode(ctx context.Context, m otp.CodeMessage) (id string, err error) {
	if _, err := offered.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	if why := refuse(m); why != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: why}
	}
	body := message(m.To, m.Code, c.cfg.Template, c.languageFor(m.Request.Locale))
	reply, err := c.client.Do(ctx, driver.Call{Op: "send", Route: c.route("/messages"), Args: []string{c.cfg.PhoneNumberID}, JSON: body})
	if err != nil {
		return "", err
	}
	wamid, err := readSent(reply.Body, m.To)
	if err != nil {
		return "", c.client.Unknown("send", reply, err.Error())
	}
	return ID(wamid), nil
}

// route is a path behind that of the number.
func (c *Client) route(path string) string { return "/" + c.cfg.Version + "/{number}" + path }

// languageFor is the language of the template that is nearest to a locale, or the first.
func (c *Client) languageFor(locale string) string {
	if tag := driver.NearestTag(c.tags, locale); tag != "" {
		return strings.ReplaceAll(tag, "-", "_")
	}
	return c.first()
}

// first is the language for whom no other fits. A Client that New did not make has none.
func (c *Client) first() string {
	if len(c.cfg.Languages) == 0 {
		return ""
	}
	return c.cfg.Languages[0]
}

// Probe reads the business number, which takes a good token, with the permission
// whatsapp_business_management, and PhoneNumberID. It does not tell whether the
// template is approved, nor whether the account can pay.
func (c *Client) Probe(ctx context.Context) error {
	reply, err := c.client.Do(ctx, driver.Call{
		Op: "probe", Method: http.MethodGet, Route: c.route(""), Args: []string{c.cfg.PhoneNumberID}, Repeatable: true,
	})
	if err != nil {
		return err
	}
	var id string
	switch err := driver.Scan(reply.Body, driver.Field{Key: "id", To: &id, Need: true}); {
	case err != nil:
		return c.client.Unknown("probe", reply, err.Error())
	case id != c.cfg.PhoneNumberID:
		return c.client.Unknown("probe", reply, "the answer speaks of another number")
	}
	return nil
}

// refuse says why a message cannot be sent as it is.
func refuse(m otp.CodeMessage) string {
	switch {
	case m.Channel != verify.ChannelWhatsApp:
		return "codes go by whatsapp only"
	case len(m.Code) < minDigits || len(m.Code) > maxDigits || strings.Trim(m.Code, figures) != "":
		return "a code must be 4 to 10 digits"
	}
	return ""
}
