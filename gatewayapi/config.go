package gatewayapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go2fa/verify/driver"
)

// Limits of a sender and a label, in characters:
// https://messaging.gatewayapi.com/openapi.json.
const (
	minSender  = 3 // of the Messaging API alone
	maxLetters = 11
	maxDigits  = 15
	maxLabel   = 128
)

// A Config says which account to use and how messages look. Give either Token,
// or Key and Secret.
//
// # In the console
//
//  1. Open the dashboard of the platform that has the account:
//     https://gatewayapi.com or https://gatewayapi.eu. It is Region.
//  2. Create an API token. It is Token.
//  3. Choose a Sender. Register it where a country asks for it.
//  4. For the REST API with signed requests, create an API key: it has Key and
//     Secret.
type Config struct {
	// Token is an API token. It is good on one platform only.
	Token string `json:"-" dsn:"token,user" example:"env:GATEWAYAPI_TOKEN"`
	// Key names an API key, by which each request is signed (OAuth 1.0a with
	// HMAC-SHA1). It chooses Classic.
	Key string `json:"-" dsn:"api_key" example:"env:GATEWAYAPI_KEY"`
	// Secret is the key's secret.
	Secret string `json:"-" dsn:"api_secret" example:"env:GATEWAYAPI_SECRET"`
	// Basic sends Token as the user name of HTTP's basic authentication, for a proxy
	// that knows no other scheme. It chooses Classic. Defaults to false.
	Basic bool `dsn:"basic" default:"false" example:"true"`

	// Region is the platform of the account, "com" or "eu". Defaults to "com".
	Region string `dsn:"region,host,oneof=com|eu" default:"com" example:"eu"`
	// Classic chooses the REST API in place of the Messaging API. Defaults to false, and
	// to true with Key, Secret or Basic, which the Messaging API does not know.
	Classic bool `dsn:"classic" default:"false" example:"true"`

	// Sender is shown as who sent the message: at most 11 letters, digits and
	// spaces, or at most 15 digits without a plus, and at least 3 of either for the
	// Messaging API. Some countries replace it or want it registered. Required, but
	// with Classic defaults to what the account has.
	Sender string `dsn:"sender" example:"Acme"`
	// Label groups messages in GatewayAPI's statistics, at most 128 characters and no
	// personal data. Defaults to none.
	Label string `dsn:"label" example:"login"`
	// Priority is "normal" or "urgent", and with Classic also "bulk" or
	// "very_urgent". More urgent messages may cost more. Defaults to GatewayAPI's
	// own, "normal".
	Priority string `dsn:"priority" example:"urgent"`
	// Class is "standard", "premium" or "secret", which blurs the text in
	// GatewayAPI's logs. The account must have it. Goes with Classic only. Defaults
	// to GatewayAPI's own, "standard".
	Class string `dsn:"class" example:"secret"`

	// BaseURL replaces the host of either API, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:4014"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("gatewayapi.Config{[hidden]}")) }

// classic reports which API is meant: the credentials may leave no choice.
func (cfg Config) classic() bool {
	return cfg.Classic || cfg.Key != "" || cfg.Secret != "" || cfg.Basic
}

// credentials returns the Authorization of every request, or what signs each.
func (cfg Config) credentials() (authorization string, sign func(*http.Request, []byte) error, err error) {
	token := cfg.Token != ""
	key := cfg.Key != "" || cfg.Secret != ""
	switch {
	case token == key:
		return "", nil, errors.New("gatewayapi: give either Token, or Key and Secret")
	case key && cfg.Basic:
		return "", nil, errors.New("gatewayapi: Basic goes with Token only")
	case key && (cfg.Key == "" || cfg.Secret == ""):
		return "", nil, errors.New("gatewayapi: Key or Secret is missing")
	case key:
		return "", newSigner(cfg.Key, cfg.Secret), nil
	case strings.TrimSpace(cfg.Token) != cfg.Token:
		return "", nil, errors.New("gatewayapi: Token opens or ends with a space")
	case cfg.Basic && strings.Contains(cfg.Token, ":"):
		return "", nil, errors.New("gatewayapi: Token holds a colon, which Basic cannot carry")
	case cfg.Basic:
		return driver.Basic(cfg.Token, ""), nil, nil
	}
	return "Token " + cfg.Token, nil, nil
}

// base returns the host of the API: https://gatewayapi.com/docs/authentication/.
func (cfg Config) base() (string, error) {
	switch {
	case cfg.Region != "" && cfg.Region != "com" && cfg.Region != "eu":
		return "", errors.New("gatewayapi: Region must be com or eu")
	case cfg.BaseURL != "":
		return cfg.BaseURL, nil
	}
	host := "gatewayapi.com"
	if cfg.Region == "eu" {
		host = "gatewayapi.eu"
	}
	if !cfg.Classic {
		host = "messaging." + host
	}
	return "https://" + host, nil
}

// The settings are what a Config, or an option of one Send, asks of a message.
type settings struct {
	classic                        bool
	sender, label, priority, class string
}

// settings checks what goes into the messages.
func (cfg Config) settings() (settings, error) {
	s := settings{cfg.Classic, cfg.Sender, cfg.Label, cfg.Priority, cfg.Class}
	switch {
	case cfg.Sender == "" && !cfg.Classic, cfg.Sender != "" && !s.isSender(cfg.Sender):
		return s, errors.New("gatewayapi: Sender " + senderRule)
	case cfg.Label != "" && !isLabel(cfg.Label):
		return s, errors.New("gatewayapi: Label " + labelRule)
	case !s.isPriority(cfg.Priority):
		return s, errors.New("gatewayapi: Priority must be normal or urgent; with Classic also bulk or very_urgent")
	case cfg.Class != "" && !cfg.Classic:
		return s, errors.New("gatewayapi: Class goes with Classic only")
	case !isClass(cfg.Class):
		return s, errors.New("gatewayapi: Class must be standard, premium or secret")
	}
	if cfg.Classic {
		s.priority = strings.ToUpper(cfg.Priority) // the REST API shouts
	}
	return s, nil
}
