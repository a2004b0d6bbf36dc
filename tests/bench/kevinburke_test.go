//go:build peers

package bench

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/kevinburke/rest/restclient"
	"github.com/kevinburke/twilio-go"
)

// Behind a tag, since it takes a compiler longer than all others together.
func init() {
	callers["kevinburke"] = func(_ testing.TB, r road) caller {
		c := twilio.NewVerifyClient(account, token, &http.Client{
			Timeout:   30*time.Second + 500*time.Millisecond,
			Transport: &restclient.Transport{RoundTripper: r.plain(), Debug: restclient.DefaultTransport.Debug},
		})
		if r.address != "" {
			c.Base = r.base()
		}
		return caller{
			send: func(ctx context.Context) error {
				v, err := c.Verifications.Create(ctx, service, url.Values{"To": {phone}, "Channel": {"sms"}})
				if err != nil {
					return err
				}
				return is(v.Status, "pending")
			},
			check: func(ctx context.Context) error {
				v, err := c.Verifications.Check(ctx, service, url.Values{"To": {phone}, "Code": {typed}})
				if err != nil {
					return err
				}
				return is(v.Status, "approved")
			},
		}
	}
}
