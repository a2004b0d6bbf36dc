package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go2fa/verify"
)

// Limits of a sender, in characters and digits:
// https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id and
// https://www.twilio.com/docs/glossary/what-is-a-short-code.
const (
	maxSenderID  = 11
	minShortCode = 3
	maxShortCode = 8
)

// A MessagingConfig says which account messages are sent from. Give AccountSID
// and either AuthToken, or APIKeySID and APIKeySecret; and From,
// MessagingServiceSID or both.
type MessagingConfig struct {
	// AccountSID names the account: "AC" and 32 hexadecimal digits. Required, with
	// an API key too.
	AccountSID string `dsn:"account_sid,user,required" example:"AC00000000000000000000000000000000"`
	// AuthToken is the account's token.
	AuthToken string `json:"-" dsn:"auth_token,pass" example:"env:TWILIO_AUTH_TOKEN"`
	// APIKeySID names an API key: "SK" and 32 hexadecimal digits. A key is good in
	// one region only.
	APIKeySID string `dsn:"api_key_sid" example:"SK00000000000000000000000000000000"`
	// APIKeySecret is the key's secret.
	APIKeySecret string `json:"-" dsn:"api_key_secret" example:"file:/run/secrets/twilio"`

	// From is who sends: a number of the account in E.164 form, a short code, or a
	// name of at most 11 letters, digits, spaces and +-_&, one letter among them.
	From string `dsn:"from" example:"+15017122661"`
	// MessagingServiceSID names a Messaging Service, "MG" and 32 hexadecimal
	// digits, which chooses who sends unless From does.
	MessagingServiceSID string `dsn:"messaging_service_sid" example:"MG00000000000000000000000000000000"`

	// Region chooses where Twilio processes the calls, such as "ie1"
	// (https://www.twilio.com/docs/global-infrastructure). Defaults to none.
	Region string `dsn:"region" example:"ie1"`
	// Edge chooses where the calls enter Twilio's network, such as "dublin". Defaults
	// to that of Region for ie1 and au1, else to none, and is required with any other
	// region but us1. An edge without a region means region us1.
	Edge string `dsn:"edge" example:"dublin"`
	// BaseURL replaces https://api.twilio.com, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://api.twilio.com" example:"http://127.0.0.1:4011"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a MessagingConfig out of every print.
func (MessagingConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("twilio.MessagingConfig{[hidden]}"))
}

// account is the part that a MessagingConfig shares with a Config.
func (cfg MessagingConfig) account() Config {
	return Config{
		AccountSID: cfg.AccountSID, AuthToken: cfg.AuthToken,
		APIKeySID: cfg.APIKeySID, APIKeySecret: cfg.APIKeySecret,
		Region: cfg.Region, Edge: cfg.Edge, BaseURL: cfg.BaseURL,
	}
}

func (cfg MessagingConfig) credentials() (user, password string, err error) {
	if !isSID(cfg.AccountSID, "AC") {
		return "", "", errors.New("twilio: AccountSID must be AC and 32 hexadecimal digits")
	}
	return cfg.account().credentials()
}

func (cfg MessagingConfig) base() (string, error) { return cfg.account().base("api") }

func (cfg MessagingConfig) validate() error {
	switch {
	case cfg.From == "" && cfg.MessagingServiceSID == "":
		return errors.New("twilio: give From, MessagingServiceSID or both")
	case cfg.MessagingServiceSID != "" && !isSID(cfg.MessagingServiceSID, "MG"):
		return errors.New("twilio: MessagingServiceSID must be MG and 32 hexadecimal digits")
	case cfg.From != "" && !isFrom(cfg.From):
		return errors.New("twilio: From must be a number in E.164 form, a short code of 3 to 8 digits, or a name of at most 11 characters")
	}
	return nil
}

const digits = "0123456789"

// isFrom knows the three kinds of senders of sms.
func isFrom(s string) bool {
	if strings.Trim(s, digits) == "" {
		return len(s) >= minShortCode && len(s) <= maxShortCode
	}
	return verify.IsPhone(s) || isSenderID(s)
}

func isSenderID(s string) bool {
	rest := strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz"+digits+" +-_&")
	letter := strings.ContainsAny(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz")
	return len(s) <= maxSenderID && rest == "" && letter && strings.TrimSpace(s) == s
}
