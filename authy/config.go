package authy

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
)

// Limits of a code, in digits. Applications of Authy send 6 to 8 and clients
// take up to 10 (https://www.twilio.com/docs/authy/api/one-time-passwords).
const (
	leastDigits = 6
	mostDigits  = 10
	usersDigits = 7
	phoneDigits = 6
)

const maxActionMessage = 255 // bytes, as Authy's clients have it

// A Config says which Authy application to use, and how.
//
// # In the console
//
//  1. Authy takes no new customers: use Twilio Verify for a new application,
//     and see docs/migrate-authy.md for an old one
//     (https://www.twilio.com/docs/authy/api).
//  2. Open https://console.twilio.com, choose Authy and the application, and
//     copy the API key for production from its settings. It is APIKey
//     (https://www.twilio.com/docs/authy/twilioauth-sdk/quickstart/obtaining-authy-api-key).
//  3. For users, compare Digits with the length of the application's tokens.
//  4. For callbacks of OneTouch, give the application's callback URL as
//     CallbackURL, to the letter: it is signed
//     (https://www.twilio.com/docs/authy/validation).
type Config struct {
	// APIKey is the application's key, as in its console. Required.
	APIKey string `json:"-" dsn:"api_key,user,required" example:"env:AUTHY_API_KEY"`

	// Digits is the length of a code, 6 to 10. For Users it must be the
	// application's own setting: a code of another length is refused without
	// asking. Defaults to 7. For Phone it is what Send asks for without
	// [verify.WithDigits]. Defaults to 6.
	Digits int `dsn:"digits" example:"8"`

	// Directory finds the Authy id of a phone. For Users only. Defaults to a
	// [MemoryDirectory], which forgets everybody when the process ends.
	Directory Directory `json:"-"`
	// ForceSMS has the SMS or the call made even to a person who has the app. For
	// Users only. Defaults to false.
	ForceSMS bool `dsn:"force_sms" default:"false" example:"true"`
	// ActionMessages say, by scope, what the code is for, in the words that the
	// person reads: 1 to 255 bytes of printable text. For Users only. Defaults to
	// none: a scope without a message is as good.
	ActionMessages map[string]string `dsn:"action.NAME" example:"log%20in"`

	// CallbackURL is where Authy sends callbacks, exactly as in its console: https,
	// without a query. For Users only. Defaults to none: ReadCallback is refused.
	CallbackURL string `dsn:"callback_url" example:"https://app.example.com/authy"`
	// Nonces remembers the callbacks that were read, for more than one process.
	// For Users only. Defaults to a memory of 65,536 callbacks within 24 hours.
	Nonces Nonces `json:"-"`

	// BaseURL replaces https://api.authy.com, for an emulator or a proxy. Plain
	// http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" default:"https://api.authy.com" example:"http://127.0.0.1:4013"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the key of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("authy.Config{[hidden]}")) }

// check refuses what neither product can use, and fills in the digits.
func (cfg Config) check(digits int) (Config, error) {
	cfg.Digits = cmp.Or(cfg.Digits, digits)
	switch {
	case cfg.APIKey == "": // it signs callbacks too, and an empty key signs for everybody
		return cfg, errors.New("authy: APIKey is missing")
	case cfg.Digits < leastDigits || cfg.Digits > mostDigits:
		return cfg, errors.New("authy: Digits must be 6 to 10")
	}
	return cfg, nil
}

func (cfg Config) forUsers() (Config, error) {
	cfg, err := cfg.check(usersDigits)
	if err != nil {
		return cfg, err
	}
	for scope, message := range cfg.ActionMessages {
		if !verify.IsScope(scope) {
			return cfg, errors.New("authy: a name in ActionMessages must be 1 to 64 of [A-Za-z0-9._:-]")
		}
		if !isPrintable(message, maxActionMessage) {
			return cfg, errors.New("authy: a text in ActionMessages must be 1 to 255 bytes of printable text")
		}
	}
	if cfg.CallbackURL != "" && !isCallbackURL(cfg.CallbackURL) {
		return cfg, errors.New("authy: CallbackURL must be https://host/path without a query, or http to loopback")
	}
	if cfg.Directory == nil {
		cfg.Directory = new(MemoryDirectory)
	}
	if cfg.Nonces == nil {
		cfg.Nonces = new(memoryNonces)
	}
	return cfg, nil
}

func (cfg Config) forPhone() (Config, error) {
	if cfg.Directory != nil || cfg.ForceSMS || cfg.ActionMessages != nil || cfg.CallbackURL != "" || cfg.Nonces != nil {
		return cfg, errors.New("authy: Directory, ForceSMS, ActionMessages, CallbackURL and Nonces are for NewUsers")
	}
	return cfg.check(phoneDigits)
}

// isCallbackURL knows a URL that reads the same in a signature.
func isCallbackURL(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return false
	}
	host := u.Hostname()
	return u.Scheme == "https" || u.Scheme == "http" && (host == "127.0.0.1" || host == "::1" || host == "localhost")
}

func isPrintable(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
