package vendors

import (
	"errors"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
)

// A bandwidthSettings holds what auth= says as well.
type bandwidthSettings struct {
	bandwidth.Config
	auth string // empty: as the credentials say
}

var bandwidthVendor = vendor[bandwidthSettings]{
	scheme: "bandwidth",
	doc:    "Bandwidth MFA. Give either `client_id` and `client_secret`, or `username` and `password`.",
	user:   "client_id", pass: "client_secret", host: "account_id",
	basic: true, make: openBandwidth,
	settings: []setting[bandwidthSettings]{{
		key: "account_id", required: true, example: "9900000",
		doc: "The account.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.AccountID }),
	}, {
		key: "client_id", fallback: "none", example: "env:BANDWIDTH_CLIENT_ID",
		doc: "An API credential that may use MFA.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.ClientID }),
	}, {
		key: "client_secret", fallback: "none", example: "file:/run/secrets/bandwidth",
		doc: "The credential's secret.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.ClientSecret }),
	}, {
		key: "username", fallback: "none", example: "env:BANDWIDTH_USERNAME",
		doc: "An API user. Bandwidth ends them on 2026-12-02.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.Username }),
	}, {
		key: "password", fallback: "none", example: "env:BANDWIDTH_PASSWORD",
		doc: "The API user's password.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.Password }),
	}, {
		key: "auth", fallback: "as the keys that are given have it", example: "oauth",
		doc: "`basic` takes what stands in front of the `@` for `username` and `password`. Never from `env:` or `file:`.",
		set: func(c *bandwidthSettings, _, value string) error {
			if value != "oauth" && value != "basic" {
				return errors.New("must be oauth or basic")
			}
			c.auth = value
			return nil
		},
	}, {
		key: "sms_app", fallback: "no sms", example: "sms-application",
		doc: "The application for messages. One of `sms_app` and `voice_app` is required.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.SMSApplicationID }),
	}, {
		key: "voice_app", fallback: "no voice", example: "voice-application",
		doc: "The application for calls.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.VoiceApplicationID }),
	}, {
		key: "from", required: true, example: "+15017122661",
		doc: "The number that messages and calls come from.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.From }),
	}, {
		key: "message", fallback: "Your {NAME} code is {CODE}", example: "Code:%20{CODE}",
		doc: "What a person reads or hears, with `{CODE}` once; `{NAME}` and `{SCOPE}` may stand in it.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.Message }),
	}, {
		key: "expiry", fallback: "10m", example: "5m",
		doc: "How old a code may be at the check: whole minutes from `1m` to `10m`.",
		set: intoTime(func(c *bandwidthSettings) *time.Duration { return &c.Expiry }),
	}, {
		key: "callback_url", fallback: "none", example: "https://app.example.com/status",
		doc: "Is told what became of each message.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.CallbackURL }),
	}, {
		key: "token_url", fallback: "that of `base_url`", example: "https://api.bandwidth.com/api/v1/oauth2/token",
		doc: "Where tokens come from.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.TokenURL }),
	}, {
		key: "base_url", fallback: "https://mfa.bandwidth.com/api/v1", example: "http://127.0.0.1:4012",
		doc: "Another host, for an emulator or a proxy. Plain http for loopback and for hosts without dots.",
		set: intoText(func(c *bandwidthSettings) *string { return &c.BaseURL }),
	}},
}

func openBandwidth(c bandwidthSettings, o options) (verify.Verifier, error) {
	switch {
	case c.auth == "oauth" && c.Username != "":
		return nil, errors.New("bandwidth: auth=oauth goes with client_id and client_secret")
	case c.auth == "basic" && c.ClientID != "":
		return nil, errors.New("bandwidth: auth=basic goes with username and password")
	}
	c.HTTPClient = o.client
	client, err := bandwidth.New(c.Config)
	if err != nil {
		return nil, err
	}
	return client, nil
}
