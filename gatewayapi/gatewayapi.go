// Package gatewayapi delivers messages through GatewayAPI, which neither makes
// nor checks codes: package otp does, over a [Client].
//
//	messenger, err := gatewayapi.New(gatewayapi.Config{Token: os.Getenv("GATEWAYAPI_TOKEN"), Region: "eu", Sender: "Acme"})
//	verifier, err := otp.New(otp.Config{Messenger: messenger, Store: new(otp.MemoryStore), Keys: [][]byte{key}})
//	receipt, err := verifier.Send(ctx, "+15005550006")
//	err = verifier.Check(ctx, "+15005550006", typed)
//
// # Two APIs
//
// The Messaging API (https://gatewayapi.com/docs/message/overview/) is the
// default; Config.Classic chooses the older REST API
// (https://gatewayapi.com/docs/apis/rest/), which takes a signature in place of
// a token. A signature is for the URL that we ask: a proxy must not change its
// scheme, host, port or path. Each API stands on two platforms, com and eu, whose
// accounts are apart.
//
// # Limits
//
// GatewayAPI takes at most 40 connections from one address at once and refuses
// others (https://gatewayapi.com/docs/apis/rest/): who sends more brings a
// Config.HTTPClient whose transport limits MaxConnsPerHost. Neither API knows a
// message again that is sent twice. A message that was accepted is not yet
// delivered; it is dropped when its code expires, but the REST API tries for a
// minute at least.
package gatewayapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

const (
	vendor     = "gatewayapi"
	senderRule = "must be 3 to 11 letters, digits and inner spaces, or 3 to 15 digits; with Classic it may be shorter"
	labelRule  = "must be 1 to 128 characters"
	figures    = "0123456789"
	letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// A Config says which account to use and how messages look. Give either Token,
// or Key and Secret.
//
// # In the console
//
//  1. Open the dashboard of the platform that has the account:
//     https://gatewayapi.com or https://gatewayapi.eu. It is Region, and a token
//     of one is none at the other. A new account is on trial for 30 days
//     (https://gatewayapi.com/docs/guide/).
//  2. Copy an API token, or create another one
//     (https://gatewayapi.com/docs/apis/authentication/). It is Token. The REST
//     API also takes an API key, which has Key and Secret.
//  3. Choose a Sender. Countries may replace it, or ask that it is registered.
type Config struct {
	// Token is an API token. It is good on one platform only.
	Token string `json:"-" dsn:"token,user" example:"env:GATEWAYAPI_TOKEN"`
	// Key names an API key, which signs each request (OAuth 1.0a with HMAC-SHA1).
	Key string `json:"-" dsn:"api_key" example:"env:GATEWAYAPI_KEY"`
	// Secret is the key's secret.
	Secret string `json:"-" dsn:"api_secret" example:"env:GATEWAYAPI_SECRET"`
	// Basic sends Token as the user name of HTTP's basic authentication, for a proxy
	// that knows no other scheme. Defaults to false.
	Basic bool `dsn:"basic" default:"false" example:"true"`
	// Region is the platform of the account, "com" or "eu". Defaults to "com".
	Region string `dsn:"region,host,oneof=com|eu" default:"com" example:"eu"`
	// Classic chooses the REST API in place of the Messaging API. Defaults to false, and
	// to true with Key, Secret or Basic, which the Messaging API does not know.
	Classic bool `dsn:"classic" default:"false" example:"true"`
	// Sender is shown as who sent the message: 3 to 11 letters, digits and inner
	// spaces, or 3 to 15 digits without a plus. Some countries replace it or want it
	// registered. Required; with Classic it may be shorter, and defaults to what the
	// account has.
	Sender string `dsn:"sender" example:"Acme"`
	// Label groups messages in GatewayAPI's statistics, at most 128 characters and no
	// personal data. Defaults to none.
	Label string `dsn:"label" example:"login"`
	// Priority is "normal" or "urgent", which may cost more, and with Classic also
	// "bulk" or "very_urgent". Defaults to GatewayAPI's own, "normal".
	Priority string `dsn:"priority" example:"urgent"`
	// Class is "standard", "premium", or "secret", which blurs the text in GatewayAPI's
	// logs. The account must have it. For Classic only. Defaults to "standard".
	Class string `dsn:"class" example:"secret"`
	// BaseURL replaces the host of either API, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("gatewayapi.Config{[hidden]}")) }

// withDefaults fills in what follows from the rest, and checks it.
func (cfg Config) withDefaults() (Config, error) {
	// The Messaging API knows neither signatures nor Basic.
	cfg.Classic = cfg.Classic || cfg.Key != "" || cfg.Secret != "" || cfg.Basic
	cfg.Region = cmp.Or(cfg.Region, "com")
	token, key := cfg.Token != "", cfg.Key != "" || cfg.Secret != ""
	priorities := map[bool][]string{false: {"", "normal", "urgent"}, true: {"", "bulk", "normal", "urgent", "very_urgent"}}
	return cfg, driver.Invalid(vendor,
		driver.If(token == key, "give either Token, or Key and Secret"),
		driver.If(key && cfg.Basic, "Basic goes with Token only"),
		driver.If(key && (cfg.Key == "" || cfg.Secret == ""), "Key or Secret is missing"),
		driver.If(strings.TrimSpace(cfg.Token) != cfg.Token, "Token opens or ends with a space"),
		driver.If(cfg.Basic && !driver.IsUser(cfg.Token), "Token holds a colon, which Basic cannot carry"),
		driver.If(cfg.Region != "com" && cfg.Region != "eu", "Region must be com or eu"),
		driver.If((cfg.Sender != "" || !cfg.Classic) && !cfg.isSender(cfg.Sender), "Sender "+senderRule),
		driver.If(cfg.Label != "" && !isLabel(cfg.Label), "Label "+labelRule),
		driver.If(!slices.Contains(priorities[cfg.Classic], cfg.Priority), "Priority must be normal or urgent; with Classic also bulk or very_urgent"),
		driver.If(cfg.Class != "" && !cfg.Classic, "Class goes with Classic only"),
		driver.If(!slices.Contains([]string{"", "standard", "premium", "secret"}, cfg.Class), "Class must be standard, premium or secret"),
	)
}

// connect makes a client of a host: https://gatewayapi.com/docs/authentication/.
func (cfg Config) connect(host string) (*driver.Client, error) {
	d := driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(cfg.BaseURL, "https://"+host+"."+cfg.Region),
		Client: cfg.HTTPClient, ReadError: readError,
	}
	if cfg.Key != "" {
		d.Sign = newSigner(cfg.Key, cfg.Secret)
	} else if d.Header = map[string]string{"Authorization": "Token " + cfg.Token}; cfg.Basic {
		d.Header["Authorization"] = driver.Basic(cfg.Token, "")
	}
	return driver.New(d)
}

var _ otp.Messenger = (*Client)(nil)

var offered = verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}}

// A Client is an [otp.Messenger] over GatewayAPI. It is safe for concurrent use.
type Client struct {
	driver.Base
	cfg     Config
	client  *driver.Client
	account *driver.Client // to the host of the REST API, which tells the balance
}

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	client, err := cfg.connect(map[bool]string{false: "messaging.gatewayapi", true: "gatewayapi"}[cfg.Classic])
	if err != nil {
		return nil, fmt.Errorf("gatewayapi: %w", err)
	}
	account, err := cfg.connect("gatewayapi")
	return &Client{driver.NewBase("Client", client, offered), cfg, client, account}, err
}

// Deliver has GatewayAPI deliver a message and returns its id. It reads the
// options of this package from m.Request.
func (c *Client) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := offered.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	cfg, err := c.cfg.with(m)
	if err != nil {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: err.Error()}
	}
	route, read := "/mobile/single", readMobile
	if cfg.Classic {
		route, read = "/rest/mtsms", readClassic
	}
	reply, err := c.client.Do(ctx, driver.Call{Op: "send", Route: route, JSON: cfg.body(m)})
	if err != nil {
		return "", err
	}
	if id, err = read(reply.Body, m); err != nil {
		return "", c.client.Unknown("send", reply, err.Error())
	}
	return id, nil
}

// Probe asks for the account's balance, which takes good credentials of the right
// platform and, where Key signs, a clock that is not far off. No credit left is
// [verify.ErrUnauthorized]. Whether Sender is accepted only a message can tell.
func (c *Client) Probe(ctx context.Context) error {
	reply, err := c.account.Do(ctx, driver.Call{Op: "probe", Method: "GET", Route: "/rest/me", Repeatable: true})
	if err != nil {
		return err
	}
	var credit json.RawMessage
	err = driver.Scan(reply.Body, driver.Field{Key: "credit", To: &credit})
	switch left, notNumber := strconv.ParseFloat(string(credit), 64); {
	case err != nil || notNumber != nil:
		return c.account.Unknown("probe", reply, "the answer does not tell the credit")
	case left <= 0:
		return c.account.Failed("probe", reply, driver.Failure{Outcome: verify.ErrUnauthorized, Detail: "the account has no credit left"})
	}
	return nil
}

// Close closes idle connections of the client's own transports, and nothing that
// Config.HTTPClient brought.
func (c *Client) Close() error { return errors.Join(c.client.Close(), c.account.Close()) }

type senderOption string
type labelOption string

// WithSender replaces Config.Sender for one Send, under the same rules.
func WithSender(sender string) verify.SendOption {
	return verify.VendorOption(vendor, senderOption(sender))
}

// WithLabel replaces Config.Label for one Send, under the same rules.
func WithLabel(label string) verify.SendOption {
	return verify.VendorOption(vendor, labelOption(label))
}

// with applies the options of one message, or says why it cannot.
func (cfg Config) with(m otp.Message) (Config, error) {
	senders := verify.VendorOptions[senderOption](m.Request, vendor)
	labels := verify.VendorOptions[labelOption](m.Request, vendor)
	for _, sender := range senders {
		cfg.Sender = string(sender)
	}
	for _, label := range labels {
		cfg.Label = string(label)
	}
	switch {
	case m.Channel != verify.ChannelSMS:
		return cfg, errors.New("messages go by sms only")
	case len(senders) > 1 || len(labels) > 1:
		return cfg, errors.New("a sender and a label are given once")
	case len(senders) == 1 && !cfg.isSender(cfg.Sender):
		return cfg, errors.New("a sender " + senderRule)
	case len(labels) == 1 && !isLabel(cfg.Label):
		return cfg, errors.New("a label " + labelRule)
	}
	return cfg, nil
}

// isSender refuses what GatewayAPI, or a network on the way, would cut off or
// replace: https://messaging.gatewayapi.com/openapi.json.
func (cfg Config) isSender(s string) bool {
	least, most := 3, 11
	if cfg.Classic {
		least = 1
	}
	if strings.Trim(s, figures) == "" {
		most = 15
	}
	return len(s) >= least && len(s) <= most && strings.TrimSpace(s) == s && strings.Trim(s, letters+figures+" ") == ""
}

func isLabel(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= 128
}
