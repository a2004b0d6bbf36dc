// Package authy sends and checks codes through the legacy Authy API, for
// applications that still have users there.
//
// # Legacy
//
// Use package twilio, over Twilio Verify, for anything new; docs/migrate-authy.md
// shows how to move. Twilio has closed the Authy API to new customers and ended
// its support for SMS and voice alone in November 2022. Who used the app's codes
// or push before March 2023 is still served, until an end whose date is not told
// (https://www.twilio.com/docs/authy/api). Phone verification, which is Verify v1,
// is no longer sold (https://www.twilio.com/docs/verify/api/v1/verification).
//
// # Two products
//
// [Users] knows people that were registered once, by SMS, by call, by the codes
// of the Authy app, and by a push to that app (OneTouch):
//
//	users, err := authy.NewUsers(authy.Config{APIKey: os.Getenv("AUTHY_API_KEY"), Directory: mine})
//	err = users.Register(ctx, "a@example.com", "+15005550006") // once for each person
//	receipt, err := users.Send(ctx, "+15005550006")
//	err = users.Check(ctx, "+15005550006", typed)
//
// [Phone] proves a phone number of anybody, by SMS and by call:
//
//	phone, err := authy.NewPhone(authy.Config{APIKey: os.Getenv("AUTHY_API_KEY")})
//
// # Scopes
//
// A scope is Authy's action, and only Users have it. A code for an action is
// good for that action alone (https://www.twilio.com/docs/authy/api/one-time-passwords).
// The codes of the app know no action, so a Send in a scope is always forced to
// SMS or a call. Whether Authy takes a code of the app at a Check in a scope is
// not documented.
//
// # The URL holds the code
//
// Authy takes the code, and a Phone's number too, in the URL of a check. Errors
// and logs of this package never show a URL, but what instruments
// Config.HTTPClient may, as otelhttp does in url.full: have it leave the URL out.
//
// # Limits
//
// A person with the app is not sent an SMS unless it is forced: then the
// receipt says [verify.ChannelApp]. Authy does not tell how long a code of Users
// lives, nor how many attempts it allows; a code of Phone lives 10 minutes, and
// a second Send within that time repeats it.
package authy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const (
	vendor  = "authy"
	baseURL = "https://api.authy.com"
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
	BaseURL string `dsn:"base_url" default:"https://api.authy.com" example:"http://127.0.0.1:8080"`
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

// connect makes the road that both products share.
func connect(cfg Config) (*driver.Client, error) {
	base := cfg.BaseURL
	if base == "" {
		base = baseURL
	}
	c, err := driver.New(driver.Config{
		Vendor:    vendor,
		BaseURL:   base,
		Client:    cfg.HTTPClient,
		Header:    map[string]string{"X-Authy-API-Key": cfg.APIKey},
		ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("authy: %w", err)
	}
	return c, nil
}

func unsupported(op, detail string) error { return refuse(op, verify.ErrUnsupported, detail) }

// refuse is the error of a call that made no request.
func refuse(op string, kind verify.Outcome, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: kind, Detail: detail}
}

// appRoute tells of the application that a key belongs to, as recorded in
// https://github.com/ck-developer/authy (tests/Mock/AuthyDetailsSuccess.txt).
const appRoute = "/protected/json/app/details"

var (
	_ verify.Prober = (*Users)(nil)
	_ verify.Prober = (*Phone)(nil)
)

// Probe asks for the application's details, which takes a good key. Whether Digits
// is the application's own setting they do not tell, nor does it ask Directory.
func (u *Users) Probe(ctx context.Context) error { return probe(ctx, u.api.Client) }

// Probe asks for the application's details, which takes a good key. Whether it may
// verify phones they do not tell.
func (p *Phone) Probe(ctx context.Context) error { return probe(ctx, p.api.Client) }

func probe(ctx context.Context, c *driver.Client) error {
	reply, err := c.Do(ctx, driver.Call{Op: "probe", Method: "GET", Route: appRoute, Repeatable: true})
	if err != nil {
		return err
	}

	success, err := readSuccess(reply.Body)
	switch {
	case err != nil:
		return c.Unknown("probe", reply, err.Error())
	case !success:
		return c.Failed("probe", reply, noIn("probe", reply))
	}
	return nil
}
