package vendors

import (
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/bandwidth"
)

// noUsers is what to do where a DSN still has a user name.
const noUsers = "is of the past: Bandwidth ended user names and passwords on 2026-12-02. " +
	"Make an API credential that may use MFA, and give its client_id and client_secret"

var bandwidthVendor = vendor[bandwidth.Config]{
	scheme: "bandwidth",
	doc:    "Bandwidth MFA.",
	user:   "client_id", pass: "client_secret", host: "account_id",
	ended: map[string]string{"username": noUsers, "password": noUsers, "auth": noUsers},
	make:  openBandwidth,
	settings: []setting[bandwidth.Config]{{
		key: "account_id", required: true, example: "9900000",
		doc: "The account.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.AccountID }),
	}, {
		key: "client_id", required: true, example: "env:BANDWIDTH_CLIENT_ID",
		doc: "An API credential that may use MFA.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.ClientID }),
	}, {
		key: "client_secret", required: true, example: "file:/run/secrets/bandwidth",
		doc: "The credential's secret.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.ClientSecret }),
	}, {
		key: "sms_app", fallback: "no sms", example: "sms-application",
		doc: "The application for messages. One of `sms_app` and `voice_app` is required.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.SMSApplicationID }),
	}, {
		key: "voice_app", fallback: "no voice", example: "voice-application",
		doc: "The application for calls.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.VoiceApplicationID }),
	}, {
		key: "from", required: true, example: "+15017122661",
		doc: "The number that messages and calls come from.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.From }),
	}, {
		key: "message", fallback: "Your {NAME} code is {CODE}", example: "Code:%20{CODE}",
		doc: "What a person reads or hears, with `{CODE}` once; `{NAME}` and `{SCOPE}` may stand in it.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.Message }),
	}, {
		key: "expiry", fallback: "10m", example: "5m",
		doc: "How old a code may be at the check: whole minutes from `1m` to `10m`.",
		set: intoTime(func(c *bandwidth.Config) *time.Duration { return &c.Expiry }),
	}, {
		key: "callback_url", fallback: "none", example: "https://app.example.com/status",
		doc: "Is told what became of each message.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.CallbackURL }),
	}, {
		key: "token_url", fallback: "that of `base_url`", example: "https://api.bandwidth.com/api/v1/oauth2/token",
		doc: "Where tokens come from.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.TokenURL }),
	}, {
		key: "base_url", fallback: "https://mfa.bandwidth.com/api/v1", example: "http://127.0.0.1:4012",
		doc: "Another host, for an emulator or a proxy. Plain http for loopback and for hosts without dots.",
		set: intoText(func(c *bandwidth.Config) *string { return &c.BaseURL }),
	}},
}

func openBandwidth(c bandwidth.Config, o options) (verify.Verifier, error) {
	c.HTTPClient = o.client
	client, err := bandwidth.New(c)
	if err != nil {
		return nil, err
	}
	return client, nil
}
