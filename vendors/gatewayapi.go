package vendors

import (
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/otp"
)

// A gatewaySettings is a messenger and the engine over it.
type gatewaySettings struct {
	gatewayapi.Config
	engine engine
}

var gatewayVendor = vendor[gatewaySettings]{
	scheme: "gatewayapi",
	doc: "GatewayAPI, which delivers text: codes are made and checked here, and kept in `store`. Give either `token`, or `api_key` and " +
		"`api_secret` with `classic`.",
	user: "token", host: "region",
	make:      openGateway,
	messenger: openGatewayAPI,
	engine:    engineSettings(func(c *gatewaySettings) *engine { return &c.engine }),
	settings: []setting[gatewaySettings]{{
		key: "token", fallback: "none", example: "env:GATEWAYAPI_TOKEN",
		doc: "An API token, good on one platform only.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Token }),
	}, {
		key: "api_key", fallback: "none", example: "env:GATEWAYAPI_KEY",
		doc: "An API key, by which each request is signed (OAuth 1.0a).",
		set: intoText(func(c *gatewaySettings) *string { return &c.Key }),
	}, {
		key: "api_secret", fallback: "none", example: "env:GATEWAYAPI_SECRET",
		doc: "The key's secret.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Secret }),
	}, {
		key: "basic", fallback: "false", example: "true",
		doc: "`true` sends the token as the user of HTTP Basic. With `classic`.",
		set: intoFlag(func(c *gatewaySettings) *bool { return &c.Basic }),
	}, {
		key: "region", fallback: "com", example: "eu",
		doc: "The platform of the account: `com` or `eu`.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Region }),
	}, {
		key: "classic", fallback: "false", example: "true",
		doc: "`true` chooses the REST API in place of the Messaging API.",
		set: intoFlag(func(c *gatewaySettings) *bool { return &c.Classic }),
	}, {
		key: "sender", fallback: "none, and required without `classic`", example: "Acme",
		doc: "Who sent the message: at most 11 letters, digits and spaces, or at most 15 digits.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Sender }),
	}, {
		key: "label", fallback: "none", example: "login",
		doc: "Groups messages in GatewayAPI's statistics.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Label }),
	}, {
		key: "priority", fallback: "GatewayAPI's own", example: "urgent",
		doc: "`normal` or `urgent`; with `classic` also `bulk` or `very_urgent`.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Priority }),
	}, {
		key: "class", fallback: "GatewayAPI's own", example: "secret",
		doc: "`standard`, `premium` or `secret`. With `classic`.",
		set: intoText(func(c *gatewaySettings) *string { return &c.Class }),
	}, {
		key: "base_url", fallback: "the host of either API", example: "http://127.0.0.1:4014",
		doc: "Another host, for an emulator or a proxy. Plain http for loopback and for hosts without dots.",
		set: intoText(func(c *gatewaySettings) *string { return &c.BaseURL }),
	}},
}

func openGatewayAPI(c gatewaySettings, o options) (otp.Messenger, error) {
	c.HTTPClient = o.client
	messenger, err := gatewayapi.New(c.Config)
	if err != nil {
		return nil, err
	}
	return messenger, nil
}

func openGateway(c gatewaySettings, o options) (verify.Verifier, error) {
	messenger, err := openGatewayAPI(c, o)
	if err != nil {
		return nil, err
	}
	return c.engine.over(messenger, []any{messenger}, o)
}
