package vendors

import (
	"errors"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/twilio"
)

var twilioVendor = vendor[twilio.Config]{
	scheme: "twilio",
	doc:    "Twilio Verify v2. Give either `account_sid` and `auth_token`, or `api_key_sid` and `api_key_secret`.",
	user:   "account_sid", pass: "auth_token", host: "service_sid",
	make: openTwilio,
	settings: []setting[twilio.Config]{{
		key: "account_sid", fallback: "none", example: "AC00000000000000000000000000000000",
		doc: "The account: `AC` and 32 hexadecimal digits.",
		set: intoText(func(c *twilio.Config) *string { return &c.AccountSID }),
	}, {
		key: "auth_token", fallback: "none", example: "env:TWILIO_AUTH_TOKEN",
		doc: "The account's token.",
		set: intoText(func(c *twilio.Config) *string { return &c.AuthToken }),
	}, {
		key: "api_key_sid", fallback: "none", example: "SK00000000000000000000000000000000",
		doc: "An API key: `SK` and 32 hexadecimal digits. It is good in one region only.",
		set: intoText(func(c *twilio.Config) *string { return &c.APIKeySID }),
	}, {
		key: "api_key_secret", fallback: "none", example: "file:/run/secrets/twilio",
		doc: "The API key's secret.",
		set: intoText(func(c *twilio.Config) *string { return &c.APIKeySecret }),
	}, {
		key: "service_sid", required: true, example: "VA00000000000000000000000000000000",
		doc: "The Verify Service of the empty scope: `VA` and 32 hexadecimal digits.",
		set: intoText(func(c *twilio.Config) *string { return &c.Service.SID }),
	}, {
		key: "digits", fallback: "6", example: "8",
		doc: "The code length of that Service, as set up in its console: 4 to 10.",
		set: intoNumber(func(c *twilio.Config) *int { return &c.Service.CodeLength }),
	}, {
		key: "psd2", fallback: "false", example: "true",
		doc: "`true` if that Service binds codes to an amount and a payee.",
		set: intoFlag(func(c *twilio.Config) *bool { return &c.Service.PSD2 }),
	}, {
		key: "scope.NAME", also: "scope.NAME.sid", fallback: "none", example: "VA00000000000000000000000000000001",
		doc: "The Service of the scope NAME, one of its own for each scope.",
		set: scoped(intoText(func(s *twilio.Service) *string { return &s.SID })),
	}, {
		key: "scope.NAME.digits", fallback: "6", example: "8",
		doc: "The code length of that Service.",
		set: scoped(intoNumber(func(s *twilio.Service) *int { return &s.CodeLength })),
	}, {
		key: "scope.NAME.psd2", fallback: "false", example: "true",
		doc: "`true` if that Service binds codes to an amount and a payee.",
		set: scoped(intoFlag(func(s *twilio.Service) *bool { return &s.PSD2 })),
	}, {
		key: "region", fallback: "none", example: "ie1",
		doc: "Twilio's region. Goes without `base_url`.",
		set: intoText(func(c *twilio.Config) *string { return &c.Region }),
	}, {
		key: "edge", fallback: "none", example: "dublin",
		doc: "Twilio's edge. Goes without `base_url`.",
		set: intoText(func(c *twilio.Config) *string { return &c.Edge }),
	}, {
		key: "base_url", fallback: "https://verify.twilio.com", example: "http://127.0.0.1:4011",
		doc: "Another host, for an emulator or a proxy. Plain http for loopback and for hosts without dots.",
		set: intoText(func(c *twilio.Config) *string { return &c.BaseURL }),
	}},
}

// scoped lands a value in the Service of a scope.
func scoped(set func(*twilio.Service, string, string) error) func(*twilio.Config, string, string) error {
	return func(c *twilio.Config, name, value string) error {
		if c.Scopes == nil {
			c.Scopes = map[string]twilio.Service{}
		}
		s := c.Scopes[name]
		err := set(&s, name, value)
		c.Scopes[name] = s
		return err
	}
}

func openTwilio(c twilio.Config, o options) (verify.Verifier, error) {
	for _, s := range c.Scopes {
		if s.SID == "" {
			return nil, errors.New("twilio: scope.NAME.digits and scope.NAME.psd2 need scope.NAME as well")
		}
	}
	c.HTTPClient = o.client
	client, err := twilio.New(c)
	if err != nil {
		return nil, err
	}
	return client, nil
}
