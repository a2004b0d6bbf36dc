// Package authy sends and checks codes through the legacy Authy API, for
// applications that still have users there.
//
// # Legacy
//
// Use package twilio, over Twilio Verify, for anything new; docs/migrate-authy.md
// shows how to move. Twilio has closed the Authy API to new customers and ended
// its support for SMS and voice alone in November 2022. Who used the app's codes
// or push before March 2023 is still served, until an end whose date is not told
// (https://www.twilio.com/docs/authy/api). Phone verification, which is Verify v1,
// is no longer sold (https://www.twilio.com/docs/verify/api/v1/verification).
//
// # Two products
//
// [Users] knows people that were registered once, by SMS, by call, by the codes
// of the Authy app, and by a push to that app (OneTouch):
//
//	users, err := authy.NewUsers(authy.Config{APIKey: os.Getenv("AUTHY_API_KEY"), Directory: mine})
//	err = users.Register(ctx, "a@example.com", "+15005550006") // once for each person
//	receipt, err := users.Send(ctx, "+15005550006")
//	err = users.Check(ctx, "+15005550006", typed)
//
// [Phone] proves a phone number of anybody, by SMS and by call:
//
//	phone, err := authy.NewPhone(authy.Config{APIKey: os.Getenv("AUTHY_API_KEY")})
//
// # Scopes
//
// A scope is Authy's action, and only Users have it. A code for an action is
// good for that action alone (https://www.twilio.com/docs/authy/api/one-time-passwords).
// The codes of the app know no action, so a Send in a scope is always forced to
// SMS or a call. Whether Authy takes a code of the app at a Check in a scope is
// not documented.
//
// # The URL holds the code
//
// Authy takes the code, and a Phone's number too, in the URL of a check. Errors
// and logs of this package never show a URL, but what instruments
// Config.HTTPClient may, as otelhttp does in url.full: have it leave the URL out.
//
// # Limits
//
// A person with the app is not sent an SMS unless it is forced: then the
// receipt says [verify.ChannelApp]. Authy does not tell how long a code of Users
// lives, nor how many attempts it allows; a code of Phone lives 10 minutes, and
// a second Send within that time repeats it.
package authy

import (
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const (
	vendor  = "authy"
	baseURL = "https://api.authy.com"
)

// connect makes the road that both products share.
func connect(cfg Config) (*driver.Client, error) {
	base := cfg.BaseURL
	if base == "" {
		base = baseURL
	}
	c, err := driver.New(driver.Config{
		Vendor:    vendor,
		BaseURL:   base,
		Client:    cfg.HTTPClient,
		Header:    map[string]string{"X-Authy-API-Key": cfg.APIKey},
		ReadError: refused,
	})
	if err != nil {
		return nil, fmt.Errorf("authy: %w", err)
	}
	return c, nil
}

func unsupported(op, detail string) error { return refuse(op, verify.ErrUnsupported, detail) }

// refuse is the error of a call that made no request.
func refuse(op string, kind verify.Outcome, detail string) error {
	return &verify.Error{Vendor: vendor, Op: op, Outcome: kind, Detail: detail}
}
