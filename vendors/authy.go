package vendors

import (
	"errors"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
)

// An authySettings is one of Authy's two products.
type authySettings struct {
	authy.Config
	product string
}

var authyVendor = vendor[authySettings]{
	scheme: "authy",
	doc: "Authy, a legacy API: use Twilio Verify for what is new. `phone` verifies a number; `users` knows registered people, by a directory " +
		"that only `vendors.WithDirectory` can hand in.",
	user: "api_key", host: "product",
	make: openAuthy,
	settings: []setting[authySettings]{{
		key: "api_key", required: true, example: "env:AUTHY_API_KEY",
		doc: "The application's key.",
		set: intoText(func(c *authySettings) *string { return &c.APIKey }),
	}, {
		key: "product", required: true, example: "phone",
		doc: "`phone` or `users`.",
		set: func(c *authySettings, _, value string) error {
			if value != "phone" && value != "users" {
				return errors.New("must be phone or users")
			}
			c.product = value
			return nil
		},
	}, {
		key: "digits", fallback: "6; `users`: 7", example: "8",
		doc: "What `phone` asks for, or the setting of the application for `users`: 6 to 10.",
		set: intoNumber(func(c *authySettings) *int { return &c.Digits }),
	}, {
		key: "force_sms", fallback: "false", example: "true",
		doc: "`true` sends to a person who has the app as well. For `users`.",
		set: intoFlag(func(c *authySettings) *bool { return &c.ForceSMS }),
	}, {
		key: "action.NAME", fallback: "none", example: "log%20in",
		doc: "What the code is for in the scope NAME, in the words that the person reads. For `users`.",
		set: func(c *authySettings, name, value string) error {
			if c.ActionMessages == nil {
				c.ActionMessages = map[string]string{}
			}
			c.ActionMessages[name] = value
			return nil
		},
	}, {
		key: "callback_url", fallback: "none", example: "https://app.example.com/authy",
		doc: "Where Authy sends callbacks, exactly as in its console. For `users`.",
		set: intoText(func(c *authySettings) *string { return &c.CallbackURL }),
	}, {
		key: "base_url", fallback: "https://api.authy.com", example: "http://127.0.0.1:4013",
		doc: "Another host, for an emulator or a proxy. Plain http for loopback and for hosts without dots.",
		set: intoText(func(c *authySettings) *string { return &c.BaseURL }),
	}},
}

func openAuthy(c authySettings, o options) (verify.Verifier, error) {
	c.HTTPClient = o.client
	if c.product == "phone" {
		client, err := authy.NewPhone(c.Config)
		if err != nil {
			return nil, err
		}
		return client, nil
	}
	if o.directory == nil {
		return nil, errors.New("authy: users need vendors.WithDirectory: a directory in memory would know nobody")
	}
	c.Directory = o.directory
	client, err := authy.NewUsers(c.Config)
	if err != nil {
		return nil, err
	}
	return client, nil
}
