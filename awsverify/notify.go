package awsverify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

// The calls: https://docs.aws.amazon.com/goto/WebAPI/endusermessaging-2026-09-21/SendNotifyCodeVerification
// and https://docs.aws.amazon.com/goto/WebAPI/endusermessaging-2026-09-21/ValidateNotifyCodeVerification.
const (
	sendRoute  = "/v1/notify-code-verifications/send"
	checkRoute = "/v1/notify-code-verifications/validate"
)

const (
	minDigits, maxDigits, usualDigits = 4, 8, 6
	maxAttempts, usualAttempts        = 5, 3
	maxExpiry                         = 10 * time.Minute // NIST SP 800-63B-4 section 3.1.3.2
	maxScope                          = 64
)

// A NotifyConfig says who sends through AWS End User Messaging Notify, and what a code is
// like. Give CodeConfiguration, Template or NotifyTemplate.
//
// # In the console
//
//  1. Open https://console.aws.amazon.com/end-user-messaging/ in the place of AWS that you
//     send from, which is Region, and create a Notify configuration, which sends by
//     identities of AWS's. Its id, or that of a number, a sender ID or a pool of yours, is
//     From, and VoiceFrom for calls
//     (https://docs.aws.amazon.com/end-user-messaging/latest/userguide/nx-notify-get-set-up-create.html).
//  2. Under Notify, Code configurations, create one with a template for each channel. Its
//     id is CodeConfiguration
//     (https://docs.aws.amazon.com/end-user-messaging/latest/userguide/nx-notify-get-set-up-policy.html).
//     How long a code is and lives, and how many wrong ones are taken, each Send says.
//  3. Allow end-user-messaging:SendNotifyCodeVerification and
//     end-user-messaging:ValidateNotifyCodeVerification to the role that your program has,
//     or to a user whose access key is AccessKeyID.
type NotifyConfig struct {
	// Account says who sends.
	Account Account `dsn:",inline"`

	// From is who sends texts: a Notify configuration, a number, a sender ID, a pool or an
	// RCS agent, by its id or ARN. Without it there is no sms.
	From string `dsn:"from" example:"nc-1234567890abcdef0"`
	// VoiceFrom is who makes calls. Without it there are no calls.
	VoiceFrom string `dsn:"voice_from" example:"nc-1234567890abcdef0"`
	// CodeConfiguration is the id or the ARN of a notify code configuration, whose
	// templates are used.
	CodeConfiguration string `dsn:"code_configuration" example:"ncc-abc12345678901234"`
	// Template is what a person reads or hears in place of the configuration's: in one
	// line, with {{code}} once.
	Template string `dsn:"template" example:"Your%20Acme%20code%20is%20{{code}}."`
	// NotifyTemplate is the id of a template of AWS's, for a Notify configuration.
	NotifyTemplate string `dsn:"notify_template" example:"notify-code-verification-english-001"`

	// CodeLength is how long codes are, 4 to 8 digits. Defaults to 6.
	CodeLength int `dsn:"digits" default:"6" example:"8"`
	// Expiry is how long a code works, 1 to 10 whole minutes. Defaults to 10 minutes.
	Expiry time.Duration `dsn:"expiry" default:"10m" example:"5m"`
	// MaxAttempts is how many codes may be tried, 1 to 5. Defaults to 3.
	MaxAttempts int `dsn:"max_attempts" default:"3" example:"5"`

	// ConfigurationSet is the name of a configuration set, to whose event destinations AWS
	// tells what becomes of each message. Defaults to none.
	ConfigurationSet string `dsn:"configuration_set" example:"codes"`
	// INEntityID is the id of the entity that is registered in India, with INTemplateID.
	INEntityID string `dsn:"in_entity_id" example:"1101456324675322134"`
	// INTemplateID is the id of the template that is registered in India, with which the
	// text must agree to the letter.
	INTemplateID string `dsn:"in_template_id" example:"1107161513287163110"`

	// References keep what is pending, so that a code is good once. Defaults to a memory of
	// this process: several need a place that they share.
	References references.References `json:"-"`
	// Keys seal what is kept: 32 bytes each, the same in every process that shares the
	// place. To change keys, put the new one last in every process, then first, and
	// drop the old one after 10 minutes. Required unless the place is the memory of
	// this process.
	Keys [][]byte `json:"-" dsn:"key" example:"env:AWS_REFERENCES_KEY"`
	// Stateless keeps nothing, for programs that share no place. Whether a code is good
	// once, and a code that was never sent, is then up to AWS, which does not document it.
	Stateless bool `dsn:"stateless" example:"true"`

	// BaseURL replaces https://end-user-messaging.REGION.amazonaws.com, for an emulator, a
	// FIPS or a VPC endpoint. Plain http is accepted for loopback and for hosts without
	// dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of a NotifyConfig out of every print.
func (NotifyConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("awsverify.NotifyConfig{[hidden]}"))
}

// withDefaults fills in what is left out, and checks what driver does not.
func (cfg NotifyConfig) withDefaults() (NotifyConfig, error) {
	cfg.CodeLength, cfg.Expiry = cmp.Or(cfg.CodeLength, usualDigits), cmp.Or(cfg.Expiry, maxExpiry)
	cfg.MaxAttempts = cmp.Or(cfg.MaxAttempts, usualAttempts)
	return cfg, driver.Invalid(vendor, cfg.Account.validate(),
		driver.If(cfg.From == "" && cfg.VoiceFrom == "", "give From, VoiceFrom or both"),
		driver.If(unless(identityRule, cfg.From), "From"+identitySays),
		driver.If(unless(identityRule, cfg.VoiceFrom), "VoiceFrom"+identitySays),
		driver.If(cfg.CodeConfiguration == "" && cfg.Template == "" && cfg.NotifyTemplate == "", "give CodeConfiguration, Template or NotifyTemplate"),
		driver.If(unless(nameRule, cfg.CodeConfiguration), "CodeConfiguration"+nameSays),
		driver.If(cfg.Template != "" && !isTemplate(cfg.Template), "Template must be at most 1600 characters in one line, with {{code}} once and no other braces"),
		driver.If(unless(nameRule, cfg.NotifyTemplate), "NotifyTemplate"+nameSays),
		driver.If(cfg.CodeLength < minDigits || cfg.CodeLength > maxDigits, "CodeLength must be 4 to 8"),
		driver.If(cfg.Expiry < time.Minute || cfg.Expiry > maxExpiry || cfg.Expiry%time.Minute != 0, "Expiry must be 1 to 10 whole minutes"),
		driver.If(cfg.MaxAttempts < 1 || cfg.MaxAttempts > maxAttempts, "MaxAttempts must be 1 to 5"),
		driver.If(unless(nameRule, cfg.ConfigurationSet), "ConfigurationSet"+nameSays),
		india(cfg.INEntityID, cfg.INTemplateID),
		driver.If(cfg.Stateless && (cfg.References != nil || len(cfg.Keys) > 0), "Stateless keeps nothing: leave out References and Keys"),
	)
}

// isTemplate knows a template. The label is that of AWS's own example:
// https://docs.aws.amazon.com/goto/SdkForKotlin/endusermessaging-2026-09-21/CreateNotifyCodeConfiguration.
func isTemplate(s string) bool {
	rest := strings.Replace(s, "{{code}}", "", 1)
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxText && rest != s &&
		!strings.ContainsAny(rest, "{}") && !strings.ContainsFunc(s, unicode.IsControl)
}

// A Notify is a [verify.Verifier] over AWS End User Messaging Notify, which makes and
// checks the code. It is safe for concurrent use.
//
// A scope is the referenceId of AWS: a code is checked only in the scope of its send. A
// wrong code, an expired one and one too many are one answer, which is
// verify.ErrMismatch: offer "send again" with it. A check is never repeated after its
// answer was lost, since AWS may count a second attempt. AWS documents neither that a
// used code is refused nor what a second send does to the first code, so a code counts
// once here, and no more after another send: see NotifyConfig.References.
type Notify struct {
	driver.Base
	cfg NotifyConfig // without secrets
	api driver.API
}

var (
	_ verify.Verifier = (*Notify)(nil)
	_ verify.Prober   = (*Notify)(nil)
	_ verify.Warmer   = (*Notify)(nil)
)

// NewNotify checks cfg and makes a client. It does no I/O. Its errors name the field at
// fault and never its value.
func NewNotify(cfg NotifyConfig) (*Notify, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	var refs *driver.References
	if !cfg.Stateless {
		refs, err = driver.NewReferences(driver.ReferencesConfig{
			Store: cfg.References, Keys: cfg.Keys, TTL: cfg.Expiry, Once: true, ByRecipient: true,
			Account: cfg.Account.region() + " " + cfg.From + " " + cfg.VoiceFrom,
		})
		if err != nil {
			return nil, fmt.Errorf("aws: %w", err)
		}
	}
	client, err := connect(cfg.Account, "end-user-messaging", cfg.BaseURL, cfg.HTTPClient, readJSONError)
	if err != nil {
		return nil, err
	}
	cfg.Account, cfg.Keys = Account{}, nil
	c := &Notify{cfg: cfg}
	c.api = driver.API{
		Client: client, Capabilities: cfg.capabilities(), References: refs, CheckOnce: true,
		NewSend: c.newSend, ReadSend: c.readSend, NewCheck: newCheck, ReadCheck: readCheck,
	}
	c.Base = driver.NewBase("Notify", client, c.api.Capabilities)
	return c, nil
}

func (cfg NotifyConfig) capabilities() verify.Capabilities {
	offered := verify.Capabilities{
		Vendor: vendor, MinDigits: minDigits, MaxDigits: maxDigits, DefaultDigits: cfg.CodeLength, MaxScope: maxScope,
	}
	if cfg.From != "" {
		offered.Channels = append(offered.Channels, verify.ChannelSMS)
	}
	if cfg.VoiceFrom != "" {
		offered.Channels = append(offered.Channels, verify.ChannelVoice)
	}
	return offered
}

// Send has AWS make and deliver a code.
func (c *Notify) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	return c.api.Send(ctx, to, opts...)
}

// Check asks AWS whether code is right. Only VALID is a yes, and only the first.
func (c *Notify) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	return c.api.Check(ctx, to, code, opts...)
}

// Probe asks for the check of an empty body: it names no number, so it is nobody's
// attempt. That the request is not valid is the answer hoped for, since only good
// credentials get it. Whether From is accepted only a Send can tell.
func (c *Notify) Probe(ctx context.Context) error {
	return probe(ctx, c.api.Client, c.api.Capabilities, driver.Call{Route: checkRoute, JSON: []byte("{}")})
}

// A sending is SendNotifyCodeVerification.
type sending struct {
	Channel       string           `json:"channel"`
	To            string           `json:"destinationIdentity"`
	From          string           `json:"originationIdentity"`
	Configuration string           `json:"notifyCodeConfiguration,omitempty"`
	Reference     string           `json:"referenceId"`
	Policy        policy           `json:"overrideCodeConfigurationParameters"`
	Templates     *channelTemplate `json:"overrideChannelParameters,omitempty"`
	Set           string           `json:"configurationSetName,omitempty"`
}

// A policy is told with each Send, whatever the configuration says, so that the receipt is
// true.
type policy struct {
	Length   int    `json:"codeLength"`
	Type     string `json:"codeType"`
	Attempts int    `json:"maxAttempts"`
	Minutes  int    `json:"validityPeriodMinutes"`
}

type channelTemplate struct {
	Text   *inline `json:"text,omitempty"`
	Voice  *inline `json:"voice,omitempty"`
	Notify *own    `json:"notify,omitempty"`
}

type inline struct {
	Body    string            `json:"inlineTemplateBody,omitempty"`
	Country map[string]string `json:"destinationCountryParameters,omitempty"`
}

type own struct {
	ID string `json:"notifyTemplateId"`
}

func (c *Notify) newSend(send driver.Send) (driver.Call, error) {
	s := sending{
		Channel: "TEXT", To: send.To, From: c.cfg.From, Configuration: c.cfg.CodeConfiguration, Reference: referenceOf(send.Scope),
		Policy:    policy{send.Digits, "NUMERIC", c.cfg.MaxAttempts, int(c.cfg.Expiry / time.Minute)},
		Templates: c.cfg.templates(send.Channel), Set: c.cfg.ConfigurationSet,
	}
	if send.Channel == verify.ChannelVoice {
		s.Channel, s.From = "VOICE", c.cfg.VoiceFrom
	}
	body, err := json.Marshal(&s)
	return driver.Call{Route: sendRoute, JSON: body}, err
}

// templates are what a person gets in place of the configuration's, or nothing.
func (cfg NotifyConfig) templates(channel verify.Channel) *channelTemplate {
	var t channelTemplate
	if cfg.NotifyTemplate != "" {
		t.Notify = &own{cfg.NotifyTemplate}
	}
	switch {
	case channel == verify.ChannelVoice && cfg.Template != "":
		t.Voice = &inline{Body: cfg.Template}
	case channel == verify.ChannelSMS && cfg.INEntityID != "":
		t.Text = &inline{cfg.Template, country(cfg.INEntityID, cfg.INTemplateID)}
	case channel == verify.ChannelSMS && cfg.Template != "":
		t.Text = &inline{Body: cfg.Template}
	}
	if t == (channelTemplate{}) {
		return nil
	}
	return &t
}

// referenceOf writes a scope in the letters of a referenceId, [A-Za-z0-9_-], no two alike.
// The empty scope has one as well: whether a check without any finds codes of every
// reference is not documented.
func referenceOf(scope string) string {
	if scope == "" {
		return "verify"
	}
	return "verify-" + strings.NewReplacer("_", "__", ".", "_d", ":", "_c").Replace(scope)
}

func (c *Notify) readSend(_ driver.Send, reply driver.Reply) (verify.Receipt, error) {
	var message, verification string
	err := driver.Scan(reply.Body,
		driver.Field{Key: "messageId", To: &message, Need: true}, driver.Field{Key: "verificationId", To: &verification, Need: true})
	id := cmp.Or(driver.ReceiptID(message), driver.ReceiptID(verification))
	if err == nil && (id == "" || verification == "") {
		err = errors.New("the answer names no message")
	}
	return verify.Receipt{ID: id, ExpiresAt: reply.Began.Add(c.cfg.Expiry)}, err
}

func newCheck(check driver.Check) (driver.Call, error) {
	body, err := json.Marshal(struct {
		Code      string `json:"code"`
		To        string `json:"destinationIdentity"`
		Reference string `json:"referenceId"`
	}{check.Code, check.To, referenceOf(check.Scope)})
	return driver.Call{Route: checkRoute, JSON: body}, err
}

// readCheck knows two answers. Nobody is named.
func readCheck(_ driver.Check, reply driver.Reply) (driver.Verdict, error) {
	var status, fault string
	if err := driver.Scan(reply.Body, driver.Field{Key: "status", To: &status, Need: true}, driver.Field{Key: "__type", To: &fault}); err != nil {
		return driver.Verdict{}, err
	}
	switch status {
	case "VALID":
		if fault != "" {
			return driver.Verdict{}, errors.New("the answer says VALID and names an error")
		}
		return driver.Approved(""), nil
	case "INVALID":
		return driver.Denied(verify.ErrMismatch), nil
	}
	return driver.Verdict{}, errors.New("the status is neither VALID nor INVALID")
}
