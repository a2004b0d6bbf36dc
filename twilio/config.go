package twilio

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go2fa/verify"
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
type Config struct {
	// AccountSID names the account: "AC" and 32 hexadecimal digits.
	AccountSID string
	// AuthToken is the account's token.
	AuthToken string `json:"-"`
	// APIKeySID names an API key: "SK" and 32 hexadecimal digits. A key is good in
	// one region only.
	APIKeySID string
	// APIKeySecret is the key's secret.
	APIKeySecret string `json:"-"`

	// Service serves the empty scope. Required.
	Service Service
	// Scopes serve the other scopes, each with a Service of its own: two scopes of
	// one Service would share their codes. Defaults to none.
	Scopes map[string]Service

	// Region and Edge choose another host, such as "ie1" and "dublin"
	// (https://www.twilio.com/docs/global-infrastructure). Default to none. An
	// edge without a region means region us1.
	Region, Edge string
	// BaseURL replaces https://verify.twilio.com, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string
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
	SID string
	// CodeLength must be the Service's own setting, 4 to 10 digits: a code of
	// another length is refused without asking. Defaults to 6.
	CodeLength int
	// PSD2 must be the Service's own setting. Such a Service binds each code to an
	// amount and a payee, insists on both, and does not call.
	PSD2 bool
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
		if !isSID(service.SID, "VA") {
			return nil, errors.New("twilio: the SID of a Service must be VA and 32 hexadecimal digits")
		}
		if used[strings.ToLower(service.SID)] {
			return nil, errors.New("twilio: two scopes share one Service, and so their codes")
		}
		used[strings.ToLower(service.SID)] = true
		if service.CodeLength == 0 {
			service.CodeLength = defaultDigits
		}
		if service.CodeLength < minDigits || service.CodeLength > maxDigits {
			return nil, errors.New("twilio: CodeLength must be 4 to 10")
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
	host := product
	for _, label := range []string{cfg.Edge, cmp.Or(cfg.Region, "us1")} {
		if label == "" {
			continue
		}
		if !isHostLabel(label) {
			return "", errors.New("twilio: Region and Edge are lower-case names such as ie1 and dublin")
		}
		host += "." + label
	}
	return "https://" + host + ".twilio.com", nil
}
