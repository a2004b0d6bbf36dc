package bench

import (
	"context"
	"net/http"
	"testing"

	"github.com/go2fa/verify/twilio"
)

func init() {
	callers["ours"] = func(b testing.TB, r road) caller {
		cfg := twilio.Config{
			AccountSID: account, AuthToken: token, Service: twilio.Service{SID: service}, BaseURL: r.base(),
		}
		if r.transport != nil {
			cfg.HTTPClient = &http.Client{Transport: r.transport}
		}
		client, err := twilio.New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		return caller{
			send: func(ctx context.Context) error {
				_, err := client.Send(ctx, phone)
				return err
			},
			check: func(ctx context.Context) error { return client.Check(ctx, phone, typed) },
		}
	}
}
