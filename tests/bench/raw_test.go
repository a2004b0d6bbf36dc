package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func init() {
	callers["raw"] = func(_ testing.TB, r road) caller { return newRaw(r, r.wide()) }
	callers["raw-plain"] = func(_ testing.TB, r road) caller { return newRaw(r, r.plain()) }
}

// A raw caller is the floor: net/http and encoding/json as a careful application
// uses them for these two calls, without retries, typed errors or redaction.
type raw struct {
	base   string
	client http.Client
}

func newRaw(r road, t http.RoundTripper) caller {
	c := &raw{r.base(), http.Client{Transport: t}}
	return caller{
		send: func(ctx context.Context) error {
			return c.post(ctx, sendPath, url.Values{"To": {phone}, "Channel": {"sms"}}, "pending")
		},
		check: func(ctx context.Context) error {
			return c.post(ctx, checkPath, url.Values{"To": {phone}, "Code": {typed}}, "approved")
		},
	}
}

func (c *raw) post(ctx context.Context, path string, form url.Values, want string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	dress(req)
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	return read(resp, want)
}

func dress(req *http.Request) {
	req.SetBasicAuth(account, token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
}

// A verification is what a careful application reads of the answer.
type verification struct {
	SID    string `json:"sid"`
	Status string `json:"status"`
	Valid  bool   `json:"valid"`
}

// read reads a bounded answer to its end, lest the connection be lost. A Decoder
// in place of Unmarshal would cost a fifth more.
func read(resp *http.Response, want string) error {
	defer func() {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	var v verification
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return is(v.Status, want)
}

func is(status, want string) error {
	if status != want {
		return fmt.Errorf("it is %q", status)
	}
	return nil
}
