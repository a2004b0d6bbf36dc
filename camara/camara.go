// Package camara sends and checks codes through the API of the mobile operators
// themselves, One Time Password SMS of CAMARA, which operators of the GSMA Open Gateway
// serve. The operator makes, delivers and checks the code. One package serves all of
// them: the settings say which operator it is.
//
//	client, err := camara.New(camara.Config{
//		APIRoot:    "api.operator.example",
//		TokenURL:   "https://auth.operator.example/oauth2/token",
//		ClientID:   os.Getenv("OPERATOR_CLIENT_ID"),
//		PrivateKey: privateKey,
//	})
//	receipt, err := client.Send(ctx, "+15005550006")
//	err = client.Check(ctx, "+15005550006", typed)
//
// # References
//
// An operator checks a code by the id that its answer to the send held. The client
// remembers it: in this process, unless Config.References names a place that several
// share. A code whose id is lost cannot be checked, and the person asks for a new one.
//
// # Numbers of other operators
//
// Most operators serve their own subscribers only. The number of another one is
// [verify.ErrInvalidRecipient] with Elsewhere, so that package failover moves on to the
// next operator or vendor.
//
// # Codes
//
// The operator chooses how long a code is and whether it holds letters, which no answer
// tells: Capabilities.Letters is true, and letters are compared as they are typed. There
// are no scopes: a new code of a number ends the one before, whatever it was for.
//
// # Limits
//
// An operator's yes is an answer without a body. It counts only if it carries the
// x-correlator of our own request, as the API demands: nobody on the way can say yes by
// an empty page. How long a code lives, and how many sends and wrong codes are allowed,
// each operator decides for itself. A check is never repeated after its answer was lost,
// since the operator may count a second attempt.
package camara

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

const vendor = "camara"

// Limits: https://github.com/camaraproject/OTPValidation, one-time-password-sms.yaml of
// r3.2, and for the length of a code its issue 27.
const (
	minDigits, maxDigits = 4, 10
	maxMessage           = 160
	maxID                = 36
	maxVersion           = 16
	minExpiry            = time.Minute
	maxExpiry            = 10 * time.Minute // NIST SP 800-63B-4 section 3.1.3.2
)

const (
	defaultMessage = "{{code}} is your code"
	messageRule    = "must be at most 160 characters in one line, with {{code}} once and no other braces"
	defaultScope   = "dpv:FraudPreventionAndDetection one-time-password-sms:send-validate"
)

// A Config says which operator and which account to use. Give either PrivateKey or
// ClientSecret.
//
// # In the console
//
//  1. Register an application for the API One Time Password SMS, with the operator or
//     with who sells access to several (https://open-gateway.gsma.com). The address of the
//     API between https:// and /one-time-password-sms is APIRoot, what follows is Version.
//  2. Agree with the operator on the client credentials flow and on the purpose, a word
//     of https://w3c.github.io/dpv/. It stands behind dpv: in TokenScope.
//  3. Look up token_endpoint in the operator's OpenID configuration. It is TokenURL.
//  4. Make a key of RSA with 2048 bits or more, register its public half, and give the
//     other one as PrivateKey and its kid, if it has one, as KeyID. Some operators hand
//     out a ClientSecret in its place.
//  5. Ask how long codes are, how long they live, and how many sends and wrong codes are
//     allowed. Give CodeLength and Expiry accordingly.
type Config struct {
	// ClientID is the id of the application. Required.
	ClientID string `dsn:"client_id,user,required" example:"env:CAMARA_CLIENT_ID"`
	// ClientSecret is its secret, where the operator takes it by HTTP Basic in place of
	// PrivateKey.
	ClientSecret string `json:"-" dsn:"client_secret,pass" example:"env:CAMARA_CLIENT_SECRET"`
	// PrivateKey is the application's, PEM of RSA: it signs each request for a token
	// (private_key_jwt by RS256).
	PrivateKey []byte `json:"-" dsn:"private_key" example:"file:/run/secrets/camara.key"`
	// KeyID is the kid of PrivateKey, where the operator knows several. Defaults to none.
	KeyID string `dsn:"key_id" example:"key-1"`

	// APIRoot is the operator's host, and what stands behind it in front of
	// /one-time-password-sms: api.operator.example/open-gateway. Required.
	APIRoot string `dsn:"api_root,host,required" example:"api.operator.example"`
	// Version is the version of the API in its path. Defaults to v1.
	Version string `dsn:"version" default:"v1" example:"v0"`
	// TokenURL is the operator's token endpoint, or its path at the host of the API.
	// Required.
	TokenURL string `dsn:"token_url,required" example:"https://auth.operator.example/oauth2/token"`
	// TokenScope is what is asked for: one purpose and the scope of the API. Defaults to
	// "dpv:FraudPreventionAndDetection one-time-password-sms:send-validate".
	TokenScope string `dsn:"token_scope" default:"dpv:FraudPreventionAndDetection one-time-password-sms:send-validate" example:"dpv:IdentityVerification%20one-time-password-sms:send-validate"`

	// Message is what a person reads: at most 160 characters in one line, with {{code}}
	// once. An operator may allow fewer. Defaults to "{{code}} is your code".
	Message string `dsn:"message" default:"{{code}} is your code" example:"{{code}}%20is%20your%20Acme%20code"`
	// CodeLength is how long the operator's codes are, 4 to 10 characters: a code of
	// another length is refused without asking. Without it codes of 4 to 10 characters
	// are asked about, and receipts name no length.
	CodeLength int `dsn:"digits" example:"6"`
	// Expiry is how long a code is asked about, 1 to 10 minutes. The operator may end it
	// sooner. Defaults to 10m.
	Expiry time.Duration `dsn:"expiry" default:"10m" example:"5m"`

	// References keep the ids of pending codes. Defaults to a memory of this process.
	References references.References `json:"-"`
	// Keys seal what is kept: 32 bytes each, the same in every process that shares the
	// place. To change keys, put the new one last in every process, then first, and
	// drop the old one after 10 minutes. Required unless the place is the memory of
	// this process.
	Keys [][]byte `json:"-" dsn:"key" example:"env:CAMARA_REFERENCES_KEY"`

	// BaseURL replaces https:// and APIRoot, by an emulator or a proxy. Plain http is
	// accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("camara.Config{[hidden]}")) }

var rootRule = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*/?$`)

// withDefaults fills in what is left out, and checks what driver does not.
func (cfg Config) withDefaults() (Config, error) {
	cfg.Message, cfg.Version = cmp.Or(cfg.Message, defaultMessage), cmp.Or(cfg.Version, "v1")
	cfg.BaseURL = cmp.Or(cfg.BaseURL, "https://"+cfg.APIRoot)
	cfg.TokenScope, cfg.Expiry = cmp.Or(cfg.TokenScope, defaultScope), cmp.Or(cfg.Expiry, maxExpiry)
	err := driver.Invalid(vendor,
		driver.If(cfg.ClientID == "", "ClientID is missing"),
		driver.If((cfg.ClientSecret == "") == (len(cfg.PrivateKey) == 0), "give either PrivateKey or ClientSecret"),
		driver.If(!rootRule.MatchString(cfg.APIRoot), "APIRoot must be the operator's host, with a path if need be, and without https://"),
		driver.If(cfg.TokenURL == "", "TokenURL is missing: it is the token_endpoint of the operator's OpenID configuration"),
		driver.If(!isMessage(cfg.Message), "Message "+messageRule),
		driver.If(cfg.CodeLength != 0 && (cfg.CodeLength < minDigits || cfg.CodeLength > maxDigits), "CodeLength must be 4 to 10"),
		driver.If(cfg.Expiry < minExpiry || cfg.Expiry > maxExpiry, "Expiry must be 1 to 10 minutes"),
		driver.If(!driver.IsID(cfg.Version, maxVersion), "Version must be 1 to 16 of [A-Za-z0-9_-]"),
	)
	if strings.HasPrefix(cfg.TokenURL, "/") {
		cfg.TokenURL = hostOf(cfg.BaseURL) + cfg.TokenURL
	}
	return cfg, err
}

// hostOf returns a URL without its path.
func hostOf(base string) string {
	scheme, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// isMessage knows a template. A brace that is none of the operator's is a misspelled
// label, which a person would read instead of the code. Whether an operator takes a
// line feed is not documented.
func isMessage(s string) bool {
	rest := strings.Replace(s, "{{code}}", "", 1)
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxMessage && rest != s &&
		!strings.ContainsAny(rest, "{}") && !strings.ContainsFunc(s, unicode.IsControl)
}

// oauth2 says how the application proves who it is:
// https://github.com/camaraproject/IdentityAndConsentManagement, Client Authentication.
func (cfg Config) oauth2() (*driver.OAuth2, error) {
	o := &driver.OAuth2{
		URL: cfg.TokenURL, ID: cfg.ClientID, Secret: cfg.ClientSecret, Scope: cfg.TokenScope,
		Detail: "check ClientID, the key or the secret, TokenURL and the purpose in TokenScope",
	}
	if len(cfg.PrivateKey) == 0 {
		return o, nil
	}
	key, err := driver.NewRS256(cfg.PrivateKey, cfg.KeyID)
	if err != nil {
		return nil, errors.New("PrivateKey cannot be used: " + err.Error())
	}
	o.Key = key
	return o, nil
}

// A Client is a [verify.Verifier] over one operator. It is safe for concurrent use.
type Client struct {
	driver.Base
	cfg    Config // without secrets
	secret []byte // of correlators
	api    driver.API
}

var _ verify.Verifier = (*Client)(nil)
var _ verify.Prober = (*Client)(nil)
var _ verify.Warmer = (*Client)(nil)

// New checks cfg and makes a client. It does no I/O. Its errors name the field
// at fault and never its value.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	// An operator's own test wants a used code to be refused. Once keeps the promise
	// where one does not.
	refs, err := driver.NewReferences(driver.ReferencesConfig{
		Store: cfg.References, Keys: cfg.Keys, Account: cfg.ClientID + "@" + cfg.APIRoot, TTL: cfg.Expiry, Once: true,
	})
	if err != nil {
		return nil, fmt.Errorf("camara: %w", err)
	}
	oauth2, err := cfg.oauth2()
	if err != nil {
		return nil, fmt.Errorf("camara: %w", err)
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: cfg.BaseURL, Client: cfg.HTTPClient, OAuth2: oauth2, RequestID: correlatorHeader, ReadError: readError,
	})
	if err != nil {
		return nil, fmt.Errorf("camara: %w", err)
	}
	cfg.Keys, cfg.PrivateKey, cfg.ClientSecret = nil, nil, ""
	c := &Client{cfg: cfg, secret: make([]byte, 32)}
	_, _ = rand.Read(c.secret) // never fails
	c.api = driver.API{
		Client: client, Capabilities: cfg.capabilities(), References: refs, CheckOnce: true,
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: c.newCheck, ReadCheck: c.readCheck,
	}
	c.Base = driver.NewBase("Client", client, c.api.Capabilities)
	return c, nil
}

func (cfg Config) capabilities() verify.Capabilities {
	return verify.Capabilities{
		Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}, Letters: true,
		MinDigits: cfg.CodeLength, MaxDigits: cfg.CodeLength, DefaultDigits: cfg.CodeLength,
	}
}

// Send has the operator make and deliver a code. It ends the code of an earlier Send to
// the same number. A number that is not the operator's is [verify.ErrInvalidRecipient]
// with Elsewhere, and nothing is sent.
func (c *Client) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks the operator whether code is right. Only an answer of 204 to our own
// request is a yes, and only the first.
func (c *Client) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Probe asks for a new access token, and then for the check of an empty body, which is
// nobody's attempt: an operator that knows the token and the address answers that the
// body is wrong. Whether a message is delivered only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	if err := c.api.Client.ProbeToken(ctx); err != nil {
		return err
	}
	sent, echo := correlator(), ""
	call := driver.Call{Route: c.route(checkRoute), JSON: []byte("{}"), Header: map[string]string{correlatorHeader: sent}}
	err := c.api.Probe(ctx, call, func(e *verify.Error) bool {
		echo = e.RequestID
		return e.HTTPStatus == http.StatusBadRequest && e.VendorCode == "INVALID_ARGUMENT"
	}, "a check without a code was answered: check APIRoot and Version")
	if err == nil && echo != sent {
		return c.api.Client.Failed("probe", driver.Reply{Status: http.StatusBadRequest, Requests: 1}, driver.Failure{
			Outcome: verify.ErrRejected, Detail: withoutCorrelator + ", so no code would be approved",
		})
	}
	return err
}

type messageOption string

// WithMessage replaces Config.Message in one Send, in the person's language perhaps. The
// same rules hold. It must not hold what a person typed.
func WithMessage(template string) verify.SendOption {
	return verify.VendorOption(vendor, messageOption(template))
}
