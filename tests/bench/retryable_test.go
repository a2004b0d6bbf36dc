package bench

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/hashicorp/go-retryablehttp"
)

func init() {
	callers["retryablehttp"] = func(_ testing.TB, r road) caller {
		c := retryable{r.base(), retryablehttp.NewClient()}
		c.client.Logger = nil // as everyone must who logs no numbers
		if r.transport != nil {
			c.client.HTTPClient.Transport = r.transport
		}
		return caller{
			send: func(ctx context.Context) error {
				return c.post(ctx, sendPath, url.Values{"To": {phone}, "Channel": {"sms"}}, "pending")
			},
			check: func(ctx context.Context) error {
				return c.post(ctx, checkPath, url.Values{"To": {phone}, "Code": {typed}}, "approved")
			},
		}
	}
}

// A retryable caller is the raw one through go-retryablehttp's own request, at
// its defaults. Those repeat a Send that may have been read.
type retryable struct {
	base   string
	client *retryablehttp.Client
}

func (c retryable) post(ctx context.Context, path string, form url.Values, want string) error {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, c.base+path, []byte(form.Encode()))
	if err != nil {
		return err
	}
	dress(req.Request)
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	return read(resp, want)
}
