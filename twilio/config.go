package twilio

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// Limits of a Service's code length, in digits:
// https://www.twilio.com/docs/verify/api/service.
const (
	minDigits     = 4
	maxDigits     = 10
	defaultDigits = 6
)

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
	BaseURL string `dsn:"base_url" default:"https://verify.twilio.com" example:"http://127.0.0.1:4011"`
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

func (cfg Config) credentials() (user, password string, err error) {
	token := cfg.AuthToken != ""
	key := cfg.APIKeySID != "" || cfg.APIKeySecret != ""
	switch {
	case token == key:
		return "", "", errors.New("twilio: give either AccountSID and AuthToken, or APIKeySID and APIKeySecret")
	case cfg.AccountSID != "" && !isSID(cfg.AccountSID, "AC"), token && cfg.AccountSID == "":
		return "", "", errors.New("twilio: AccountSID must be AC and 32 hexadecimal digits")
	case token:
		return cfg.AccountSID, cfg.AuthToken, nil
	case !isSID(cfg.APIKeySID, "SK"):
		return "", "", errors.New("twilio: APIKeySID must be SK and 32 hexadecimal digits")
	case cfg.APIKeySecret == "":
		return "", "", errors.New("twilio: APIKeySecret is missing")
	}
	return cfg.APIKeySID, cfg.APIKeySecret, nil
}

// services checks all Services and returns them by scope.
func (cfg Config) services() (map[string]Service, error) {
	services := map[string]Service{"": cfg.Service}
	for scope, service := range cfg.Scopes {
		if !verify.IsScope(scope) {
			return nil, errors.New("twilio: a name in Scopes must be 1 to 64 of [A-Za-z0-9._:-]")
		}
		services[scope] = service
	}
	used := map[string]bool{}
	for scope, service := range services {
		field := "Service."
		if scope != "" {
			field = "Scopes."
		}
		if !isSID(service.SID, "VA") {
			return nil, errors.New("twilio: " + field + "SID must be VA and 32 hexadecimal digits")
		}
		if used[strings.ToLower(service.SID)] {
			return nil, errors.New("twilio: two scopes share one Service, and so their codes")
		}
		used[strings.ToLower(service.SID)] = true
		if service.CodeLength == 0 {
			service.CodeLength = defaultDigits
		}
		if service.CodeLength < minDigits || service.CodeLength > maxDigits {
			return nil, errors.New("twilio: " + field + "CodeLength must be 4 to 10")
		}
		services[scope] = service
	}
	return services, nil
}

// base returns the host of one of Twilio's products:
// https://www.twilio.com/docs/global-infrastructure.
func (cfg Config) base(product string) (string, error) {
	if cfg.Region == "" && cfg.Edge == "" {
		if cfg.BaseURL != "" {
			return cfg.BaseURL, nil
		}
		return "https://" + product + ".twilio.com", nil
	}
	if cfg.BaseURL != "" {
		return "", errors.New("twilio: give either BaseURL, or Region and Edge")
	}
	region := cmp.Or(cfg.Region, "us1")
	edge := cmp.Or(cfg.Edge, edges[region])
	switch {
	case !isHostLabel(region), edge != "" && !isHostLabel(edge):
		return "", errors.New("twilio: Region and Edge are lower-case names such as ie1 and dublin")
	case edge == "" && region != "us1":
		return "", errors.New("twilio: Edge is missing: a host with this Region alone does not answer")
	case edge != "":
		product += "." + edge
	}
	return "https://" + product + "." + region + ".twilio.com", nil
}

// client makes the client of one of Twilio's products.
func (cfg Config) client(product string, readError func(string, int, []byte) driver.Failure) (*driver.Client, error) {
	user, password, err := cfg.credentials()
	if err != nil {
		return nil, err
	}
	base, err := cfg.base(product)
	if err != nil {
		return nil, err
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: base, Client: cfg.HTTPClient,
		Header:    map[string]string{"Authorization": driver.Basic(user, password)},
		RequestID: "Twilio-Request-Id", ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	return client, nil
}

// isSID knows a prefix and 32 hexadecimal digits.
func isSID(s, prefix string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

func isHostLabel(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}

// edges are those of the regions that have one of their own. A host with a region
// and no edge answers with a wrong certificate, or not at all:
// https://www.twilio.com/docs/global-infrastructure/api-domain-migration-guide.
var edges = map[string]string{"ie1": "dublin", "au1": "sydney"}
