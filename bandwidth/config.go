package bandwidth

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

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

// Limits of how old a code may be at the check. Bandwidth allows 15 minutes; ten
// are the most of NIST SP 800-63B-4 section 3.1.3.2.
const (
	minExpiry     = time.Minute
	maxExpiry     = 10 * time.Minute
	defaultExpiry = 10 * time.Minute
)

const defaultMessage = "Your {NAME} code is {CODE}"

// A Config says which account and which applications to use. Give either
// ClientID and ClientSecret, or Username and Password.
type Config struct {
	// AccountID names the account. Required.
	AccountID string
	// ClientID names an API credential that may use MFA.
	ClientID string
	// ClientSecret is the credential's secret.
	ClientSecret string `json:"-"`
	// Username names an API user. Bandwidth ends them on 2026-12-02.
	Username string
	// Password is the API user's.
	Password string `json:"-"`

	// SMSApplicationID names the application for messages. Without it, sms is not
	// offered. At least one application is required.
	SMSApplicationID string
	// VoiceApplicationID names the application for calls, which is another one.
	// Without it, voice is not offered.
	VoiceApplicationID string
	// From is the number in E.164 form that messages and calls come from. It must
	// belong to the applications. Required.
	From string

	// Message is what a person reads or hears: at most 2048 characters, with {CODE}
	// once. {NAME} stands for the application's name and {SCOPE} for the scope,
	// which is "2FA" if empty. Defaults to "Your {NAME} code is {CODE}".
	Message string
	// Expiry is how old a code may be at the check, 1 to 10 whole minutes. Defaults
	// to 10 minutes.
	Expiry time.Duration
	// CallbackURL is told what became of each message, but of no call: https to a
	// host name, no user, no address. Bandwidth does not sign what it tells
	// (https://dev.bandwidth.com/docs/mfa/webhooks). Defaults to none.
	CallbackURL string `json:"-"` // its query may hold what tells Bandwidth's calls from others

	// TokenURL replaces https://api.bandwidth.com/api/v1/oauth2/token, or where
	// BaseURL would have it.
	TokenURL string
	// BaseURL replaces https://mfa.bandwidth.com/api/v1, and https://api.bandwidth.com
	// unless TokenURL is given, for an emulator or a proxy. Plain http is accepted
	// for loopback and for hosts without dots.
	BaseURL string
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("bandwidth.Config{[hidden]}")) }

func (cfg Config) oauth() bool { return cfg.ClientID != "" }

// credentials returns the Authorization of the calls, or of the request for the
// token that goes with them.
func (cfg Config) credentials() (authorization string, err error) {
	credential := cfg.ClientID != "" || cfg.ClientSecret != ""
	user := cfg.Username != "" || cfg.Password != ""
	switch {
	case credential == user:
		return "", errors.New("bandwidth: give either ClientID and ClientSecret, or Username and Password")
	case credential && (!isUser(cfg.ClientID) || cfg.ClientSecret == ""):
		return "", errors.New("bandwidth: ClientID or ClientSecret is missing, or ClientID holds a colon")
	case user && (!isUser(cfg.Username) || cfg.Password == ""):
		return "", errors.New("bandwidth: Username or Password is missing, or Username holds a colon")
	case credential:
		return rest.Basic(cfg.ClientID, cfg.ClientSecret), nil
	}
	return rest.Basic(cfg.Username, cfg.Password), nil
}

// tokenURL returns where tokens come from.
func (cfg Config) tokenURL() string {
	base := strings.TrimSuffix(cmp.Or(cfg.BaseURL, "https://api.bandwidth.com"), "/")
	return cmp.Or(cfg.TokenURL, base+tokenPath)
}

// The settings are what a Config asks of each call.
type settings struct {
	account      string
	applications map[verify.Channel]string
	from         string
	message      string
	expiry       time.Duration
	callbackURL  string
}

// settings checks what goes into the calls.
func (cfg Config) settings() (*settings, error) {
	s := &settings{
		account: cfg.AccountID,
		applications: map[verify.Channel]string{
			verify.ChannelSMS: cfg.SMSApplicationID, verify.ChannelVoice: cfg.VoiceApplicationID,
		},
		from:        cfg.From,
		message:     cmp.Or(cfg.Message, defaultMessage),
		expiry:      cmp.Or(cfg.Expiry, defaultExpiry),
		callbackURL: cfg.CallbackURL,
	}
	switch {
	case !isID(cfg.AccountID, maxAccount):
		return nil, errors.New("bandwidth: AccountID must be 1 to 32 of [A-Za-z0-9_-]")
	case cfg.SMSApplicationID == "" && cfg.VoiceApplicationID == "":
		return nil, errors.New("bandwidth: give SMSApplicationID, VoiceApplicationID or both")
	case !isID(cmp.Or(cfg.SMSApplicationID, "-"), maxApplication),
		!isID(cmp.Or(cfg.VoiceApplicationID, "-"), maxApplication):
		return nil, errors.New("bandwidth: SMSApplicationID and VoiceApplicationID must be 1 to 50 of [A-Za-z0-9_-]")
	case !verify.IsPhone(cfg.From):
		return nil, errors.New("bandwidth: From must be a phone number in E.164 form")
	case !isMessage(s.message):
		return nil, errors.New("bandwidth: Message " + messageRule)
	case s.expiry < minExpiry || s.expiry > maxExpiry || s.expiry%time.Minute != 0:
		return nil, errors.New("bandwidth: Expiry must be 1 to 10 whole minutes")
	case s.callbackURL != "" && !isCallback(s.callbackURL):
		return nil, errors.New("bandwidth: CallbackURL must be https to a host name, without user and fragment")
	}
	return s, nil
}

// isCallback refuses whatever reaches into a network from within: an address in
// any spelling, and a name without dots or of a private domain. A name that
// resolves to a private address passes, since New looks up nothing.
func isCallback(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.User == nil && u.Fragment == "" && isPublicHost(u.Hostname())
}
