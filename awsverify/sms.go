package awsverify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// The calls and their limits, in characters where they are no times:
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
// and https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendVoiceMessage.html.
const (
	targets           = "PinpointSMSVoiceV2."
	maxText, maxVoice = 1600, 3000
	minTTL, maxTTL    = 5 * time.Second, 72 * time.Hour
)

// An SMSConfig says who sends through AWS End User Messaging SMS, and how.
//
// # In the console
//
//  1. Open https://console.aws.amazon.com/sms-voice/ in the place of AWS that you send
//     from, which is Region, and request a phone number, a sender ID or a pool. Its id is
//     From (https://docs.aws.amazon.com/sms-voice/latest/userguide/phone-numbers.html).
//     Register it where a country asks for it, as the United States and India do.
//  2. A new account is in the sandbox, which sends to verified numbers only. Ask for
//     production access and for a spend limit
//     (https://docs.aws.amazon.com/sms-voice/latest/userguide/sandbox.html).
//  3. Make a protect configuration that allows the countries you send to, and give its id
//     as ProtectConfiguration, or make it the account's default
//     (https://docs.aws.amazon.com/sms-voice/latest/userguide/protect.html).
//  4. Allow sms-voice:SendTextMessage, and sms-voice:SendVoiceMessage for calls, to the
//     role that your program has, or to a user whose access key is AccessKeyID.
type SMSConfig struct {
	// Account says who sends.
	Account Account `dsn:",inline"`

	// From is who sends texts: a number in E.164 form, a sender ID, or the id or ARN of
	// either or of a pool. Defaults to what AWS chooses of the account's.
	From string `dsn:"from" example:"pool-a1b2c3d4"`
	// VoiceFrom is who makes calls: a number in E.164 form, or the id or ARN of one or of
	// a pool. Without it there are no calls.
	VoiceFrom string `dsn:"voice_from" example:"+15017122661"`
	// Voice is the voice of Amazon Polly that reads calls, in whose language texts should
	// be. Defaults to MATTHEW, who speaks English.
	Voice string `dsn:"voice" default:"MATTHEW" example:"NAJA"`

	// ConfigurationSet is the name or the ARN of a configuration set, to whose event
	// destinations AWS tells what becomes of each message. Defaults to none.
	ConfigurationSet string `dsn:"configuration_set" example:"codes"`
	// ProtectConfiguration is the id of a protect configuration. Defaults to the
	// account's.
	ProtectConfiguration string `dsn:"protect_configuration" example:"protect-a1b2c3d4"`
	// MaxPrice is what a text, or a minute of a call, may cost in US dollars. What costs
	// more is not sent. Defaults to no limit.
	MaxPrice string `dsn:"max_price" example:"0.10"`
	// INEntityID is the id of the entity that is registered in India, with INTemplateID.
	INEntityID string `dsn:"in_entity_id" example:"1101456324675322134"`
	// INTemplateID is the id of the template that is registered in India, with which the
	// text must agree to the letter.
	INTemplateID string `dsn:"in_template_id" example:"1107161513287163110"`

	// BaseURL replaces https://sms-voice.REGION.amazonaws.com, for an emulator, a FIPS or a
	// VPC endpoint. Plain http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of an SMSConfig out of every print.
func (SMSConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("awsverify.SMSConfig{[hidden]}"))
}

// Shapes: https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html.
var (
	identityRule = regexp.MustCompile(`^\+?[A-Za-z0-9_:/-]{1,256}$`)
	nameRule     = regexp.MustCompile(`^[A-Za-z0-9_:/-]{1,256}$`)
	priceRule    = regexp.MustCompile(`^[0-9]{1,2}\.[0-9]{1,5}$`)
	voiceRule    = regexp.MustCompile(`^[A-Z]{2,20}$`)
	indiaRule    = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)
)

const (
	identitySays = " must be a number in E.164 form, a sender ID, or the id or ARN of either or of a pool"
	nameSays     = " must be 1 to 256 of [A-Za-z0-9_:/-]"
	priceSays    = "MaxPrice must be US dollars, such as 0.10"
)

// unless reports whether a setting that is given is not of its shape.
func unless(rule *regexp.Regexp, value string) bool { return value != "" && !rule.MatchString(value) }

func (cfg SMSConfig) validate() error {
	return driver.Invalid(vendor, cfg.Account.validate(),
		driver.If(unless(identityRule, cfg.From), "From"+identitySays),
		driver.If(unless(identityRule, cfg.VoiceFrom), "VoiceFrom"+identitySays),
		driver.If(unless(voiceRule, cfg.Voice), "Voice must be one of Amazon Polly's, such as MATTHEW"),
		driver.If(unless(nameRule, cfg.ConfigurationSet), "ConfigurationSet"+nameSays),
		driver.If(unless(nameRule, cfg.ProtectConfiguration), "ProtectConfiguration"+nameSays),
		driver.If(unless(priceRule, cfg.MaxPrice), priceSays),
		india(cfg.INEntityID, cfg.INTemplateID),
	)
}

// country are the ids that India asks for, and india says what is wrong with them.
func country(entity, template string) map[string]string {
	return map[string]string{"IN_ENTITY_ID": entity, "IN_TEMPLATE_ID": template}
}

func india(entity, template string) string {
	return driver.If((entity == "") != (template == "") || unless(indiaRule, entity) || unless(indiaRule, template),
		"INEntityID and INTemplateID must be letters and digits, and go together")
}

// An SMS is an [otp.Messenger] over AWS End User Messaging SMS. It is safe for concurrent
// use.
type SMS struct {
	driver.Base
	cfg    SMSConfig // without the account
	client *driver.Client
}

var (
	_ otp.Messenger = (*SMS)(nil)
	_ verify.Prober = (*SMS)(nil)
	_ verify.Warmer = (*SMS)(nil)
)

// NewSMS checks cfg and makes a messenger. It does no I/O. Its errors name the field at
// fault and never its value.
func NewSMS(cfg SMSConfig) (*SMS, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	client, err := connect(cfg.Account, "sms-voice", cfg.BaseURL, cfg.HTTPClient, readJSONError)
	if err != nil {
		return nil, err
	}
	cfg.Account = Account{}
	offered := verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}}
	if cfg.VoiceFrom != "" {
		offered.Channels = append(offered.Channels, verify.ChannelVoice)
	}
	return &SMS{driver.NewBase("SMS", client, offered), cfg, client}, nil
}

// Deliver has AWS deliver a text, or read it in a call, and returns its id. What AWS could
// not hand off before the code expires is dropped. The message's reference is verify_ref in
// the Context that event destinations are told.
func (c *SMS) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := c.Capabilities().SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	target, body, fault := c.message(m)
	if fault != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: fault}
	}
	reply, err := c.client.Do(ctx, driver.Call{Op: "send", Route: "/", JSON: body, Header: map[string]string{targetHeader: targets + target}})
	if err != nil {
		return "", err
	}
	err = driver.Scan(reply.Body, driver.Field{Key: "MessageId", To: &id, Need: true}, driver.Field{Key: "__type", To: &fault})
	if err == nil && (driver.ReceiptID(id) == "" || fault != "") {
		err = errors.New("the answer names no message")
	}
	if err != nil {
		return "", c.client.Unknown("send", reply, err.Error())
	}
	return id, nil
}

// message writes the call for a message, or says why there is none.
func (c *SMS) message(m otp.Message) (target string, body []byte, fault string) {
	call := map[string]any{
		"DestinationPhoneNumber": m.To, "MessageBody": m.Text,
		"ConfigurationSetName": c.cfg.ConfigurationSet, "ProtectConfigurationId": c.cfg.ProtectConfiguration,
	}
	if m.TTL > 0 { // else it is AWS's choice
		call["TimeToLive"] = int(min(max(m.TTL, minTTL), maxTTL) / time.Second)
	}
	if m.Ref != "" {
		call["Context"] = map[string]string{"verify_ref": m.Ref}
	}
	switch length := utf8.RuneCountInString(m.Text); {
	case m.Channel == verify.ChannelVoice && c.cfg.VoiceFrom == "":
		return "", nil, "calls need VoiceFrom"
	case m.Channel == verify.ChannelVoice && length > maxVoice:
		return "", nil, "the text is longer than 3000 characters"
	case m.Channel == verify.ChannelVoice:
		target = "SendVoiceMessage"
		call["OriginationIdentity"], call["VoiceId"], call["MaxPricePerMinute"] = c.cfg.VoiceFrom, c.cfg.Voice, c.cfg.MaxPrice
	case m.Channel != verify.ChannelSMS:
		return "", nil, "messages go by sms and voice only"
	case length > maxText:
		return "", nil, "the text is longer than 1600 characters"
	default:
		target = "SendTextMessage"
		call["OriginationIdentity"], call["MessageType"], call["MaxPrice"] = c.cfg.From, "TRANSACTIONAL", c.cfg.MaxPrice
		if c.cfg.INEntityID != "" {
			call["DestinationCountryParameters"] = country(c.cfg.INEntityID, c.cfg.INTemplateID)
		}
	}
	maps.DeleteFunc(call, func(_ string, value any) bool { return value == "" })
	body, _ = json.Marshal(call) // strings and numbers always marshal
	return target, body, ""
}

// Probe asks for a text that lacks everything, which AWS refuses as such if the
// credentials are good and permitted to send. It sends nothing. Whether From is accepted,
// the account is out of the sandbox and the budget suffices, only a message can tell.
func (c *SMS) Probe(ctx context.Context) error {
	call := driver.Call{Route: "/", JSON: []byte("{}"), Header: map[string]string{targetHeader: targets + "SendTextMessage"}}
	return probe(ctx, c.client, c.Capabilities(), call)
}

// probe makes a call that lacks everything.
func probe(ctx context.Context, client *driver.Client, offered verify.Capabilities, call driver.Call) error {
	api := driver.API{Client: client, Capabilities: offered}
	return api.Probe(ctx, call, func(e *verify.Error) bool {
		refused := e.Outcome == verify.ErrRejected || e.Outcome == verify.ErrInvalidRecipient
		return e.HTTPStatus == http.StatusBadRequest && refused && e.VendorCode != ""
	}, "a call that lacks everything was accepted")
}
