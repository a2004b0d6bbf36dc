package vendors

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
)

// A messagingSettings is a messenger and the engine over it.
type messagingSettings struct {
	twilio.MessagingConfig
	engine engine
}

var messagingVendor = vendor[messagingSettings]{
	scheme: "twilio-sms",
	doc: "Twilio Programmable Messaging, which delivers text: codes are made and checked here, and kept in `store`. Give either `auth_token`, or " +
		"`api_key_sid` and `api_key_secret`; and `from`, `messaging_service_sid` or both.",
	user: "account_sid", pass: "auth_token",
	make:      openMessaging,
	messenger: openMessagingMessenger,
	engine:    engineSettings(func(c *messagingSettings) *engine { return &c.engine }),
	settings: []setting[messagingSettings]{{
		key: "account_sid", required: true, example: "AC00000000000000000000000000000000",
		doc: "The account: `AC` and 32 hexadecimal digits.",
		set: intoText(func(c *messagingSettings) *string { return &c.AccountSID }),
	}, {
		key: "auth_token", fallback: "none", example: "env:TWILIO_AUTH_TOKEN",
		doc: "The account's token.",
		set: intoText(func(c *messagingSettings) *string { return &c.AuthToken }),
	}, {
		key: "api_key_sid", fallback: "none", example: "SK00000000000000000000000000000000",
		doc: "An API key: `SK` and 32 hexadecimal digits. It is good in one region only.",
		set: intoText(func(c *messagingSettings) *string { return &c.APIKeySID }),
	}, {
		key: "api_key_secret", fallback: "none", example: "file:/run/secrets/twilio",
		doc: "The API key's secret.",
		set: intoText(func(c *messagingSettings) *string { return &c.APIKeySecret }),
	}, {
		key: "from", fallback: "chosen by the Messaging Service", example: "+15017122661",
		doc: "Who sends: a number of the account, a short code, or a name.",
		set: intoText(func(c *messagingSettings) *string { return &c.From }),
	}, {
		key: "messaging_service_sid", fallback: "none", example: "MG00000000000000000000000000000000",
		doc: "A Messaging Service, which chooses who sends.",
		set: intoText(func(c *messagingSettings) *string { return &c.MessagingServiceSID }),
	}, {
		key: "region", fallback: "none", example: "ie1",
		doc: "Twilio's region. Goes without `base_url`.",
		set: intoText(func(c *messagingSettings) *string { return &c.Region }),
	}, {
		key: "edge", fallback: "none", example: "dublin",
		doc: "Twilio's edge. Goes without `base_url`.",
		set: intoText(func(c *messagingSettings) *string { return &c.Edge }),
	}, {
		key: "base_url", fallback: "https://api.twilio.com", example: "http://127.0.0.1:4011",
		doc: "Another host, for an emulator or a proxy. Plain http for loopback and for hosts without dots.",
		set: intoText(func(c *messagingSettings) *string { return &c.BaseURL }),
	}},
}

func openMessagingMessenger(c messagingSettings, o options) (otp.Messenger, error) {
	c.HTTPClient = o.client
	messenger, err := twilio.NewMessaging(c.MessagingConfig)
	if err != nil {
		return nil, err
	}
	return messenger, nil
}

func openMessaging(c messagingSettings, o options) (verify.Verifier, error) {
	messenger, err := openMessagingMessenger(c, o)
	if err != nil {
		return nil, err
	}
	return c.engine.over(messenger, []any{messenger}, o)
}
